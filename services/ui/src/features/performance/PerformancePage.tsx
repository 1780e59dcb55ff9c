/** `/performance-monitoring`: what the operators open in the morning. The address says what it shows. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { serverNow_s } from "../../api/clock";
import { sessionQuery } from "../../api/queries";
import { formatExact } from "../../format";
import { AppBar } from "../../shell/AppBar";
import { useShortcuts } from "../../shell/shortcuts";
import { strings } from "../../strings";
import { NoticeBanner } from "../health/NoticeBanner";
import { isWaiting, noticesFor } from "../health/notices";
import { StatusGrid } from "../health/StatusGrid";
import { useSituation } from "../health/useSituation";
import { OPEN_HOSTS_EVENT } from "../hosts/HostPicker";
import { PasswordNotice } from "../session/PasswordNotice";
import { Cards } from "./Cards";
import { ChartGrid } from "./ChartGrid";
import { useLive } from "./useLive";
import { change, isMoving, RANGE_NAMES, type Range, type ViewSearch, viewOf } from "./view";

const route = getRouteApi("/signed-in/performance-monitoring");
// What opens only on a key or a click is not part of the first load.
const HelpDialog = lazy(() => import("../../shell/HelpDialog").then((module) => ({ default: module.HelpDialog })));
const PasswordDialog = lazy(() =>
  import("../session/PasswordDialog").then((module) => ({ default: module.PasswordDialog })),
);
const TICK_MS = 5_000;
type Open = "help" | "password" | null;

export function PerformancePage() {
  const search = route.useSearch();
  const view = useMemo(() => viewOf(search), [search]);
  const moving = isMoving(view);
  const now_s = useNow(moving);
  const actions = useViewActions(search);
  const channel = useLive(view.hosts, view.range, moving);
  const situation = useSituation();
  const { data: session } = useQuery(sessionQuery);
  const [open, setOpen] = useState<Open>(null);
  useEffect(() => {
    document.title = `${strings.pages.performance} · ${strings.product}`;
  }, []);
  useShortcuts({
    "?": () => setOpen("help"),
    "g p": actions.home,
    l: actions.pause,
    " ": actions.pause,
    z: actions.back,
    h: () => window.dispatchEvent(new Event(OPEN_HOSTS_EVENT)),
    ...Object.fromEntries(RANGE_NAMES.map((range, index) => [String(index + 1), () => actions.range(range)])),
  });
  return (
    <>
      <a className="skip-link" href="#content">
        {strings.skipToContent}
      </a>
      <AppBar
        view={view}
        channel={channel}
        waiting={isWaiting(situation)}
        now_s={now_s}
        actions={actions}
        onPassword={() => setOpen("password")}
        onHelp={() => setOpen("help")}
      />
      <main id="content" className="page" tabIndex={-1}>
        <h1 className="visually-hidden">{strings.pages.performanceTitle}</h1>
        <p className="print-only">{strings.print(strings.bar.rangeNames[view.range], formatExact(now_s))}</p>
        {session?.must_change_password && <PasswordNotice onChoose={() => setOpen("password")} />}
        <NoticeBanner notices={noticesFor(situation)} />
        <div className="board">
          <Cards hosts={view.hosts} paused={view.paused_s !== null} />
          <StatusGrid
            situation={situation}
            selected={view.hosts}
            onPick={(host) => actions.toggleHost(host, view.hosts)}
          />
          <ChartGrid view={view} now_s={now_s} onZoom={actions.zoom} onBack={actions.back} />
        </div>
      </main>
      <Suspense>
        {open === "help" && <HelpDialog onClose={() => setOpen(null)} />}
        {open === "password" && <PasswordDialog user={session?.user.name ?? ""} onClose={() => setOpen(null)} />}
      </Suspense>
    </>
  );
}

/** Everything that changes the view does so through the address. */
export interface ViewActions {
  range(range: Range): void;
  hosts(hosts: readonly string[]): void;
  toggleHost(host: string, selected: readonly string[]): void;
  zoom(from_s: number, to_s: number): void;
  back(): void;
  pause(): void;
  home(): void;
}

function useViewActions(search: ViewSearch): ViewActions {
  const navigate = route.useNavigate();
  const go = (next: ViewSearch): void => void navigate({ search: next, resetScroll: false });
  return {
    range: (range) => go(change.range(search, range)),
    hosts: (hosts) => go(change.hosts(search, hosts)),
    toggleHost: (host, selected) =>
      go(change.hosts(search, selected.includes(host) ? selected.filter((one) => one !== host) : [...selected, host])),
    zoom: (from_s, to_s) => go(change.zoom(search, from_s, to_s)),
    back: () => search.from !== undefined && go(change.back(search)),
    pause: () => go(change.pause(search, serverNow_s())),
    home: () => go({}),
  };
}

/** The server's now, moved on while the page moves. */
function useNow(moving: boolean): number {
  const [now_s, setNow] = useState(serverNow_s);
  useEffect(() => {
    setNow(serverNow_s());
    if (!moving) return;
    const timer = setInterval(() => setNow(serverNow_s()), TICK_MS);
    return () => clearInterval(timer);
  }, [moving]);
  return now_s;
}

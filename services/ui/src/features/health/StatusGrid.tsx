/** The state of every part of Watchkeeper and of every host: what is wrong stands first and stands out. */
import type { ReactNode } from "react";
import type { Host, Hosts, Part, PartStatus } from "../../api/types";
import { formatDuration, formatExact, formatValue, formatWhen, secondsOf } from "../../format";
import { strings } from "../../strings";
import { CopyCommand } from "../../ui/CopyCommand";
import { Mark, type MarkKind } from "../../ui/Mark";
import type { Situation } from "./notices";

const words = strings.status;
const PART_MARKS: Record<PartStatus, MarkKind> = {
  ok: "ok",
  degraded: "warning",
  down: "critical",
  unknown: "unknown",
};
const HOST_MARKS = { reporting: "ok", late: "warning", silent: "critical" } as const;
const PART_ORDER: Record<PartStatus, number> = { down: 0, degraded: 1, unknown: 2, ok: 3 };
const HOST_ORDER = { silent: 0, late: 1, reporting: 2 } as const;

export interface StatusGridProps {
  situation: Situation;
  selected: readonly string[];
  onPick(host: string): void;
}

export function StatusGrid({ situation, selected, onPick }: StatusGridProps) {
  const { health, hosts, now_s } = situation;
  return (
    <section className="panel status-panel" aria-labelledby="status-title">
      <h2 id="status-title">{words.title}</h2>
      <HostRows hosts={hosts} selected={selected} onPick={onPick} />
      <PartRows title={words.services} kind="service" parts={health?.parts ?? null} now_s={now_s} />
      <PartRows title={words.engines} kind="engine" parts={health?.parts ?? null} now_s={now_s} />
    </section>
  );
}

function PartRows({
  title,
  kind,
  parts,
  now_s,
}: {
  title: string;
  kind: Part["kind"];
  parts: readonly Part[] | null;
  now_s: number;
}) {
  const shown = (parts ?? [])
    .filter((part) => part.kind === kind)
    .sort((a, b) => PART_ORDER[a.status] - PART_ORDER[b.status]);
  if (parts !== null && shown.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      {parts === null ? (
        <SkeletonRows count={3} />
      ) : (
        <ul>
          {shown.map((part) => {
            const since = secondsOf(part.since);
            return (
              <Row
                key={part.name}
                mark={PART_MARKS[part.status]}
                name={part.name}
                state={words.states[part.status]}
                loud={part.status !== "ok"}
                title={part.detail}
                side={
                  part.status === "ok"
                    ? part.latency_s === null
                      ? ""
                      : formatValue(part.latency_s, "s")
                    : since === null
                      ? ""
                      : words.since(formatWhen(since, now_s))
                }
              />
            );
          })}
        </ul>
      )}
    </>
  );
}

function HostRows({
  hosts,
  selected,
  onPick,
}: {
  hosts: Hosts | null;
  selected: readonly string[];
  onPick(host: string): void;
}) {
  const list = [...(hosts?.hosts ?? [])].sort(
    (a, b) => HOST_ORDER[a.state] - HOST_ORDER[b.state] || a.name.localeCompare(b.name),
  );
  return (
    <>
      <h3>
        {strings.hosts.title}
        {hosts && list.length > 0 && (
          <span className="muted status-counts">
            {strings.hosts.counts(hosts.counts.reporting, hosts.counts.late, hosts.counts.silent)}
          </span>
        )}
      </h3>
      {hosts === null && <SkeletonRows count={1} />}
      {hosts !== null && list.length === 0 && (
        <div className="status-empty">
          <p>{strings.hosts.emptyHint}</p>
          <CopyCommand command={strings.hosts.emptyCommand} />
        </div>
      )}
      <ul className="host-rows">
        {list.map((host) => (
          <HostRow key={host.id} host={host} picked={selected.includes(host.id)} onPick={onPick} />
        ))}
      </ul>
    </>
  );
}

function HostRow({ host, picked, onPick }: { host: Host; picked: boolean; onPick(host: string): void }) {
  const seen_s = secondsOf(host.last_seen);
  const age = strings.cards.age(formatDuration(host.age_s));
  return (
    <Row
      mark={host.state === "silent" && !host.expected ? "unknown" : HOST_MARKS[host.state]}
      name={
        <button
          type="button"
          className="link-button"
          aria-pressed={picked}
          title={host.id}
          onClick={() => onPick(host.id)}
        >
          {host.name}
        </button>
      }
      state={strings.hosts.states[host.state]}
      loud={host.state !== "reporting" && host.expected}
      title={seen_s === null ? "" : formatExact(seen_s)}
      side={age}
    />
  );
}

interface RowProps {
  mark: MarkKind;
  name: ReactNode;
  state: string;
  loud: boolean;
  title: string;
  side: string;
}

function Row({ mark, name, state, loud, title, side }: RowProps) {
  return (
    <li className={loud ? `status-row is-loud loud-${mark}` : "status-row"} title={title || undefined}>
      <Mark kind={mark} size={14} />
      <span className="status-name">{name}</span>
      <span className="status-state">{state}</span>
      <span className="status-side">{side}</span>
    </li>
  );
}

function SkeletonRows({ count }: { count: number }) {
  return (
    <ul aria-hidden="true">
      {Array.from({ length: count }, (_, index) => index).map((index) => (
        <li key={index} className="status-row">
          <span className="skeleton skeleton-row" />
        </li>
      ))}
    </ul>
  );
}

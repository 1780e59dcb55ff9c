/** The charts: one window, one crosshair, one palette for all of them. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { hostsQuery, summaryQuery } from "../../api/queries";
import { hostColours } from "../../charts/model";
import { usePalette } from "../../charts/palette";
import { strings } from "../../strings";
import { useChartHeight } from "../../ui/media";
import { CHARTS } from "./charts";
import { HistoryChart } from "./HistoryChart";
import { type View, windowOf } from "./view";

const DEFAULT_INTERVAL_S = 10;
const LONGEST_INTERVAL_S = 300;

export interface ChartGridProps {
  view: View;
  now_s: number;
  onZoom(from_s: number, to_s: number): void;
  onBack(): void;
}

export function ChartGrid({ view, now_s, onZoom, onBack }: ChartGridProps) {
  const hosts = useQuery(hostsQuery).data?.hosts;
  const threshold = useQuery(summaryQuery(view.hosts)).data?.response_time.threshold ?? null;
  const palette = usePalette();
  const height = useChartHeight();
  const known =
    hosts
      ?.map((host) => `${host.first_seen}\n${host.id}`)
      .sort()
      .join("\n\n") ?? "";
  const shown = view.hosts.join("\n");
  const colours = useMemo(() => {
    const ids = known === "" ? [] : known.split("\n\n").map((entry) => entry.slice(entry.indexOf("\n") + 1));
    return hostColours(ids, shown === "" ? [] : shown.split("\n"));
  }, [known, shown]);
  const interval_s = longestInterval(
    hosts?.filter((host) => view.hosts.length === 0 || view.hosts.includes(host.id)) ?? [],
  );
  const span = windowOf(view, now_s);
  return (
    <section className="charts" aria-label={strings.charts.label}>
      {CHARTS.map((entry) => (
        <HistoryChart
          key={entry.type}
          entry={entry}
          view={view}
          window={span}
          colours={colours}
          palette={palette}
          interval_s={interval_s}
          height={height}
          threshold={entry.threshold ? threshold : null}
          onZoom={onZoom}
          onBack={onBack}
        />
      ))}
    </section>
  );
}

function longestInterval(hosts: readonly { interval_s: number | null }[]): number {
  const intervals = hosts.map((host) => host.interval_s ?? DEFAULT_INTERVAL_S);
  return Math.min(LONGEST_INTERVAL_S, Math.max(DEFAULT_INTERVAL_S, ...intervals));
}

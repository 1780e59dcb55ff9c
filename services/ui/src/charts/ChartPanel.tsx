/**
 * A chart with its title, the values under the crosshair, and every state that it can be in: loading, drawn, empty,
 * stale, failed. The panel has its final size from the start, so nothing on the page moves when data arrive.
 */
import { useId, useState } from "react";
import { formatClock, formatExact, formatValue, formatWhen } from "../format";
import { strings } from "../strings";
import { Icon } from "../ui/Icon";
import { ChartLegend, isNamed } from "./ChartLegend";
import { ChartTip } from "./ChartTip";
import { DataTable } from "./DataTable";
import { useChartKeys } from "./keys";
import { type ChartModel, gapTolerance_s, latestOf, newestTime } from "./model";
import type { Palette } from "./palette";
import { TimeChart } from "./TimeChart";

/** What the panel knows about its data beside the data themselves. */
export interface ChartStatus {
  readonly failed: boolean;
  readonly loadedAt_s: number | null;
}

export interface ChartPanelProps {
  title: string;
  model: ChartModel | null;
  status: ChartStatus;
  palette: Palette;
  window: { from_s: number; to_s: number };
  /** The longest of the hosts' intervals: it decides what is a gap and what is stale. */
  interval_s: number;
  /** Whether the window ends now; only then can data be stale. */
  moving: boolean;
  height: number;
  threshold: number | null;
  onZoom(from_s: number, to_s: number): void;
  onBack(): void;
}

export function ChartPanel(props: ChartPanelProps) {
  const { title, model, status, palette, window: span, interval_s, moving, height } = props;
  const [asTable, setAsTable] = useState(false);
  const titleId = useId();
  const onKeyDown = useChartKeys(model, span, {
    onTable: () => setAsTable(!asTable),
    onZoom: props.onZoom,
    onBack: props.onBack,
  });
  const newest = model ? newestTime(model) : null;
  const drawable = model !== null && newest !== null;
  const tolerance_s = gapTolerance_s(model?.step_s ?? interval_s, interval_s);
  const stale = moving && newest !== null && span.to_s - newest > tolerance_s + STALE_GRACE_S;
  return (
    <section className={stale ? "panel chart-panel is-stale" : "panel chart-panel"} aria-labelledby={titleId}>
      <header className="chart-head">
        <h3 id={titleId}>{title}</h3>
        {drawable && <ChartLegend model={model} palette={palette} threshold={props.threshold} />}
        <button
          type="button"
          className="button-quiet button-square chart-toggle"
          aria-pressed={asTable}
          aria-label={`${title}: ${asTable ? strings.charts.chart : strings.charts.table}`}
          title={asTable ? strings.charts.chart : strings.charts.table}
          disabled={!drawable}
          onClick={() => setAsTable(!asTable)}
        >
          <Icon name={asTable ? "line" : "table"} size={16} />
        </button>
      </header>
      <ChartNote status={status} stale={stale} newest_s={newest} now_s={span.to_s} drawable={drawable} />
      <div
        className="chart-body"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the crosshair here
        tabIndex={0}
        aria-label={describe(title, model)}
        onKeyDown={onKeyDown}
        onDoubleClick={props.onBack}
      >
        {!drawable && (
          <ChartPlaceholder loading={model === null && !status.failed} failed={status.failed} moving={moving} />
        )}
        {drawable && asTable && <DataTable title={title} model={model} height={height} />}
        {drawable && !asTable && (
          <TimeChart
            model={model}
            palette={palette}
            height={height}
            live={{ window: span, tolerance_s, threshold: props.threshold }}
            onZoom={props.onZoom}
          />
        )}
        {drawable && !asTable && !isNamed(model) && <ChartTip model={model} palette={palette} window={span} />}
      </div>
    </section>
  );
}

/** A value travels for a moment before it is drawn; that is not yet staleness. */
const STALE_GRACE_S = 20;

interface NoteProps {
  status: ChartStatus;
  stale: boolean;
  newest_s: number | null;
  now_s: number;
  drawable: boolean;
}

function ChartNote({ status, stale, newest_s, now_s, drawable }: NoteProps) {
  if (status.failed && drawable && status.loadedAt_s !== null) {
    return (
      <p className="chart-note" title={formatExact(status.loadedAt_s)}>
        {strings.charts.failedKept(formatClock(status.loadedAt_s))}
      </p>
    );
  }
  if (!stale || newest_s === null) return null;
  return (
    <p className="chart-note" title={formatExact(newest_s)}>
      {strings.charts.stale(formatWhen(newest_s, now_s, true))}
    </p>
  );
}

function ChartPlaceholder({ loading, failed, moving }: { loading: boolean; failed: boolean; moving: boolean }) {
  if (loading) return <div className="chart-plot skeleton" aria-hidden="true" />;
  return (
    <div className="chart-plot chart-empty">
      <p>{failed ? strings.charts.failed : strings.charts.emptyTitle}</p>
      {!failed && <p className="muted">{moving ? strings.charts.emptyHint : strings.charts.emptyFixedHint}</p>}
    </div>
  );
}

function describe(title: string, model: ChartModel | null): string {
  const said = (model?.lines ?? []).map((line) => {
    const latest = model ? latestOf(model, line) : null;
    return strings.charts.latest(line.label, formatValue(latest?.value, model?.unit ?? "1"));
  });
  return strings.charts.summary(title, said.length > 0 ? said.join(", ") : strings.charts.emptyTitle);
}

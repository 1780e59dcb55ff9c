/** All values under the crosshair, for a chart with too many lines to name in its head: the largest first. */
import { formatValue, formatWhen } from "../format";
import { strings } from "../strings";
import { indexAt, useCrosshair } from "./crosshair";
import type { ChartModel } from "./model";
import type { Palette } from "./palette";
import { Swatch } from "./Swatch";

export interface ChartTipProps {
  model: ChartModel;
  palette: Palette;
  window: { from_s: number; to_s: number };
}

export function ChartTip({ model, palette, window: span }: ChartTipProps) {
  const crosshair_s = useCrosshair();
  const index = crosshair_s === null ? -1 : indexAt(model.times_s, crosshair_s, model.step_s);
  const time_s = model.times_s[index];
  if (crosshair_s === null || time_s === undefined) return null;
  const rows = model.lines
    .map((line) => ({ line, value: line.values[index] ?? null }))
    .sort((a, b) => (b.value ?? Number.NEGATIVE_INFINITY) - (a.value ?? Number.NEGATIVE_INFINITY));
  const onLeft = crosshair_s > (span.from_s + span.to_s) / 2;
  return (
    <div className={onLeft ? "chart-tip tip-left" : "chart-tip tip-right"} aria-hidden="true">
      <p className="muted">{formatWhen(time_s, model.times_s.at(-1) ?? time_s, model.step_s < 60)}</p>
      <ul>
        {rows.map(({ line, value }) => (
          <li key={line.label}>
            <Swatch colour={palette.series[line.colour] ?? palette.text} dashed={line.dashed} />
            <span className="legend-name">{line.label}</span>
            <span className="legend-value">{formatValue(value, model.unit)}</span>
          </li>
        ))}
      </ul>
      {model.rest && <p className="muted">{strings.charts.rest(model.rest.count)}</p>}
    </div>
  );
}

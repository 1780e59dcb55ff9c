/** The names of a chart's lines with their values: under the crosshair while there is one, otherwise the latest. */
import { formatValue, formatWhen } from "../format";
import { strings } from "../strings";
import { indexAt, useCrosshair } from "./crosshair";
import { type ChartModel, type DrawnLine, latestOf } from "./model";
import type { Palette } from "./palette";
import { Swatch } from "./Swatch";

/** More lines than these are named beside the crosshair instead: their names would not fit in the head. */
const NAMED_MAX = 4;

/** Whether a chart's lines are named in its head. */
export function isNamed(model: ChartModel): boolean {
  return model.lines.length <= NAMED_MAX && model.rest === null;
}

export interface LegendProps {
  model: ChartModel;
  palette: Palette;
  threshold: number | null;
}

export function ChartLegend({ model, palette, threshold }: LegendProps) {
  const crosshair_s = useCrosshair();
  const index = crosshair_s === null ? -1 : indexAt(model.times_s, crosshair_s, model.step_s);
  const named = isNamed(model);
  const time_s = model.times_s[index];
  const valueAt = (line: DrawnLine): number | null =>
    index >= 0 ? (line.values[index] ?? null) : (latestOf(model, line)?.value ?? null);
  return (
    <ul className="chart-legend">
      {time_s !== undefined && (
        <li className="legend-time">
          {formatWhen(time_s, model.times_s[model.times_s.length - 1] ?? time_s, model.step_s < 60)}
        </li>
      )}
      {!named && <li className="legend-name">{strings.charts.lines(model.lines.length + (model.rest?.count ?? 0))}</li>}
      {(named ? model.lines : []).map((line) => (
        <li key={line.label} title={line.label}>
          <Swatch colour={palette.series[line.colour] ?? palette.text} dashed={line.dashed} />
          <span className="legend-name">{line.label}</span>
          <span className="legend-value">{formatValue(valueAt(line), model.unit)}</span>
        </li>
      ))}
      {threshold !== null && (
        <li className="legend-threshold">
          <Swatch colour={palette.muted} dashed={true} />
          <span className="legend-name">{strings.cards.threshold(formatValue(threshold, model.unit))}</span>
        </li>
      )}
    </ul>
  );
}

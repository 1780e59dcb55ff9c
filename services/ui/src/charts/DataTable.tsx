/** The values behind a chart as a table, the newest first. Long series show their latest part and say so. */
import { formatExact, formatOn, formatWhen, scaleFor } from "../format";
import { strings } from "../strings";
import { type ChartModel, largestOf } from "./model";

const ROWS_MAX = 500;

export function DataTable({ title, model, height }: { title: string; model: ChartModel; height: number }) {
  const scale = scaleFor(model.unit, largestOf(model));
  const last = model.times_s[model.times_s.length - 1] ?? 0;
  const first = Math.max(0, model.times_s.length - ROWS_MAX);
  const rows = model.times_s.slice(first).map((time_s, offset) => ({ time_s, index: first + offset }));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="data-table" role="group" aria-label={strings.charts.tableOf(title)} tabIndex={0} style={{ height }}>
      <table>
        {first > 0 && <caption>{strings.charts.tableNote(rows.length, model.times_s.length)}</caption>}
        <thead>
          <tr>
            <th scope="col">{strings.charts.time}</th>
            {model.lines.map((line) => (
              <th scope="col" key={line.label}>
                {line.label} {scale.symbol !== "" && <span className="muted">{scale.symbol}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.reverse().map(({ time_s, index }) => (
            <tr key={time_s}>
              <th scope="row" title={formatExact(time_s)}>
                {formatWhen(time_s, last, model.step_s < 60)}
              </th>
              {model.lines.map((line) => {
                const value = line.values[index] ?? null;
                return <td key={line.label}>{value === null ? strings.unknown : formatOn(scale, value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** From a history to what a chart draws: which lines, in which colour, which gaps. Pure. */
import type { History, HistoryLine } from "../api/types";
import { strings } from "../strings";

/** More lines than this cannot be told apart; the rest becomes a band. */
export const LINES_MAX = 8;
/** With more lines than this, bands would only cover each other. */
const BANDS_MAX = 3;

/** One line as drawn: `colour` counts from 0 in the palette, `dashed` is the second line of a host (outgoing traffic). */
export interface DrawnLine {
  readonly label: string;
  readonly host: string;
  readonly colour: number;
  readonly dashed: boolean;
  readonly values: readonly (number | null)[];
  readonly min: readonly (number | null)[] | null;
  readonly max: readonly (number | null)[] | null;
}

export interface ChartModel {
  readonly unit: string;
  readonly step_s: number;
  readonly times_s: readonly number[];
  readonly lines: readonly DrawnLine[];
  /** What the lines beyond the eighth span together, or null when all are drawn. */
  readonly rest: { count: number; min: (number | null)[]; max: (number | null)[] } | null;
}

/** The model of a chart; `colours` gives each host its place in the palette. */
export function chartModel(history: History, colours: ReadonlyMap<string, number>): ChartModel {
  const ranked = rankLines(history.lines);
  const severalHosts = new Set(history.lines.map((line) => line.host)).size > 1;
  const fine = history.resolution === "raw" && history.step_s <= 15;
  const banded = !fine && history.lines.length <= BANDS_MAX;
  const lines = inReadingOrder(ranked.slice(0, LINES_MAX)).map((line) => ({
    label: labelOf(line, severalHosts),
    host: line.host,
    colour: colours.get(line.host) ?? 0,
    dashed: directionOf(line) === "transmit",
    values: line.values,
    min: banded ? line.min : null,
    max: banded ? line.max : null,
  }));
  return {
    unit: history.unit,
    step_s: history.step_s,
    times_s: history.times_s,
    lines,
    rest: restOf(ranked.slice(LINES_MAX), history.times_s.length),
  };
}

/** The lines with the largest means first: those are the ones worth telling apart. */
function rankLines(lines: readonly HistoryLine[]): HistoryLine[] {
  if (lines.length <= LINES_MAX) return [...lines];
  return [...lines].sort((a, b) => mean(b.values) - mean(a.values));
}

function inReadingOrder(lines: readonly HistoryLine[]): HistoryLine[] {
  return [...lines].sort((a, b) => compare(a.name, b.name) || compare(directionOf(a), directionOf(b)));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function mean(values: readonly (number | null)[]): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value === null) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? Number.NEGATIVE_INFINITY : sum / count;
}

function directionOf(line: HistoryLine): string {
  return line.labels["network.io.direction"] ?? line.labels.direction ?? "";
}

function labelOf(line: HistoryLine, severalHosts: boolean): string {
  const direction = directionOf(line);
  const words = direction === "" ? otherLabels(line) : direction === "transmit" ? strings.charts.transmit : direction;
  const said = words === "receive" ? strings.charts.receive : words;
  if (said === "") return line.name;
  return severalHosts ? `${line.name} ${said}` : said;
}

function otherLabels(line: HistoryLine): string {
  return Object.values(line.labels).join(" ");
}

function restOf(lines: readonly HistoryLine[], length: number): ChartModel["rest"] {
  if (lines.length === 0) return null;
  const min: (number | null)[] = new Array(length).fill(null);
  const max: (number | null)[] = new Array(length).fill(null);
  for (const line of lines) {
    for (let index = 0; index < length; index += 1) {
      const value = line.values[index] ?? null;
      if (value === null) continue;
      min[index] = Math.min(min[index] ?? value, value);
      max[index] = Math.max(max[index] ?? value, value);
    }
  }
  return { count: lines.length, min, max };
}

/**
 * A colour for each host, the same on every chart: its place among all hosts (oldest first), moved to the next free
 * colour when a host that is shown already has it. `all` and `shown` are host ids.
 */
export function hostColours(all: readonly string[], shown: readonly string[]): Map<string, number> {
  const colours = new Map<string, number>();
  const taken = new Set<number>();
  const wanted = shown.length > 0 ? all.filter((host) => shown.includes(host)) : all;
  for (const host of wanted) {
    const place = all.indexOf(host) % LINES_MAX;
    let colour = place;
    while (taken.has(colour) && taken.size < LINES_MAX) colour = (colour + 1) % LINES_MAX;
    taken.add(colour);
    colours.set(host, colour);
  }
  return colours;
}

/** How long a hole may be before it is a gap: jitter of one missed step is none, three in a row are. */
export function gapTolerance_s(step_s: number, interval_s: number): number {
  return Math.max(step_s, interval_s) * 2.5;
}

/** The last value of a line and its time, or null when it has none. */
export function latestOf(model: ChartModel, line: DrawnLine): { value: number; time_s: number } | null {
  for (let index = line.values.length - 1; index >= 0; index -= 1) {
    const value = line.values[index];
    const time_s = model.times_s[index];
    if (value !== null && value !== undefined && time_s !== undefined) return { value, time_s };
  }
  return null;
}

/** The time of the newest value over all lines, or null when there is none. */
export function newestTime(model: ChartModel): number | null {
  const times = model.lines.map((line) => latestOf(model, line)?.time_s ?? null).filter((time) => time !== null);
  return times.length === 0 ? null : Math.max(...times);
}

/** The largest magnitude drawn, for choosing the unit of the axis. */
export function largestOf(model: ChartModel): number {
  let largest = 0;
  const look = (values: readonly (number | null)[] | null | undefined): void => {
    for (const value of values ?? []) if (value !== null && Math.abs(value) > largest) largest = Math.abs(value);
  };
  for (const line of model.lines) look(line.max ?? line.values);
  look(model.rest?.max);
  return largest;
}

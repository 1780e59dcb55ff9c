/** Live values joined to a history that is already drawn. Pure: a history and values in, a new history out. */
import type { History, HistoryLine } from "../api/types";

/** One measured value of one line: the line is found by host and labels. */
export interface LivePoint {
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly time_s: number;
  readonly value: number;
}

/** How far apart collectors measure unless told otherwise; only used to weigh a value against its step's mean. */
const SAMPLE_INTERVAL_S = 10;
/** How many steps behind the last one a late value may still change. */
const RECENT_STEPS = 3;
/** A value further ahead than this comes from a wrong clock, and must not stretch the axis. */
const AHEAD_S = 300;

/**
 * The history with `points` in their steps, its window moved on to `now_s` and what fell out of it dropped.
 * Several values in one step are averaged as they come; the next refresh brings the stored figures.
 * Points more than a few steps old, or for lines that the history does not have, change nothing: the refresh has them.
 */
export function mergePoints(history: History, points: readonly LivePoint[], length_s: number, now_s: number): History {
  const last = history.times_s[history.times_s.length - 1];
  if (last === undefined || history.step_s <= 0) return history;
  const placed = points
    .map((point) => ({ point, step: last + Math.floor((point.time_s - last) / history.step_s) * history.step_s }))
    .filter(
      ({ point, step }) =>
        point.time_s <= now_s + AHEAD_S && step >= last - RECENT_STEPS * history.step_s && lineOf(history, point) >= 0,
    );
  if (placed.length === 0) return history;
  const end = Math.max(last, ...placed.map(({ step }) => step));
  const added = stepsBetween(last, end, history.step_s);
  const drop = countBefore(history.times_s, now_s - length_s - history.step_s);
  const times_s = [...history.times_s.slice(drop), ...added];
  const lines = history.lines.map((line) => extended(line, drop, added.length));
  const merged: History = { ...history, times_s, lines };
  for (const { point, step } of placed) put(merged, point, step);
  return merged;
}

/**
 * Whether a history must be fetched for points that it cannot take: those of a line that it lacks, or of a backlog that
 * a collector sends after an outage, which fills a gap further back.
 */
export function needsFetch(history: History, points: readonly LivePoint[]): boolean {
  const last = history.times_s.at(-1) ?? 0;
  const first = history.times_s[0] ?? 0;
  const oldest = last - RECENT_STEPS * history.step_s;
  return points.some((point) => lineOf(history, point) < 0 || (point.time_s < oldest && point.time_s >= first));
}

function lineOf(history: History, point: LivePoint): number {
  return history.lines.findIndex((line) => line.host === point.host && sameLabels(line.labels, point.labels));
}

/** Whether two label sets are equal. */
export function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function stepsBetween(last: number, end: number, step_s: number): number[] {
  const count = Math.round((end - last) / step_s);
  return Array.from({ length: count }, (_, index) => last + (index + 1) * step_s);
}

function countBefore(times_s: readonly number[], limit: number): number {
  const first = times_s.findIndex((time) => time >= limit);
  return first < 0 ? times_s.length - 1 : first;
}

function extended(line: HistoryLine, drop: number, count: number): HistoryLine {
  const more = new Array<null>(count).fill(null);
  const longer = (values: (number | null)[]): (number | null)[] => [...values.slice(drop), ...more];
  return { ...line, values: longer(line.values), min: longer(line.min), max: longer(line.max) };
}

/** Put one value into its step as a running mean: what the step holds stands for the samples before this one. */
function put(history: History, point: LivePoint, step: number): void {
  const line = history.lines[lineOf(history, point)];
  const index = history.times_s.indexOf(step);
  if (!line || index < 0) return;
  const before = line.values[index] ?? null;
  const count = 1 + Math.floor((point.time_s - step) / SAMPLE_INTERVAL_S);
  line.values[index] = before === null ? point.value : before + (point.value - before) / count;
  line.min[index] = Math.min(line.min[index] ?? point.value, point.value);
  line.max[index] = Math.max(line.max[index] ?? point.value, point.value);
}

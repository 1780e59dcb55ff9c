/** The rules of the axes: amounts from zero, shares from 0 to 100 %, one unit an axis, times that say their day. */
import { formatClock, formatDay, formatOn, type Scale } from "../format";

/** A little above 100 %, so that a line at the very top is drawn in its full width. */
const SHARE_ROOM = 1.02;

/** The span of the value axis: 0–1 for shares, zero to a little above the largest for amounts (below zero if need be). */
export function valueRange(unit: string, smallest: number | null, largest: number | null): [number, number] {
  if (unit === "1") return [0, Math.max(1, largest ?? 1) * SHARE_ROOM];
  const top = largest === null || largest <= 0 ? 0 : largest * 1.08;
  const bottom = smallest === null || smallest >= 0 ? 0 : smallest * 1.08;
  return top === bottom ? [0, 1] : [bottom, top];
}

/** How near to the threshold, as a share of it, values must come before the axis makes room for it. */
const NEAR_THRESHOLD = 0.25;

/** The top of the values, or the threshold where it lies above them and near enough to be worth the room. */
export function withThreshold(largest: number | null, threshold: number | null): number | null {
  if (threshold === null) return largest;
  if (largest === null) return threshold;
  return largest >= threshold * NEAR_THRESHOLD ? Math.max(largest, threshold) : largest;
}

/**
 * Round steps for the value axis in the unit that is written there (1, 2 or 5 times a power of ten of it), so that a
 * tick reads "20 ms" and not "16.7 ms". Whole things (`whole`) have no ticks between them: there is no half user.
 */
export function valueSplits(scale: Scale, bottom: number, top: number, most: number, whole = false): number[] {
  const span = (top - bottom) / scale.factor;
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = [1, 2, 2.5, 5, 10].map((part) => part * power).find((candidate) => candidate >= rough * 0.97) ?? rough;
  const step = whole && scale.factor === 1 ? Math.max(1, Math.ceil(round)) : round;
  const first = Math.ceil(bottom / scale.factor / step);
  const last = Math.floor(top / scale.factor / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step * scale.factor);
}

/** A tick of the value axis; only the topmost carries the unit when it is a long one. */
export function valueTick(scale: Scale, value: number): string {
  const number = formatOn(scale, value);
  return scale.symbol === "" || value === 0 ? number : `${number} ${scale.symbol}`;
}

/** Ticks of the time axis: the clock, and the day where a new one begins or where steps are days. */
export function timeTicks(times_s: readonly number[], step_s: number): string[] {
  return times_s.map((time_s) => {
    const clock = formatClock(time_s, step_s < 60);
    return step_s >= 86_400 || clock === "00:00" ? formatDay(time_s) : clock;
  });
}

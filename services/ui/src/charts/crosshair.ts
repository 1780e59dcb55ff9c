/** The one crosshair of a page: the time under the pointer, shared by every chart and read-out. */
import { useSyncExternalStore } from "react";

let time_s: number | null = null;
const listeners = new Set<() => void>();

/** Move the crosshair, or take it away with null. */
export function setCrosshair(next_s: number | null): void {
  if (next_s === time_s) return;
  time_s = next_s;
  for (const listener of listeners) listener();
}

/** Where the crosshair stands, in seconds since 1970. */
export function getCrosshair(): number | null {
  return time_s;
}

/** Be told of each move; the answer ends it. */
export function subscribeCrosshair(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Where the crosshair stands; the component is drawn again as it moves. */
export function useCrosshair(): number | null {
  return useSyncExternalStore(subscribeCrosshair, getCrosshair);
}

/** The step of a grid nearest to a time, or -1 when the time lies more than a step outside it. Pure. */
export function indexAt(times_s: readonly number[], at_s: number, step_s: number): number {
  const first = times_s[0];
  const last = times_s[times_s.length - 1];
  if (first === undefined || last === undefined || at_s < first - step_s || at_s > last + step_s) return -1;
  let low = 0;
  let high = times_s.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((times_s[middle] as number) <= at_s) low = middle;
    else high = middle;
  }
  return at_s - (times_s[low] as number) <= (times_s[high] as number) - at_s ? low : high;
}

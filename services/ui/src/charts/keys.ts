/** What the keyboard does on a chart: arrows move the crosshair, + zooms in, T shows the table, Escape goes back. */
import type { KeyboardEvent } from "react";
import { getCrosshair, indexAt, setCrosshair } from "./crosshair";
import type { ChartModel } from "./model";

interface Actions {
  onTable(): void;
  onZoom(from_s: number, to_s: number): void;
  onBack(): void;
}

/** Where the crosshair goes for a key, or null where the key moves nothing. Pure. */
export function movedIndex(key: string, index: number, length: number): number | null {
  const last = length - 1;
  if (length === 0) return null;
  switch (key) {
    case "ArrowLeft":
      return index < 0 ? last : Math.max(0, index - 1);
    case "ArrowRight":
      return index < 0 ? last : Math.min(last, index + 1);
    case "PageUp":
      return index < 0 ? last : Math.max(0, index - 10);
    case "PageDown":
      return index < 0 ? last : Math.min(last, index + 10);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/** The middle half of a window around `at_s`, kept inside the window. Pure. */
export function zoomedIn(window: { from_s: number; to_s: number }, at_s: number): [number, number] {
  const half = (window.to_s - window.from_s) / 4;
  const middle = Math.min(window.to_s - half, Math.max(window.from_s + half, at_s));
  return [middle - half, middle + half];
}

export function useChartKeys(model: ChartModel | null, window: { from_s: number; to_s: number }, actions: Actions) {
  return (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || model === null) return;
    const at_s = getCrosshair();
    const index = at_s === null ? -1 : indexAt(model.times_s, at_s, model.step_s);
    const moved = event.target === event.currentTarget ? movedIndex(event.key, index, model.times_s.length) : null;
    if (moved !== null) setCrosshair(model.times_s[moved] ?? null);
    else if (event.key === "t") actions.onTable();
    else if (event.key === "+") actions.onZoom(...zoomedIn(window, at_s ?? window.to_s));
    else if (event.key === "Escape" && at_s !== null) setCrosshair(null);
    else if (event.key === "Escape" || event.key === "-") actions.onBack();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

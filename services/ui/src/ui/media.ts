/** What the screen is like, as far as scripts must know; everything else is the style sheets' business. */
import { useSyncExternalStore } from "react";

const NARROW = "(max-width: 759px)";

/** Whether a media query holds now and as it changes. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => window.matchMedia(query).matches,
  );
}

/** Whether somebody can see the page: not while its tab is in the background. */
export function useVisible(): boolean {
  return useSyncExternalStore(
    (listener) => {
      document.addEventListener("visibilitychange", listener);
      return () => document.removeEventListener("visibilitychange", listener);
    },
    () => document.visibilityState === "visible",
  );
}

/** The height of a chart's canvas; the style sheet's `--chart-height` says the same for what stands in for it. */
export function useChartHeight(): number {
  return useMedia(NARROW) ? 160 : 200;
}

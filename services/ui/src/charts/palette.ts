/** The page's colours as a canvas needs them, read from the tokens for the theme that is showing. */
import { useEffect, useState } from "react";

export interface Palette {
  readonly series: readonly string[];
  readonly muted: string;
  readonly text: string;
  readonly grid: string;
  readonly surface: string;
  readonly unknown: string;
}

const SERIES = [1, 2, 3, 4, 5, 6, 7, 8];

function readPalette(): Palette {
  // A custom property is only resolved where it is used, so a probe uses each of them.
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const read = (token: string): string => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    series: SERIES.map((number) => read(`--series-${number}`)),
    muted: read("--muted"),
    text: read("--text"),
    grid: read("--grid"),
    surface: read("--surface"),
    unknown: read("--unknown"),
  };
  probe.remove();
  return palette;
}

/** The palette, read again when the theme changes by choice or with the system. */
export function usePalette(): Palette {
  const [palette, setPalette] = useState(readPalette);
  useEffect(() => {
    const update = (): void => setPalette(readPalette());
    const observer = new MutationObserver(update);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", update);
    return () => {
      observer.disconnect();
      system.removeEventListener("change", update);
    };
  }, []);
  return palette;
}

/** A colour made transparent, for bands; `colour` is what a computed style says, `rgb(r, g, b)`. */
export function withAlpha(colour: string, alpha: number): string {
  const parts = colour.match(/[\d.]+/g);
  return parts && parts.length >= 3 ? `rgba(${parts[0]}, ${parts[1]}, ${parts[2]}, ${alpha})` : colour;
}

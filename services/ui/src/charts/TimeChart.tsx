/** One uPlot in React: made anew when its series change, otherwise only given new data, window or size. */
import { useEffect, useLayoutEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { getCrosshair, setCrosshair, subscribeCrosshair } from "./crosshair";
import type { ChartModel } from "./model";
import { columnsOf, type Handlers, type Live, plotOptions, structureOf } from "./options";
import type { Palette } from "./palette";

export interface TimeChartProps {
  model: ChartModel;
  palette: Palette;
  height: number;
  live: Live;
  onZoom(from_s: number, to_s: number): void;
}

export function TimeChart({ model, palette, height, live, onZoom }: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shared = useRef(live);
  const latest = useRef({ model, onZoom });
  latest.current = { model, onZoom };
  const structure = structureOf(model);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the model's data come in below; only its structure makes a new plot
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const handlers: Handlers = {
      onZoom: (from, to) => latest.current.onZoom(from, to),
      onPoint: setCrosshair,
    };
    const size = { width: Math.max(120, element.clientWidth), height };
    const now = latest.current.model;
    const made = new uPlot(plotOptions(now, palette, size, shared.current, handlers), columnsOf(now), element);
    plot.current = made;
    const stops = [followSize(element, made, height), followCrosshair(made), redrawWithFont(made)];
    return () => {
      for (const stop of stops) stop();
      made.destroy();
      plot.current = null;
    };
  }, [structure, palette, height]);

  useLayoutEffect(() => {
    Object.assign(shared.current, live);
    const now = plot.current;
    if (!now) return;
    now.batch(() => {
      now.setData(columnsOf(model), false);
      now.setScale("x", { min: live.window.from_s, max: live.window.to_s });
    });
  }, [model, live]);

  useEffect(() => () => setCrosshair(null), []);

  return <div ref={box} className="chart-plot" aria-hidden="true" />;
}

function followSize(element: HTMLElement, plot: uPlot, height: number): () => void {
  const observer = new ResizeObserver(() => {
    const width = Math.max(120, element.clientWidth);
    if (width !== plot.width) plot.setSize({ width, height });
  });
  observer.observe(element);
  return () => observer.disconnect();
}

/** Move this chart's crosshair to where another chart, or the keyboard, has put it. */
function followCrosshair(plot: uPlot): () => void {
  return subscribeCrosshair(() => {
    const time_s = getCrosshair();
    const left = time_s === null ? -10 : plot.valToPos(time_s, "x");
    if (Math.abs((plot.cursor.left ?? -10) - left) < 0.5) return;
    const inside = left >= 0 && left <= plot.over.clientWidth;
    plot.setCursor({ left: inside ? left : -10, top: inside ? plot.over.clientHeight / 2 : -10 }, false);
  });
}

/** Axis texts are painted, so they must be painted again when the page's own font has arrived. */
function redrawWithFont(plot: uPlot): () => void {
  let wanted = true;
  if (document.fonts.status !== "loaded") {
    void document.fonts.ready.then(() => {
      if (wanted) plot.redraw(false, true);
    });
  }
  return () => {
    wanted = false;
  };
}

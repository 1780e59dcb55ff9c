/** What uPlot is told: series with their bands, gaps that are gaps, axes by the house's rules, a crosshair and a drag. */
import type uPlot from "uplot";
import { scaleFor } from "../format";
import { timeTicks, valueRange, valueSplits, valueTick, withThreshold } from "./axes";
import type { ChartModel, DrawnLine } from "./model";
import { type Palette, withAlpha } from "./palette";

export const VALUE_AXIS_WIDTH = 62;
const TIME_AXIS_HEIGHT = 26;
const TICK_SPACE = 38;

/** What a chart reads anew at each draw: the shared window, the longest hole that is no gap, and the threshold. */
export interface Live {
  window: { from_s: number; to_s: number };
  tolerance_s: number;
  threshold: number | null;
}

export interface Handlers {
  onZoom(from_s: number, to_s: number): void;
  onPoint(time_s: number | null): void;
}

/** The columns that uPlot draws, in the order of `seriesOf`. */
export function columnsOf(model: ChartModel): uPlot.AlignedData {
  const columns: (readonly (number | null)[])[] = [];
  if (model.rest) columns.push(model.rest.max, model.rest.min);
  for (const line of model.lines) {
    if (line.min && line.max) columns.push(line.max, line.min);
    columns.push(line.values);
  }
  return [model.times_s, ...columns] as uPlot.AlignedData;
}

/** A text that changes when the series themselves change, and the plot must be made anew. */
export function structureOf(model: ChartModel): string {
  const lines = model.lines.map((line) => `${line.colour}${line.dashed ? "d" : ""}${line.min && line.max ? "b" : ""}`);
  return `${model.unit}|${model.rest ? "rest" : ""}|${lines.join(",")}`;
}

/** uPlot's options for a model; `live` is read again at every draw. */
export function plotOptions(
  model: ChartModel,
  palette: Palette,
  size: { width: number; height: number },
  live: Live,
  handlers: Handlers,
): uPlot.Options {
  const { series, bands } = seriesOf(model, palette, live);
  return {
    width: size.width,
    height: size.height,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, range: () => [live.window.from_s, live.window.to_s] },
      y: {
        range: (_plot, min, max) => valueRange(model.unit, min, withThreshold(max, live.threshold)),
      },
    },
    axes: axesOf(model.unit, palette),
    series,
    bands,
    cursor: cursorOf(palette),
    hooks: {
      setSelect: [(plot) => selected(plot, handlers)],
      setCursor: [(plot) => pointed(plot, handlers)],
      draw: [(plot) => drawThreshold(plot, live, palette)],
    },
  };
}

function seriesOf(model: ChartModel, palette: Palette, live: Live) {
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const gaps: uPlot.Series.GapsRefiner = (plot, _series, _from, _to, found) =>
    found.filter((gap) => isGap(plot, gap, live));
  const edge: uPlot.Series = { width: 0, points: { show: false }, gaps };
  const band = (colour: string): void => {
    series.push(edge, edge);
    bands.push({ series: [series.length - 2, series.length - 1], fill: colour });
  };
  if (model.rest) band(withAlpha(palette.unknown, 0.2));
  for (const line of model.lines) {
    const colour = palette.series[line.colour] ?? palette.text;
    if (line.min && line.max) band(withAlpha(colour, 0.16));
    series.push(meanOf(line, colour, live, gaps));
  }
  return { series, bands };
}

function meanOf(line: DrawnLine, colour: string, live: Live, gaps: uPlot.Series.GapsRefiner): uPlot.Series {
  const alone: uPlot.Series.Points.Filter = (plot, index) => lonely(plot, index, live.tolerance_s);
  return {
    stroke: colour,
    width: 1.5,
    gaps,
    ...(line.dashed ? { dash: [4, 3] } : {}),
    points: { show: true, size: 4, width: 0, fill: colour, filter: alone },
  };
}

function isGap(plot: uPlot, [from, to]: number[], live: Live): boolean {
  if (from === undefined || to === undefined) return true;
  return plot.posToVal(to, "x", true) - plot.posToVal(from, "x", true) > live.tolerance_s;
}

/** The indexes of values with a gap on both sides: a line of one point would not be seen. */
function lonely(plot: uPlot, seriesIndex: number, tolerance_s: number): number[] {
  const times = plot.data[0];
  const values = plot.data[seriesIndex] ?? [];
  const alone: number[] = [];
  let previous = Number.NEGATIVE_INFINITY;
  let candidate = -1;
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] === null || values[index] === undefined) continue;
    const time = times[index] as number;
    const far = time - previous > tolerance_s;
    if (candidate >= 0 && far) alone.push(candidate);
    candidate = far ? index : -1;
    previous = time;
  }
  if (candidate >= 0) alone.push(candidate);
  return alone;
}

function axesOf(unit: string, palette: Palette): uPlot.Axis[] {
  const look = { stroke: palette.muted, font: "12px Inter, system-ui, sans-serif" };
  const grid = { stroke: palette.grid, width: 1 };
  return [
    {
      ...look,
      size: TIME_AXIS_HEIGHT,
      space: 64,
      gap: 6,
      grid: { show: false },
      ticks: { stroke: palette.grid, width: 1, size: 4 },
      values: (_plot, splits, _axis, _space, step) => timeTicks(splits, step),
    },
    {
      ...look,
      size: VALUE_AXIS_WIDTH,
      gap: 8,
      grid,
      ticks: { show: false },
      splits: (plot, _axis, min, max) =>
        valueSplits(scaleFor(unit, max), min, max, ticksIn(plot), unit.startsWith("{") && unit.endsWith("}")),
      values: (plot, splits) => splits.map((value) => valueTick(scaleFor(unit, plot.scales.y?.max ?? value), value)),
    },
  ];
}

/** How many ticks the value axis has room for. */
function ticksIn(plot: uPlot): number {
  return Math.max(2, Math.floor(plot.bbox.height / devicePixelRatio / TICK_SPACE));
}

function cursorOf(palette: Palette): uPlot.Cursor {
  return {
    y: false,
    points: { size: 7, width: 2, stroke: palette.surface },
    drag: { x: true, y: false, setScale: false },
    // uPlot would show all data; the panel around it leaves the zoom instead.
    bind: { dblclick: () => () => null },
  };
}

function selected(plot: uPlot, handlers: Handlers): void {
  const { left, width } = plot.select;
  if (width < 6) return;
  const from = plot.posToVal(left, "x");
  const to = plot.posToVal(left + width, "x");
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  handlers.onPoint(null);
  handlers.onZoom(from, to);
}

/** Only what the pointer itself did is passed on; a crosshair that was set from outside has no event. */
function pointed(plot: uPlot, handlers: Handlers): void {
  if (!plot.cursor.event) return;
  const left = plot.cursor.left ?? -1;
  handlers.onPoint(left < 0 ? null : plot.posToVal(left, "x"));
}

function drawThreshold(plot: uPlot, live: Live, palette: Palette): void {
  if (live.threshold === null) return;
  const { ctx, bbox } = plot;
  if (live.threshold > (plot.scales.y?.max ?? 0)) return;
  const y = Math.round(plot.valToPos(live.threshold, "y", true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = palette.muted;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

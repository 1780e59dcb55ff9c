import { describe, expect, test } from "vitest";
import type { History } from "../src/api/types";
import { valueRange, valueSplits, valueTick, withThreshold } from "../src/charts/axes";
import { indexAt } from "../src/charts/crosshair";
import { movedIndex, zoomedIn } from "../src/charts/keys";
import { chartModel, gapTolerance_s, hostColours, largestOf, latestOf, newestTime } from "../src/charts/model";
import { columnsOf, structureOf } from "../src/charts/options";
import { sparkPath } from "../src/charts/Sparkline";
import { scaleFor } from "../src/format";

function history(hosts: number, over: Partial<History> = {}): History {
  return {
    type: "cpu",
    unit: "1",
    from: "",
    to: "",
    step_s: 60,
    resolution: "minute",
    agg: "avg",
    times_s: [60, 120, 180],
    lines: Array.from({ length: hosts }, (_, index) => ({
      host: `h${index}`,
      name: `host ${index}`,
      labels: {},
      values: [index, null, index + 1],
      min: [index - 0.5, null, index],
      max: [index + 0.5, null, index + 2],
    })),
    ...over,
  };
}
const colours = hostColours(["h0", "h1", "h2"], []);

describe("which lines are drawn", () => {
  test("up to three lines have their band, more would cover each other", () => {
    expect(chartModel(history(3), colours).lines.every((line) => line.min !== null)).toBe(true);
    expect(chartModel(history(4), colours).lines.every((line) => line.min === null)).toBe(true);
  });

  test("single samples have no band: there is nothing between their smallest and largest", () => {
    const raw = chartModel(history(1, { resolution: "raw", step_s: 10 }), colours);
    expect(raw.lines[0]?.min).toBeNull();
  });

  test("the eight largest are lines, the rest is one band over all of them", () => {
    const model = chartModel(history(11), colours);
    expect(model.lines.map((line) => line.host)).toEqual(["h10", "h3", "h4", "h5", "h6", "h7", "h8", "h9"]);
    expect(model.rest).toEqual({ count: 3, min: [0, null, 1], max: [2, null, 3] });
  });

  test("directions are named, the outgoing one is dashed and has its host's colour", () => {
    const [line] = history(1).lines;
    if (!line) throw new Error("no line");
    const lines = ["transmit", "receive"].map((direction) => ({
      ...line,
      labels: { "network.io.direction": direction },
    }));
    const model = chartModel(history(1, { lines }), colours);
    expect(model.lines.map(({ label, dashed, colour }) => [label, dashed, colour])).toEqual([
      ["in", false, 0],
      ["out", true, 0],
    ]);
  });

  test("columns and series go together", () => {
    const model = chartModel(history(11), colours);
    expect(columnsOf(model)).toHaveLength(1 + 2 + 8);
    expect(columnsOf(chartModel(history(2), colours))).toHaveLength(1 + 2 * 3);
    expect(structureOf(model)).not.toBe(structureOf(chartModel(history(2), colours)));
  });

  test("the latest value is the last known one, and the largest counts the bands", () => {
    const model = chartModel(history(2, { times_s: [60, 120, 180] }), colours);
    const line = model.lines[1];
    if (!line) throw new Error("no line");
    expect(latestOf(model, line)).toEqual({ value: 2, time_s: 180 });
    expect(newestTime(model)).toBe(180);
    expect(largestOf(model)).toBe(3);
    expect(newestTime(chartModel(history(0), colours))).toBeNull();
  });
});

describe("a host keeps its colour", () => {
  test("whatever else is shown", () => {
    const all = ["a", "b", "c"];
    expect(hostColours(all, ["c"]).get("c")).toBe(hostColours(all, []).get("c"));
  });

  test("and shares it with nobody while there are colours left", () => {
    const all = Array.from({ length: 20 }, (_, index) => `h${index}`);
    const shown = hostColours(all, ["h1", "h9", "h17"]);
    expect(new Set(shown.values()).size).toBe(3);
    expect(hostColours(all, []).size).toBe(20);
  });
});

describe("axes", () => {
  test("shares go from 0 to 100 %, amounts from zero", () => {
    expect(valueRange("1", 0.2, 0.3)).toEqual([0, 1.02]);
    expect(valueRange("By", 50, 100)).toEqual([0, 108]);
    expect(valueRange("By", null, null)).toEqual([0, 1]);
    expect(valueRange("s", -1, 1)[0]).toBeLessThan(-1);
  });

  test("a threshold is in view once values come near it, and does not flatten a line that is far below", () => {
    expect(withThreshold(100, 500)).toBe(100);
    expect(withThreshold(200, 500)).toBe(500);
    expect(withThreshold(700, 500)).toBe(700);
    expect(withThreshold(null, 500)).toBe(500);
    expect(withThreshold(100, null)).toBe(100);
  });

  test("ticks are round in the unit that is written", () => {
    const scale = scaleFor("s", 0.54);
    expect(valueSplits(scale, 0, 0.54, 3).map((value) => valueTick(scale, value))).toEqual(["0", "200 ms", "400 ms"]);
    const share = scaleFor("1", 1);
    expect(valueSplits(share, 0, 1.02, 4).map((value) => valueTick(share, value))).toEqual([
      "0",
      "25 %",
      "50 %",
      "75 %",
      "100 %",
    ]);
  });

  test("whole things have no ticks between them", () => {
    const count = scaleFor("{user}", 1.08);
    expect(valueSplits(count, 0, 1.08, 4, true)).toEqual([0, 1]);
    expect(valueSplits(count, 0, 1.08, 4)).toContain(0.5);
  });

  test("a gap is more than two steps without a value", () => {
    expect(gapTolerance_s(6, 10)).toBe(25);
    expect(gapTolerance_s(60, 10)).toBe(150);
  });
});

describe("the crosshair", () => {
  const times = [100, 110, 120];
  test.each([
    [100, 0],
    [104, 0],
    [106, 1],
    [129, 2],
    [131, -1],
    [89, -1],
  ])("at %s stands on step %s", (at, index) => {
    expect(indexAt(times, at, 10)).toBe(index);
  });

  test("of an empty chart stands nowhere", () => {
    expect(indexAt([], 100, 10)).toBe(-1);
  });

  test.each([
    ["ArrowLeft", -1, 9],
    ["ArrowLeft", 0, 0],
    ["ArrowRight", 9, 9],
    ["ArrowRight", 4, 5],
    ["PageUp", 4, 0],
    ["Home", 4, 0],
    ["End", 4, 9],
    ["x", 4, null],
  ])("%s from %s goes to %s", (key, from, to) => {
    expect(movedIndex(key, from, 10)).toBe(to);
  });

  test("zooming in halves the window and stays inside it", () => {
    expect(zoomedIn({ from_s: 0, to_s: 100 }, 50)).toEqual([25, 75]);
    expect(zoomedIn({ from_s: 0, to_s: 100 }, 100)).toEqual([50, 100]);
  });
});

describe("sparklines", () => {
  test("gaps break the line, a lone value is still seen", () => {
    const path = sparkPath([1, 2, null, 3, null], null)?.path ?? "";
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path).toContain("h0.01");
  });

  test("one known value has no shape yet", () => {
    expect(sparkPath([null, 3], null)).toBeNull();
  });

  test("nothing known draws nothing; a flat line lies in the middle", () => {
    expect(sparkPath([null, null], null)).toBeNull();
    expect(sparkPath([5, 5], null)?.path).toBe("M2 16L94 16");
  });

  test("a threshold shows where it lies among the values", () => {
    expect(sparkPath([0, 10], 5)?.threshold_y).toBe(16);
    expect(sparkPath([0, 10], 50)?.threshold_y).toBeNull();
  });
});

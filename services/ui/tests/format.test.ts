import { describe, expect, test } from "vitest";
import {
  formatChange,
  formatDuration,
  formatExact,
  formatOn,
  formatParts,
  formatPeriod,
  formatValue,
  formatWhen,
  isoOf,
  scaleFor,
  secondsOf,
} from "../src/format";

describe("values with their unit", () => {
  test.each([
    [0.1234, "1", "12.3 %"],
    [0, "1", "0 %"],
    [1, "1", "100 %"],
    [0.004, "1", "0.4 %"],
    [1_500_000, "By/s", "1.5 MB/s"],
    [999, "By", "999 B"],
    [1_000, "By", "1 kB"],
    [3.2e12, "By", "3.2 TB"],
    [0, "By/s", "0 B/s"],
    [0.24, "s", "240 ms"],
    [0.0000021, "s", "2.1 µs"],
    [2.5, "s", "2.5 s"],
    [7_200, "s", "2 h"],
    [12.5, "1/s", "12.5 /s"],
    [4_200, "{request}/s", "4.2 k/s"],
    [1_284, "{user}", "1,284"],
    [2_500_000, "{user}", "2.5 M"],
    [21, "Cel", "21 Cel"],
  ])("%s of unit %s reads %s", (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  test.each([null, undefined, Number.NaN])("%s is a dash, never a zero", (value) => {
    expect(formatParts(value, "By")).toEqual({ number: "–", unit: "" });
    expect(formatValue(value, "1")).toBe("–");
  });

  test("a share that is nearly whole never reads as whole", () => {
    expect(formatValue(0.99996, "1")).toBe("99.996 %");
    expect(formatValue(0.9999999, "1")).toBe("99.999 %");
    expect(formatValue(0.9978, "1")).toBe("99.78 %");
  });

  test("one scale serves a whole axis", () => {
    const scale = scaleFor("s", 0.8);
    expect([0, 0.2, 0.8].map((value) => formatOn(scale, value))).toEqual(["0", "200", "800"]);
    expect(scale.symbol).toBe("ms");
  });
});

describe("changes between periods", () => {
  test.each([
    [0.9996, 0.999, "1", "+0.06 pp"],
    [0.998, 0.999, "1", "−0.1 pp"],
    [110, 100, "{user}", "+10 %"],
    [90, 100, "{user}", "−10 %"],
    [100, 100, "{user}", "0 %"],
    [0, 0, "{threat}", "0 %"],
  ])("%s after %s (%s) is %s", (value, previous, unit, text) => {
    expect(formatChange(value, previous, unit)).toBe(text);
  });

  test.each([
    [null, 1],
    [1, null],
    [5, 0],
  ])("from %s and %s nothing can be said", (value, previous) => {
    expect(formatChange(value, previous, "{user}")).toBeNull();
  });
});

describe("times", () => {
  test.each([
    [0, "0 s"],
    [59.4, "59 s"],
    [60, "1 min"],
    [3_600, "1 h"],
    [7_500, "2 h 5 min"],
    [90_000, "1 d 1 h"],
    [-3, "0 s"],
  ])("%s seconds are %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test("today needs only the clock, another day its date", () => {
    const noon = new Date(2026, 10, 24, 12, 0, 0).getTime() / 1000;
    expect(formatWhen(noon - 3_600, noon)).toBe("11:00");
    expect(formatWhen(noon - 86_400, noon)).toBe("23 Nov 12:00");
    expect(formatWhen(noon - 30, noon, true)).toBe("11:59:30");
  });

  test("the exact time tells its offset", () => {
    expect(formatExact(Date.UTC(2026, 10, 24, 10, 42, 5) / 1000)).toMatch(
      /^2026-11-2[345] \d\d:\d\d:05 [+−]\d\d:\d\d$/,
    );
  });

  test("the API's times survive both ways, and nonsense is null", () => {
    expect(isoOf(secondsOf("2026-11-24T10:42:00Z") ?? 0)).toBe("2026-11-24T10:42:00Z");
    expect(secondsOf("yesterday")).toBeNull();
    expect(secondsOf(null)).toBeNull();
  });

  test("a period's name is a number and a unit", () => {
    expect(formatPeriod("7d")).toBe("7 d");
    expect(formatPeriod("a while")).toBe("a while");
  });
});

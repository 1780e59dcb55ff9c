import { describe, expect, test } from "vitest";
import { offsetFrom } from "../src/api/clock";
import { queryText } from "../src/api/queries";
import { isOld, isWorse } from "../src/features/performance/figures";
import { readKey } from "../src/shell/shortcuts";

describe("keys of the page", () => {
  const known = ["?", "l", "g p", "1"];
  test("single keys act at once, pairs after their second key", () => {
    expect(readKey("?", "", known)).toEqual({ action: "?", pending: "" });
    expect(readKey("g", "", known)).toEqual({ action: null, pending: "g" });
    expect(readKey("p", "g", known)).toEqual({ action: "g p", pending: "" });
  });

  test("a broken pair is forgotten", () => {
    expect(readKey("x", "g", known)).toEqual({ action: null, pending: "" });
    expect(readKey("p", "", known)).toEqual({ action: null, pending: "" });
    expect(readKey("l", "g", known)).toEqual({ action: "l", pending: "" });
  });
});

describe("the server's clock", () => {
  const local_s = Date.UTC(2026, 10, 24, 10, 0, 0) / 1000;
  test("a second is noise, an hour is a wrong clock", () => {
    expect(offsetFrom("Tue, 24 Nov 2026 10:00:01 GMT", local_s)).toBe(0);
    expect(offsetFrom("Tue, 24 Nov 2026 11:00:00 GMT", local_s)).toBeCloseTo(3_600.5);
    expect(offsetFrom("nonsense", local_s)).toBe(0);
  });
});

describe("addresses of the API", () => {
  test("lists are repeated, nothing asks for nothing", () => {
    expect(queryText({ host: ["a b", "c"], range: "1h" })).toBe("?host=a+b&host=c&range=1h");
    expect(queryText({ host: [] })).toBe("");
  });
});

describe("cards", () => {
  const figure = { value: 2, unit: "s", previous: 1, change: null, period: "24h", trend: [], age_s: 4 };
  test("a slower answer is worse, more users are not, threats are neither", () => {
    expect(isWorse(figure, "down")).toBe(true);
    expect(isWorse(figure, "up")).toBe(false);
    expect(isWorse(figure, "neither")).toBe(false);
    expect(isWorse({ ...figure, previous: null }, "down")).toBe(false);
  });

  test("old figures do not look current, unknown ones are not old", () => {
    expect(isOld({ ...figure, age_s: 900 }, 0)).toBe(true);
    expect(isOld(figure, 0)).toBe(false);
    expect(isOld(figure, 400)).toBe(true);
    expect(isOld({ ...figure, value: null, age_s: 900 }, 0)).toBe(false);
  });
});

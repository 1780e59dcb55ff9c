import { describe, expect, test } from "vitest";
import { parseQuery, safeNext, writeQuery } from "../src/app/address";
import { change, isMoving, readSearch, spanOf, viewOf, windowOf } from "../src/features/performance/view";

const read = (query: string) => readSearch(parseQuery(query));

describe("the address is the state", () => {
  test.each([
    "",
    "?range=24h",
    "?range=7d&host=web-1&host=web-2",
    "?host=a%26b%3Dc",
    "?from=2026-11-24T10:00:00Z&to=2026-11-24T11:00:00Z",
    "?range=30d&paused=2026-11-24T10:42:00Z",
  ])("%s survives reading and writing", (query) => {
    const written = writeQuery({ ...read(query) });
    expect(read(written)).toEqual(read(query));
    expect(parseQuery(written)).toEqual(parseQuery(query));
  });

  test.each([
    ["?range=5y", {}],
    ["?range=1h", {}],
    ["?from=2026-11-24T10:00:00Z", {}],
    ["?from=2026-11-24T11:00:00Z&to=2026-11-24T10:00:00Z", {}],
    ["?from=x&to=y&paused=z&colour=red", {}],
    ["?host=&host=a&host=a", { host: ["a"] }],
  ])("what %s does not mean is dropped", (query, kept) => {
    expect(read(query)).toEqual(kept);
  });

  test("a range moves; a zoom and a pause stand still", () => {
    expect(isMoving(viewOf(read("?range=24h")))).toBe(true);
    expect(isMoving(viewOf(read("?from=2026-11-24T10:00:00Z&to=2026-11-24T11:00:00Z")))).toBe(false);
    expect(isMoving(viewOf(read("?paused=2026-11-24T10:00:00Z")))).toBe(false);
  });

  test("a paused page asks for the time before its pause, so that a shared address shows the same", () => {
    const view = viewOf(read("?paused=2026-11-24T10:00:00Z"));
    const at = Date.UTC(2026, 10, 24, 10) / 1000;
    expect(spanOf(view)).toEqual({ from_s: at - 3_600, to_s: at });
    expect(windowOf(view, at + 999)).toEqual({ from_s: at - 3_600, to_s: at });
    expect(windowOf(viewOf({}), at)).toEqual({ from_s: at - 3_600, to_s: at });
  });

  test("a new range leaves the zoom and keeps the hosts", () => {
    const zoomed = change.zoom(read("?host=a"), 1_000_000, 1_000_600);
    expect(viewOf(zoomed).zoom).toEqual({ from_s: 1_000_000, to_s: 1_000_600 });
    expect(change.range(zoomed, "7d")).toEqual({ range: "7d", host: ["a"] });
    expect(change.back(zoomed)).toEqual({ host: ["a"] });
  });

  test("a zoom is never shorter than half a minute, and survives the address", () => {
    const zoomed = change.zoom({}, 1_000_000, 1_000_002);
    expect(viewOf(readSearch({ ...zoomed })).zoom).toEqual({ from_s: 999_986, to_s: 1_000_016 });
  });

  test("pausing twice resumes, taking the last host away shows all", () => {
    const paused = change.pause({ range: "24h" }, 1_000_000);
    expect(viewOf(paused).paused_s).toBe(1_000_000);
    expect(change.pause(paused, 2_000_000)).toEqual({ range: "24h" });
    expect(change.hosts({ host: ["a"] }, [])).toEqual({});
  });
});

describe("where the sign-in leads", () => {
  test("to the page that was asked for", () => {
    expect(safeNext("/performance-monitoring?range=24h")).toBe("/performance-monitoring?range=24h");
  });

  test.each([
    undefined,
    "",
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/sign-in?next=/x",
  ])("never to %s", (next) => {
    expect(safeNext(next)).toBe("/performance-monitoring");
  });
});

import { QueryClient } from "@tanstack/react-query";
import { describe, expect, test } from "vitest";
import { HISTORY_KEY, healthQuery } from "../src/api/queries";
import type { History } from "../src/api/types";
import { makeInbox } from "../src/features/performance/useLive";
import { type LivePoint, mergePoints, needsFetch } from "../src/live/merge";
import { pointsOf } from "../src/live/points";
import { nextState, OFF, retryDelay_ms } from "../src/live/state";

const history = (step_s = 10): History => ({
  type: "cpu",
  unit: "1",
  from: "",
  to: "",
  step_s,
  resolution: "raw",
  agg: "avg",
  times_s: [100, 100 + step_s, 100 + 2 * step_s],
  lines: [
    { host: "a", name: "a", labels: {}, values: [1, null, 3], min: [1, null, 3], max: [1, null, 3] },
    { host: "b", name: "b", labels: { direction: "in" }, values: [4, 5, 6], min: [4, 5, 6], max: [4, 5, 6] },
  ],
});
const point = (time_s: number, value: number, host = "a", labels: Record<string, string> = {}): LivePoint => ({
  host,
  labels,
  time_s,
  value,
});

describe("live values in a drawn history", () => {
  test("a value of the next step makes a step on every line", () => {
    const merged = mergePoints(history(), [point(130.2, 0.5)], 3_600, 131);
    expect(merged.times_s).toEqual([100, 110, 120, 130]);
    expect(merged.lines[0]?.values).toEqual([1, null, 3, 0.5]);
    expect(merged.lines[0]?.min).toEqual([1, null, 3, 0.5]);
    expect(merged.lines[1]?.values).toEqual([4, 5, 6, null]);
  });

  test("skipped steps stay gaps", () => {
    const merged = mergePoints(history(), [point(155, 0.5)], 3_600, 156);
    expect(merged.times_s).toEqual([100, 110, 120, 130, 140, 150]);
    expect(merged.lines[0]?.values).toEqual([1, null, 3, null, null, 0.5]);
  });

  test("within a step values are averaged, and the band widens", () => {
    const first = mergePoints(history(60), [point(220, 4)], 3_600, 221);
    expect(first.times_s.at(-1)).toBe(220);
    expect(first.lines[0]?.values.at(-1)).toBe(3.5 + 0.5);
    const second = mergePoints(first, [point(230, 8)], 3_600, 231);
    expect(second.lines[0]?.values.at(-1)).toBe(6);
    expect(second.lines[0]?.max.at(-1)).toBe(8);
  });

  test("what leaves the window is dropped", () => {
    const merged = mergePoints(history(), [point(140, 1)], 20, 141);
    expect(merged.times_s[0]).toBeGreaterThanOrEqual(110);
    expect(merged.lines.every((line) => line.values.length === merged.times_s.length)).toBe(true);
  });

  test("an older value fills its own step and adds none", () => {
    const merged = mergePoints(history(), [point(112, 2)], 3_600, 125);
    expect(merged.times_s).toEqual([100, 110, 120]);
    expect(merged.lines[0]?.values).toEqual([1, 2, 3]);
  });

  test("unknown lines, other labels and values from long ago change nothing", () => {
    const before = history();
    const strangers = [point(130, 1, "c"), point(130, 1, "b"), point(20, 1)];
    expect(mergePoints(before, strangers, 3_600, 131)).toBe(before);
  });

  test("a value from a clock that is far ahead does not stretch the axis", () => {
    const before = history();
    expect(mergePoints(before, [point(9_000_000, 1)], 3_600, 131)).toBe(before);
  });

  test("the history that came in is left as it was", () => {
    const before = history();
    mergePoints(before, [point(121, 9), point(130, 9)], 3_600, 131);
    expect(before).toEqual(history());
  });

  test("a new line or a backlog must be fetched; current values and those from before the window need not", () => {
    const long = { ...history(), times_s: [0, 50, 120] };
    expect(needsFetch(history(), [point(130, 1), point(130, 1, "c")])).toBe(true);
    expect(needsFetch(long, [point(60, 1)])).toBe(true);
    expect(needsFetch(long, [point(115, 1), point(130, 1)])).toBe(false);
    expect(needsFetch(history(), [point(1, 1)])).toBe(false);
  });

  test("an empty history waits for its refresh", () => {
    const empty = { ...history(), times_s: [], lines: [] };
    expect(mergePoints(empty, [point(130, 1)], 3_600, 131)).toBe(empty);
  });
});

describe("live messages", () => {
  test("a number is a type's one line, a list has labels", () => {
    const text = JSON.stringify({
      host: "a",
      time_ms: 130_500,
      values: { cpu: 0.5, network: [{ labels: { "network.io.direction": "receive" }, value: 7 }], odd: "x" },
    });
    const points = pointsOf(text);
    expect(points.get("cpu")).toEqual([{ host: "a", labels: {}, time_s: 130.5, value: 0.5 }]);
    expect(points.get("network")?.[0]?.labels).toEqual({ "network.io.direction": "receive" });
    expect(points.has("odd")).toBe(false);
  });

  test.each(["", "{", "null", "[]", '{"host":"a"}', '{"host":1,"time_ms":1,"values":{}}'])(
    "%s says nothing",
    (text) => {
      expect(pointsOf(text).size).toBe(0);
    },
  );
});

describe("the channel's state", () => {
  test("contact lost is dated from its first failure and cleared by the first sound", () => {
    const connecting = nextState(OFF, "start", 10);
    const live = nextState(connecting, "opened", 11);
    const lost = nextState(live, "failed", 20);
    const still = nextState(lost, "failed", 25);
    expect(still).toEqual({ phase: "retrying", since_s: 20, failures: 2 });
    expect(nextState(still, "heard", 30)).toEqual({ phase: "live", since_s: 30, failures: 0 });
    expect(nextState(live, "heard", 99)).toBe(live);
  });

  test("a stopped channel hears nothing more", () => {
    const stopped = nextState(nextState(OFF, "start", 1), "stop", 2);
    expect(nextState(stopped, "failed", 3)).toBe(stopped);
    expect(nextState(stopped, "heard", 3)).toBe(stopped);
  });

  test("waiting doubles up to twenty seconds and is spread", () => {
    expect([1, 2, 3, 4].map((failures) => retryDelay_ms(failures, 1))).toEqual([500, 1_000, 2_000, 4_000]);
    expect(retryDelay_ms(50, 1)).toBe(20_000);
    expect(retryDelay_ms(50, 0)).toBe(10_000);
  });
});

describe("what the channel says beside values", () => {
  const said = (event: string, data: string): { health: boolean; history: boolean } => {
    const queryClient = new QueryClient();
    const historyKey = [HISTORY_KEY, "cpu", { range: "1h" }, []];
    queryClient.setQueryData(healthQuery.queryKey, { status: "ok" });
    queryClient.setQueryData(historyKey, history());
    makeInbox(queryClient, [], "1h")({ event, data });
    const isOld = (key: readonly unknown[]) => queryClient.getQueryState(key)?.isInvalidated === true;
    return { health: isOld(healthQuery.queryKey), history: isOld(historyKey) };
  };

  test("that Kafka went away or is back: the health report is read at once", () => {
    expect(said("state", '{"kafka":"down","since_ms":1}')).toEqual({ health: true, history: false });
    expect(said("state", '{"kafka":"up","since_ms":2}')).toEqual({ health: true, history: false });
  });

  test("that something was missed: the histories are read at once", () => {
    expect(said("reset", '{"reason":"old"}')).toEqual({ health: false, history: true });
  });
});

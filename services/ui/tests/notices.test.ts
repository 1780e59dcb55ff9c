import { describe, expect, test } from "vitest";
import type { Host, Part, SystemHealth } from "../src/api/types";
import { isWaiting, noticesFor, type Situation } from "../src/features/health/notices";

const NOW_S = new Date(2026, 10, 24, 11, 0, 0).getTime() / 1000;
const at = (hour: number, minute: number): string => new Date(2026, 10, 24, hour, minute).toISOString();

const part = (name: string, over: Partial<Part> = {}): Part => ({
  name,
  kind: "service",
  status: "ok",
  detail: "",
  since: at(10, 42),
  latency_s: 0.001,
  ...over,
});
const host = (name: string, over: Partial<Host> = {}): Host => ({
  id: name,
  name,
  kind: "host",
  environment: "",
  role: "",
  organisation: "",
  labels: {},
  first_seen: at(9, 0),
  last_seen: at(10, 50),
  age_s: 600,
  interval_s: 10,
  state: "silent",
  expected: true,
  series: 1,
  ...over,
});
function situation(parts: Part[], hosts: Host[] = [], over: Partial<SystemHealth> = {}): Situation {
  return {
    health: { status: "ok", time: at(11, 0), parts, delay_s: 1, ...over },
    hosts: { time: at(11, 0), hosts, counts: { reporting: 0, late: 0, silent: hosts.length } },
    lostSince_s: null,
    now_s: NOW_S,
  };
}
const texts = (given: Situation): string[] => noticesFor(given).map((notice) => notice.text);

describe("the banner", () => {
  test("is empty while all is well, and before anything is known", () => {
    expect(noticesFor(situation([part("api")], [host("a", { state: "reporting" })]))).toEqual([]);
    expect(noticesFor({ health: null, hosts: null, lostSince_s: null, now_s: NOW_S })).toEqual([]);
  });

  test("says since when Kafka is away and what that means, and blames no host for it", () => {
    const late = part("collector", { status: "degraded", detail: "spool: 5 bytes wait" });
    const said = texts(situation([part("kafka", { kind: "engine", status: "down" }), late], [host("a")]));
    expect(said).toEqual([
      "Kafka has been away since 10:42. Collectors keep their samples on disk; the charts resume by themselves.",
    ]);
  });

  test("knows when no live values can arrive", () => {
    expect(isWaiting(situation([part("kafka", { kind: "engine", status: "down" })]))).toBe(true);
    expect(isWaiting(situation([part("kafka", { kind: "engine" }), part("recorder", { status: "down" })]))).toBe(false);
  });

  test("names a silent host, or counts several", () => {
    expect(texts(situation([], [host("a")]))).toEqual(["a fell silent at 10:50."]);
    expect(
      texts(
        situation(
          [],
          ["a", "b", "c", "d"].map((name) => host(name)),
        ),
      ),
    ).toEqual(["4 hosts are silent: a, b, c and 1 more."]);
  });

  test("leaves out hosts that nobody expects", () => {
    expect(texts(situation([], [host("a", { expected: false })]))).toEqual([]);
  });

  test("puts what is down before what is degraded or late", () => {
    const parts = [part("api", { status: "degraded", detail: "slow: ." }), part("recorder", { status: "down" })];
    const said = noticesFor(situation(parts, [], { delay_s: 180 }));
    expect(said.map((notice) => notice.kind)).toEqual(["critical", "warning", "warning"]);
    expect(said[1]?.text).toBe("api is degraded: slow.");
    expect(said[2]?.text).toBe("New samples reach the charts 3 min late.");
  });

  test("claims nothing about the parts while the API itself is lost", () => {
    const lost = { ...situation([part("kafka", { status: "down" })]), lostSince_s: NOW_S - 600 };
    expect(texts(lost)).toEqual([
      "The connection was lost at 10:50. What you see is from then; the page reconnects by itself.",
    ]);
  });

  test("says so when the API tells of a fault without its parts", () => {
    const said = noticesFor({ health: { status: "down" }, hosts: null, lostSince_s: null, now_s: NOW_S });
    expect(said).toHaveLength(1);
    expect(noticesFor({ health: { status: "ok" }, hosts: null, lostSince_s: null, now_s: NOW_S })).toEqual([]);
  });
});

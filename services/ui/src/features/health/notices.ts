/** What is wrong, in sentences, the worst first. Pure: what the API and the live channel say in, notices out. */
import type { Host, Hosts, Part, SystemHealth } from "../../api/types";
import { formatDuration, formatWhen, secondsOf } from "../../format";
import { strings } from "../../strings";

export interface Notice {
  readonly key: string;
  readonly kind: "critical" | "warning";
  readonly text: string;
}

/** What the page knows at this moment; null is "not asked yet". */
export interface Situation {
  readonly health: SystemHealth | null;
  readonly hosts: Hosts | null;
  /** Since when the API has not answered, or null while it does. */
  readonly lostSince_s: number | null;
  readonly now_s: number;
}

const DELAY_SHOWN_S = 60;
const NAMES_SHOWN = 3;
const words = strings.notices;

/** The notices for a situation. While the API is lost, nothing older than that is claimed about its parts. */
export function noticesFor(situation: Situation): Notice[] {
  const { health, hosts, lostSince_s, now_s } = situation;
  if (lostSince_s !== null) {
    return [{ key: "connection", kind: "critical", text: words.connection(formatWhen(lostSince_s, now_s)) }];
  }
  if (health && !health.parts && health.status !== "ok")
    return [{ key: "status", kind: "critical", text: words.unwell }];
  const parts = health?.parts ?? [];
  const down = parts.filter((part) => part.status === "down").map((part) => downNotice(part, now_s));
  const engineAway = parts.some((part) => part.kind === "engine" && part.status === "down");
  // With an engine away every service is degraded and every host looks silent; saying so would blame them.
  const degraded = engineAway ? [] : parts.filter((part) => part.status === "degraded").map(degradedNotice);
  const silent = engineAway ? [] : silentNotices(hosts?.hosts ?? [], now_s);
  const delayed = engineAway ? [] : delayNotices(health);
  return [...down, ...silent, ...degraded, ...delayed].sort((a, b) => rank(a) - rank(b));
}

/** Whether live values cannot arrive, because what carries them is away. */
export function isWaiting(situation: Situation): boolean {
  return (situation.health?.parts ?? []).some((part) => part.name === "kafka" && part.status === "down");
}

function rank(notice: Notice): number {
  return notice.kind === "critical" ? 0 : 1;
}

function downNotice(part: Part, now_s: number): Notice {
  const since = formatWhen(secondsOf(part.since) ?? now_s, now_s);
  const say = sentenceFor(part.name);
  const text = say ? say(since) : words.other(part.name, since, clause(part.detail));
  return { key: `down-${part.name}`, kind: "critical", text };
}

/** The sentence that says what an outage of this part means for the reader, where we know one. */
function sentenceFor(name: string): ((since: string) => string) | null {
  switch (name) {
    case "kafka":
      return words.kafka;
    case "database":
    case "postgresql":
    case "timescaledb":
      return words.database;
    case "recorder":
      return words.recorder;
    case "collector":
      return words.collector;
    default:
      return null;
  }
}

function degradedNotice(part: Part): Notice {
  return { key: `degraded-${part.name}`, kind: "warning", text: words.degraded(part.name, clause(part.detail)) };
}

/** A detail as the end of a sentence that brings its own full stop. */
function clause(detail: string): string {
  return detail.replace(/[\s.:;]+$/, "");
}

function silentNotices(hosts: readonly Host[], now_s: number): Notice[] {
  const silent = hosts.filter((host) => host.state === "silent" && host.expected);
  const [first] = silent;
  if (!first) return [];
  const names = silent
    .slice(0, NAMES_SHOWN)
    .map((host) => host.name)
    .join(", ");
  if (silent.length === 1) {
    const since = formatWhen(secondsOf(first.last_seen) ?? now_s, now_s);
    return [{ key: "silent", kind: "critical", text: words.silent(names, since) }];
  }
  const more = silent.length > NAMES_SHOWN ? ` ${words.more(silent.length - NAMES_SHOWN)}` : "";
  return [{ key: "silent", kind: "critical", text: words.silentMany(silent.length, `${names}${more}`) }];
}

function delayNotices(health: SystemHealth | null): Notice[] {
  const delay_s = health?.delay_s ?? null;
  if (delay_s === null || delay_s < DELAY_SHOWN_S) return [];
  return [{ key: "delay", kind: "warning", text: words.delayed(formatDuration(delay_s)) }];
}

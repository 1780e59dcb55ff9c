/**
 * Numbers, units and times as people read them. Everything on a page goes through here, so that one quantity never
 * appears in two spellings. Units are the API's: `1` (a ratio), `By`, `By/s`, `s`, `1/s`, `{x}` (a count).
 */
import { strings } from "./strings";

/** How the values of one axis are written: divided by `factor`, followed by `symbol`. */
export interface Scale {
  readonly symbol: string;
  readonly factor: number;
}

const BYTE_STEPS: readonly Scale[] = [
  { symbol: "TB", factor: 1e12 },
  { symbol: "GB", factor: 1e9 },
  { symbol: "MB", factor: 1e6 },
  { symbol: "kB", factor: 1e3 },
  { symbol: "B", factor: 1 },
];
const SECOND_STEPS: readonly Scale[] = [
  { symbol: "d", factor: 86_400 },
  { symbol: "h", factor: 3_600 },
  { symbol: "s", factor: 1 },
  { symbol: "ms", factor: 1e-3 },
  { symbol: "µs", factor: 1e-6 },
];
const COUNT_STEPS: readonly Scale[] = [
  { symbol: "M", factor: 1e6 },
  { symbol: "k", factor: 1e3 },
  { symbol: "", factor: 1 },
];

/** The scale for an axis or a set of values whose largest magnitude is `largest`: chosen once, used for all of them. */
export function scaleFor(unit: string, largest: number): Scale {
  if (unit === "1") return { symbol: "%", factor: 0.01 };
  if (unit === "By") return step(BYTE_STEPS, largest);
  if (unit === "By/s") return suffixed(step(BYTE_STEPS, largest), "/s");
  if (unit === "s") return step(SECOND_STEPS, largest);
  if (unit === "1/s") return suffixed(step(COUNT_STEPS, largest), "/s");
  if (unit.startsWith("{") && unit.endsWith("}/s")) return suffixed(step(COUNT_STEPS, largest), "/s");
  if (unit.startsWith("{")) return step(COUNT_STEPS, largest);
  return { symbol: unit, factor: 1 };
}

function step(steps: readonly Scale[], largest: number): Scale {
  const smallest = steps[steps.length - 1] as Scale;
  const magnitude = Math.abs(largest);
  if (magnitude === 0) return steps.find((candidate) => candidate.factor === 1) ?? smallest;
  return steps.find((candidate) => magnitude >= candidate.factor * 0.9995) ?? smallest;
}

function suffixed(scale: Scale, suffix: string): Scale {
  return { symbol: `${scale.symbol}${suffix}`, factor: scale.factor };
}

/** At most three significant digits below 1,000, none behind the point above it; no trailing zeros. */
function digits(value: number): string {
  const magnitude = Math.abs(value);
  const places = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: places });
}

/** A value on a given scale, without its unit: the number of a card, the tick of an axis. */
export function formatOn(scale: Scale, value: number): string {
  const scaled = value / scale.factor;
  // A share that is nearly whole must not read as whole: 99.996 % of uptime is not 100 %.
  if (scale.symbol === "%" && scaled > 99 && scaled < 100) {
    const places = scaled > 99.9 ? 1000 : 100;
    return (Math.floor(scaled * places) / places).toString();
  }
  return digits(scaled);
}

/** Number and unit apart, for a card; null gives the dash of "not known". */
export function formatParts(value: number | null | undefined, unit: string): { number: string; unit: string } {
  if (value === null || value === undefined || !Number.isFinite(value)) return { number: strings.unknown, unit: "" };
  const scale = isPlainCount(value, unit) ? { symbol: "", factor: 1 } : scaleFor(unit, value);
  return { number: formatOn(scale, value), unit: scale.symbol };
}

/** A count that one can still read at a glance stays whole: 1,284 users, not 1.28 k. */
function isPlainCount(value: number, unit: string): boolean {
  return unit.startsWith("{") && unit.endsWith("}") && Math.abs(value) < 100_000;
}

/** A value with its unit: `12.4 %`, `1.5 MB/s`, `240 ms`; `–` when it is not known. */
export function formatValue(value: number | null | undefined, unit: string): string {
  const parts = formatParts(value, unit);
  return parts.unit === "" ? parts.number : `${parts.number} ${parts.unit}`;
}

/**
 * What changed between two periods, signed: percentage points for shares, per cent for everything else.
 * Null when it cannot be said (one side unknown, or growth from nothing).
 */
export function formatChange(value: number | null, previous: number | null, unit: string): string | null {
  if (value === null || previous === null) return null;
  const points = unit === "1";
  if (!points && previous === 0) return value === 0 ? "0 %" : null;
  const change = points ? (value - previous) * 100 : ((value - previous) / Math.abs(previous)) * 100;
  const magnitude = digits(Math.abs(change));
  const sign = magnitude === "0" ? "" : change > 0 ? "+" : "−";
  return `${sign}${magnitude} ${points ? strings.cards.points : "%"}`;
}

/** A length of time in its largest one or two units: `8 s`, `3 min`, `2 h 5 min`, `4 d 2 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86_400) return pair(Math.floor(whole / 3_600), "h", Math.floor((whole % 3_600) / 60), "min");
  return pair(Math.floor(whole / 86_400), "d", Math.floor((whole % 86_400) / 3_600), "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** The API's period names (`24h`, `7d`) as people write them: `24 h`, `7 d`. */
export function formatPeriod(period: string): string {
  return period.replace(/^(\d+)([a-z]+)$/, "$1 $2");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const two = (value: number): string => value.toString().padStart(2, "0");

/** The time of day, `14:05` or `14:05:10`, in the reader's zone. */
export function formatClock(time_s: number, withSeconds = false): string {
  const date = new Date(time_s * 1000);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${clock}:${two(date.getSeconds())}` : clock;
}

/** The day, `24 Nov`. */
export function formatDay(time_s: number): string {
  const date = new Date(time_s * 1000);
  return `${date.getDate()} ${MONTHS[date.getMonth()] ?? ""}`;
}

/** The shortest spelling that is clear at `now_s`: the clock for today, day and clock for other days. */
export function formatWhen(time_s: number, now_s: number, withSeconds = false): string {
  const clock = formatClock(time_s, withSeconds);
  return formatDay(time_s) === formatDay(now_s) && Math.abs(now_s - time_s) < 86_400
    ? clock
    : `${formatDay(time_s)} ${clock}`;
}

/** Date, clock and offset, for a hover or a print-out: `2026-11-24 14:05:10 +01:00`. */
export function formatExact(time_s: number): string {
  const date = new Date(time_s * 1000);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${formatClock(time_s, true)} ${formatOffset(-date.getTimezoneOffset())}`;
}

function formatOffset(minutes: number): string {
  const magnitude = Math.abs(minutes);
  return `${minutes < 0 ? "−" : "+"}${two(Math.floor(magnitude / 60))}:${two(magnitude % 60)}`;
}

/** The API's times (`2026-11-24T10:42:00Z`) as seconds since 1970; null for null or what is not a time. */
export function secondsOf(time: string | null | undefined): number | null {
  if (!time) return null;
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}

/** Seconds since 1970 as the API and the address write them, whole seconds in UTC. */
export function isoOf(time_s: number): string {
  return new Date(Math.round(time_s) * 1000).toISOString().replace(".000Z", "Z");
}

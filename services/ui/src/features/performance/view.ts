/**
 * What the performance page shows, as its address says it: reload, share and back keep it. Pure.
 * `?range=24h&host=a&host=b`, `?from=…&to=…` for a zoom, `?paused=…` for a page that stands still at that time.
 */
import type { Span } from "../../api/queries";
import { isoOf, secondsOf } from "../../format";

export const RANGES = { "1h": 3_600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000 } as const;
export type Range = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as Range[];
const DEFAULT_RANGE: Range = "1h";
const SHORTEST_ZOOM_S = 30;
const HOSTS_MAX = 50;

/** The address's query, read and checked; what is absent has its default. */
export interface View {
  readonly range: Range;
  readonly hosts: readonly string[];
  readonly zoom: { readonly from_s: number; readonly to_s: number } | null;
  readonly paused_s: number | null;
}

/** The query as the router holds it. */
export interface ViewSearch {
  range?: string;
  host?: string[];
  from?: string;
  to?: string;
  paused?: string;
}

/** Keep what the page understands of a query and drop the rest: a mistyped address shows the default, not an error. */
export function readSearch(search: Record<string, unknown>): ViewSearch {
  const kept: ViewSearch = {};
  const range = one(search.range);
  if (range !== undefined && range in RANGES && range !== DEFAULT_RANGE) kept.range = range;
  const hosts = many(search.host).slice(0, HOSTS_MAX);
  if (hosts.length > 0) kept.host = hosts;
  const from = secondsOf(one(search.from));
  const to = secondsOf(one(search.to));
  if (from !== null && to !== null && to - from >= SHORTEST_ZOOM_S) {
    kept.from = isoOf(from);
    kept.to = isoOf(to);
  }
  const paused = secondsOf(one(search.paused));
  if (paused !== null) kept.paused = isoOf(paused);
  return kept;
}

/** The view that a checked query stands for. */
export function viewOf(search: ViewSearch): View {
  const from_s = secondsOf(search.from);
  const to_s = secondsOf(search.to);
  return {
    range: (search.range ?? DEFAULT_RANGE) as Range,
    hosts: search.host ?? [],
    zoom: from_s !== null && to_s !== null ? { from_s, to_s } : null,
    paused_s: secondsOf(search.paused),
  };
}

/** Whether the page moves with time: not when it is paused, and not when it shows a fixed part of the past. */
export function isMoving(view: View): boolean {
  return view.paused_s === null && view.zoom === null;
}

/** The span to ask the API for. */
export function spanOf(view: View): Span {
  if (view.zoom) return view.zoom;
  if (view.paused_s !== null) return { from_s: view.paused_s - RANGES[view.range], to_s: view.paused_s };
  return { range: view.range };
}

/** The time axis that all charts share. */
export function windowOf(view: View, now_s: number): { from_s: number; to_s: number } {
  if (view.zoom) return view.zoom;
  const to_s = view.paused_s ?? now_s;
  return { from_s: to_s - RANGES[view.range], to_s };
}

/** The query after a change of one thing. A new range leaves a zoom; everything else stays. */
export const change = {
  range: (search: ViewSearch, range: Range): ViewSearch => readSearch({ ...without(search, "from", "to"), range }),
  hosts: (search: ViewSearch, hosts: readonly string[]): ViewSearch =>
    hosts.length === 0 ? without(search, "host") : { ...search, host: [...hosts] },
  zoom: (search: ViewSearch, from_s: number, to_s: number): ViewSearch => {
    const middle = (from_s + to_s) / 2;
    const half = Math.max(SHORTEST_ZOOM_S, to_s - from_s) / 2;
    return { ...search, from: isoOf(Math.floor(middle - half)), to: isoOf(Math.ceil(middle + half)) };
  },
  back: (search: ViewSearch): ViewSearch => without(search, "from", "to"),
  pause: (search: ViewSearch, now_s: number): ViewSearch =>
    search.paused === undefined ? { ...search, paused: isoOf(now_s) } : without(search, "paused"),
} as const;

function without(search: ViewSearch, ...names: (keyof ViewSearch)[]): ViewSearch {
  const rest = { ...search };
  for (const name of names) delete rest[name];
  return rest;
}

function one(value: unknown): string | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" ? first : undefined;
}

function many(value: unknown): string[] {
  const values = Array.isArray(value) ? value : [value];
  return [...new Set(values.filter((entry): entry is string => typeof entry === "string" && entry !== ""))];
}

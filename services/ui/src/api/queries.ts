/** What the pages ask the API for, each with its key, its address and how often it is asked again. */
import { queryOptions } from "@tanstack/react-query";
import { isoOf } from "../format";
import { call, callEither, ProblemError, setCsrfToken } from "./client";
import type { History, Hosts, Session, Summary, SystemHealth } from "./types";

/** How often a page asks again where no live channel moves the figure. */
export const REFRESH_MS = 30_000;
const HEALTH_REFRESH_MS = 5_000;

/** Who is signed in, or null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      const session = await call<Session>("/api/session", { signal, deadline_ms: 5_000 });
      setCsrfToken(session.csrf);
      return session;
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
  // Nothing is drawn before it answers: better to say soon that nothing does, and to try again.
  retry: false,
});

export const hostsQuery = queryOptions({
  queryKey: ["hosts"],
  queryFn: ({ signal }) => call<Hosts>("/api/hosts", { signal }),
  refetchInterval: 10_000,
});

/** The state of every part. A 503 carries the same body: it is an answer, not a failure. */
export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => callEither<SystemHealth>("/api/system/health", [503], { signal, deadline_ms: 5_000 }),
  refetchInterval: HEALTH_REFRESH_MS,
  retry: false,
});

/** The four cards' figures for these hosts; none chosen means all. */
export function summaryQuery(hosts: readonly string[]) {
  return queryOptions({
    queryKey: ["summary", hosts],
    queryFn: ({ signal }) => call<Summary>(`/api/metrics/summary${queryText({ host: hosts })}`, { signal }),
    refetchInterval: REFRESH_MS,
  });
}

/** Which part of time a chart shows: a range that ends now, or two fixed ends in seconds since 1970. */
export type Span = { readonly range: string } | { readonly from_s: number; readonly to_s: number };

export const HISTORY_KEY = "history";

/** One type's lines over a span, at most `points` of them a line. */
export function historyQuery(type: string, span: Span, hosts: readonly string[], points: number) {
  const time = "range" in span ? { range: span.range } : { from: isoOf(span.from_s), to: isoOf(span.to_s) };
  const query = queryText({ ...time, host: hosts, points: String(points) });
  return queryOptions({
    queryKey: [HISTORY_KEY, type, span, hosts],
    queryFn: ({ signal }) => call<History>(`/api/metrics/history/${encodeURIComponent(type)}${query}`, { signal }),
    structuralSharing: false,
  });
}

/** `?a=1&host=x&host=y`, or nothing when there is nothing to say. */
export function queryText(values: Record<string, string | readonly string[]>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of typeof value === "string" ? [value] : value) pairs.append(name, one);
  }
  const text = pairs.toString();
  return text === "" ? "" : `?${text}`;
}

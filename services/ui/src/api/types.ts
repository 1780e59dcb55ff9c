/** The shapes that the API answers with, as far as the pages read them. Times are ISO 8601 in UTC, values in their unit. */

/** Who is signed in; `csrf` goes back as a header with everything that changes something. */
export interface Session {
  user: { id: string; name: string; role: string };
  must_change_password: boolean;
  csrf: string;
}

export type HostState = "reporting" | "late" | "silent";

export interface Host {
  id: string;
  name: string;
  kind: string;
  environment: string | null;
  role: string | null;
  first_seen: string;
  last_seen: string | null;
  age_s: number | null;
  interval_s: number | null;
  state: HostState;
  expected: boolean;
  series: number;
}

export interface Hosts {
  time: string;
  hosts: Host[];
  counts: { reporting: number; late: number; silent: number };
}

/** One line of a chart: the mean with the smallest and largest value of each step; null is a gap. */
export interface HistoryLine {
  host: string;
  name: string;
  labels: Record<string, string>;
  values: (number | null)[];
  min?: (number | null)[];
  max?: (number | null)[];
}

/** All lines of one type on one grid of times (seconds since 1970). */
export interface History {
  type: string;
  unit: string;
  from: string;
  to: string;
  step_s: number;
  resolution: "raw" | "minute" | "hour";
  agg: string;
  times_s: number[];
  lines: HistoryLine[];
}

/** One card: null where the figure is not known, which is never the same as zero. */
export interface Figure {
  value: number | null;
  unit: string;
  previous: number | null;
  change: number | null;
  period: string;
  trend: (number | null)[];
  age_s: number | null;
  threshold?: number | null;
  state?: "ok" | "breached" | "unknown";
}

export interface Summary {
  time: string;
  uptime: Figure;
  active_users: Figure;
  response_time: Figure;
  threats_blocked: Figure;
}

export type PartStatus = "ok" | "degraded" | "down" | "unknown";

export interface Part {
  name: string;
  kind: "service" | "engine";
  status: PartStatus;
  detail: string | null;
  since: string | null;
  latency_s: number | null;
}

export interface SystemHealth {
  status: "ok" | "degraded" | "down";
  /** Without a session, or while sessions cannot be read, the API tells the status alone. */
  time?: string;
  parts?: Part[];
  delay_s?: number | null;
}

/** What a live message says, as points for the charts. Pure; what cannot be read is left out, the next refresh has it. */
import type { LivePoint } from "./merge";

/** The points of one `metrics` message by history type. */
export function pointsOf(text: string): Map<string, LivePoint[]> {
  const found = new Map<string, LivePoint[]>();
  const message = parsed(text);
  if (message === null) return found;
  for (const [type, said] of Object.entries(message.values)) {
    const points = readings(said).map(({ value, labels }) => ({
      host: message.host,
      labels,
      time_s: message.time_ms / 1000,
      value,
    }));
    if (points.length > 0) found.set(type, points);
  }
  return found;
}

interface LiveMessage {
  host: string;
  time_ms: number;
  values: Record<string, unknown>;
}

function parsed(text: string): LiveMessage | null {
  let message: Partial<LiveMessage> | null;
  try {
    message = JSON.parse(text) as Partial<LiveMessage> | null;
  } catch {
    return null;
  }
  if (message === null) return null;
  const { host, time_ms, values } = message;
  if (typeof host !== "string" || typeof time_ms !== "number" || typeof values !== "object" || values === null)
    return null;
  return { host, time_ms, values };
}

/** A type has one value, or several with labels that tell its lines apart. */
function readings(said: unknown): { value: number; labels: Record<string, string> }[] {
  if (typeof said === "number") return [{ value: said, labels: {} }];
  if (Array.isArray(said)) return said.flatMap(readings);
  if (typeof said === "object" && said !== null && "value" in said && typeof said.value === "number") {
    const labels = "labels" in said && typeof said.labels === "object" ? (said.labels as Record<string, string>) : {};
    return [{ value: said.value, labels }];
  }
  return [];
}

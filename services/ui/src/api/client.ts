/**
 * The one way to the API: JSON in and out, a deadline on every call, problems (RFC 9457) as errors of one class.
 * The session is a cookie that scripts cannot read; its CSRF token is kept here and sent with everything that changes.
 */
import { noteServerDate } from "./clock";

const DEADLINE_MS = 10_000;

/** The server answered, and its answer is a refusal. `title` and `detail` are for people. */
export class ProblemError extends Error {
  readonly status: number;
  readonly detail: string;
  readonly fields: readonly { field: string; detail: string }[];
  readonly retryAfter_s: number | null;
  readonly requestId: string | null;

  constructor(status: number, body: ProblemBody, retryAfter_s: number | null) {
    super(body.title ?? `The server answered ${status}`);
    this.name = "ProblemError";
    this.status = status;
    this.detail = body.detail ?? "";
    this.fields = body.errors ?? [];
    this.retryAfter_s = retryAfter_s;
    this.requestId = body.request_id ?? null;
  }
}

/** No answer: the network failed, or the deadline passed. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

interface ProblemBody {
  title?: string;
  detail?: string;
  errors?: { field: string; detail: string }[];
  request_id?: string;
}

export interface Call {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
  deadline_ms?: number;
}

let csrfToken = "";

/** Remember the token that the session came with. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** Call the API. Throws `ProblemError` for an answer outside 2xx, `ConnectionError` when there was none. */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const method = options.method ?? "GET";
  const response = await send(path, method, options);
  noteServerDate(response.headers.get("date"));
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await bodyOf(response)) as T;
}

/** The same, for answers that carry a body with another status too (`/api/system/health` with 503). */
export async function callEither<T>(path: string, accepted: readonly number[], options: Call = {}): Promise<T> {
  const response = await send(path, "GET", options);
  noteServerDate(response.headers.get("date"));
  if (!response.ok && !accepted.includes(response.status)) throw await problemOf(response);
  return (await bodyOf(response)) as T;
}

async function send(path: string, method: string, options: Call): Promise<Response> {
  const deadline = AbortSignal.timeout(options.deadline_ms ?? DEADLINE_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrfToken !== "") headers["X-CSRF-Token"] = csrfToken;
  const body = options.body === undefined ? null : JSON.stringify(options.body);
  try {
    return await fetch(path, { method, headers, body, signal, credentials: "same-origin" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ConnectionError(`No answer from ${path}`, { cause: error });
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new ConnectionError("The answer broke off or is not JSON", { cause: error });
  }
}

async function problemOf(response: Response): Promise<ProblemError> {
  let body: ProblemBody = {};
  if (response.headers.get("content-type")?.includes("json")) {
    body = (await response.json().catch(() => ({}))) as ProblemBody;
  }
  const retryAfter = Number(response.headers.get("retry-after"));
  return new ProblemError(response.status, body, retryAfter > 0 ? retryAfter : null);
}

/** Whether trying again may help: a refusal stays one, an outage ends. */
export function isTransient(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof ProblemError && error.status >= 500);
}

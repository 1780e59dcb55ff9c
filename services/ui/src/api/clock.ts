/**
 * The server's clock as the page knows it. Charts end at the server's now, not at that of a laptop whose clock is wrong.
 * The Date header has whole seconds, so a small difference is noise and is taken for none.
 */
const NOISE_S = 2;
let offset_s = 0;

/** The correction for the local clock, in seconds, from one Date header. Pure. */
export function offsetFrom(date: string, local_s: number): number {
  const server_s = Date.parse(date) / 1000;
  if (Number.isNaN(server_s)) return 0;
  const difference = server_s + 0.5 - local_s;
  return Math.abs(difference) <= NOISE_S ? 0 : difference;
}

/** Learn from an answer's Date header. */
export function noteServerDate(date: string | null): void {
  if (date !== null) offset_s = offsetFrom(date, Date.now() / 1000);
}

/** Seconds since 1970 by the server's clock. */
export function serverNow_s(): number {
  return Date.now() / 1000 + offset_s;
}

/** The live channel's decisions, without a socket or a clock: what state follows, and how long to wait. */

export type Phase = "off" | "connecting" | "live" | "retrying";

/** The channel as the page shows it: its phase, since when, and how many tries in a row have failed. */
export interface ChannelState {
  readonly phase: Phase;
  readonly since_s: number;
  readonly failures: number;
}

export type ChannelEvent = "start" | "opened" | "heard" | "failed" | "stop";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;

export const OFF: ChannelState = { phase: "off", since_s: 0, failures: 0 };

/** The state after `event`. "Retrying since" stays at the first failure, so the page can say when contact was lost. */
export function nextState(state: ChannelState, event: ChannelEvent, now_s: number): ChannelState {
  switch (event) {
    case "start":
      return state.phase === "off" ? { phase: "connecting", since_s: now_s, failures: 0 } : state;
    case "opened":
    case "heard":
      if (state.phase === "off") return state;
      return state.phase === "live" ? state : { phase: "live", since_s: now_s, failures: 0 };
    case "failed":
      if (state.phase === "off") return state;
      return {
        phase: "retrying",
        since_s: state.phase === "retrying" ? state.since_s : now_s,
        failures: state.failures + 1,
      };
    case "stop":
      return { phase: "off", since_s: now_s, failures: 0 };
  }
}

/** Milliseconds until the next try: doubling from half a second to 20 s, spread by `random` (0–1) over half of it. */
export function retryDelay_ms(failures: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(full * (0.5 + random / 2));
}

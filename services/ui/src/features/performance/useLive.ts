/** The live channel of the page: while it moves, each new value goes into the histories that are on the screen. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { serverNow_s } from "../../api/clock";
import { HISTORY_KEY, healthQuery } from "../../api/queries";
import type { History } from "../../api/types";
import { LiveChannel, type Message } from "../../live/channel";
import { type LivePoint, mergePoints, needsFetch } from "../../live/merge";
import { pointsOf } from "../../live/points";
import { type ChannelState, OFF } from "../../live/state";
import { useVisible } from "../../ui/media";
import { RANGES, type Range } from "./view";

/** Values that arrive within this time are drawn together. */
const DRAW_TOGETHER_MS = 200;
/** How often, at most, a history is fetched anew because of values that it cannot take. */
const FETCH_MS = 10_000;
/** How often the stored figures replace those that the page has averaged itself. */
const SETTLE_MS = 60_000;

/** The state of the channel, which is open while `moving` and seen. */
export function useLive(hosts: readonly string[], range: Range, moving: boolean): ChannelState {
  const queryClient = useQueryClient();
  // A browser has few connections to one server, and a tab that nobody sees needs none of them.
  const open = useVisible() && moving;
  const key = hosts.join("\n");
  const channel = useMemo(() => {
    const chosen = key === "" ? [] : key.split("\n");
    const inbox = makeInbox(queryClient, chosen, range);
    return new LiveChannel({ hosts: chosen, events: ["metrics", "state", "reset"], onMessage: inbox });
  }, [queryClient, key, range]);
  useEffect(() => {
    if (!open) return;
    channel.start();
    return () => channel.stop();
  }, [channel, open]);
  const state = useSyncExternalStore(channel.subscribe, channel.getState);
  const phase = state.phase;
  useEffect(() => {
    // What was missed while the channel was away is fetched once it is back.
    if (phase === "live") void queryClient.invalidateQueries({ queryKey: [HISTORY_KEY] });
  }, [phase, queryClient]);
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => queryClient.invalidateQueries({ queryKey: [HISTORY_KEY] }), SETTLE_MS);
    return () => clearInterval(timer);
  }, [moving, queryClient]);
  return moving ? state : OFF;
}

/** Takes what the channel of `hosts` says: values into the histories on the screen, the rest as a reason to read anew. */
export function makeInbox(
  queryClient: QueryClient,
  hosts: readonly string[],
  range: Range,
): (message: Message) => void {
  let waiting = new Map<string, LivePoint[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const fetchedAt = new Map<string, number>();
  const draw = (): void => {
    timer = undefined;
    const arrived = waiting;
    waiting = new Map();
    for (const [type, points] of arrived) {
      const key = [HISTORY_KEY, type, { range }, hosts];
      const history = queryClient.getQueryData<History>(key);
      if (history === undefined) continue;
      queryClient.setQueryData<History>(key, mergePoints(history, points, RANGES[range], serverNow_s()));
      if (!needsFetch(history, points) || Date.now() - (fetchedAt.get(type) ?? 0) < FETCH_MS) continue;
      fetchedAt.set(type, Date.now());
      void queryClient.invalidateQueries({ queryKey: key });
    }
  };
  return (message) => {
    if (message.event === "reset") void queryClient.invalidateQueries({ queryKey: [HISTORY_KEY] });
    if (message.event === "state") void queryClient.invalidateQueries({ queryKey: healthQuery.queryKey });
    if (message.event !== "metrics") return;
    for (const [type, points] of pointsOf(message.data)) waiting.set(type, [...(waiting.get(type) ?? []), ...points]);
    if (timer === undefined) timer = setTimeout(draw, DRAW_TOGETHER_MS);
  };
}

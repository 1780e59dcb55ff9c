/** Whether the page moves, as a word and a dot; pressing it pauses and resumes. */

import { isMoving, type View } from "../features/performance/view";
import { formatExact, formatWhen } from "../format";
import type { ChannelState } from "../live/state";
import { strings } from "../strings";
import { Icon } from "../ui/Icon";

const words = strings.live;

export interface LiveBadgeProps {
  view: View;
  channel: ChannelState;
  /** Whether the channel is open but nothing can come through it. */
  waiting: boolean;
  now_s: number;
  onToggle(): void;
}

export function LiveBadge({ view, channel, waiting, now_s, onToggle }: LiveBadgeProps) {
  const shown = shownState(view, channel, waiting);
  const text =
    shown === "paused"
      ? words.paused(formatWhen(view.paused_s ?? now_s, now_s))
      : words[shown === "fixed" ? "fixed" : shown];
  const explained =
    shown === "retrying" ? words.explain.retrying(formatWhen(channel.since_s, now_s)) : words.explain[shown];
  const exact = view.paused_s === null ? explained : `${explained} (${formatExact(view.paused_s)})`;
  const action = view.paused_s === null ? strings.bar.pause : strings.bar.resume;
  return (
    <button
      type="button"
      className={`button live-badge live-${shown}`}
      aria-label={`${text}. ${action}`}
      title={exact}
      onClick={onToggle}
      disabled={shown === "fixed"}
    >
      <span className="live-dot" aria-hidden="true" />
      <span className="live-text">{text}</span>
      {shown !== "fixed" && <Icon name={view.paused_s === null ? "pause" : "play"} size={16} />}
    </button>
  );
}

type Shown = "live" | "waiting" | "connecting" | "retrying" | "paused" | "fixed";

function shownState(view: View, channel: ChannelState, waiting: boolean): Shown {
  if (view.paused_s !== null) return "paused";
  if (!isMoving(view)) return "fixed";
  if (channel.phase === "live") return waiting ? "waiting" : "live";
  return channel.phase === "off" ? "connecting" : channel.phase;
}

/** The bar on top: which hosts, which time, whether it moves, and who one is. On a phone the range sits at the thumb. */
import { HostPicker } from "../features/hosts/HostPicker";
import type { ViewActions } from "../features/performance/PerformancePage";
import type { View } from "../features/performance/view";
import type { ChannelState } from "../live/state";
import { strings } from "../strings";
import { Logo } from "../ui/Logo";
import { AccountMenu } from "./AccountMenu";
import { LiveBadge } from "./LiveBadge";
import { RangeControl } from "./RangeControl";

export interface AppBarProps {
  view: View;
  channel: ChannelState;
  waiting: boolean;
  now_s: number;
  actions: ViewActions;
  onPassword(): void;
  onHelp(): void;
}

export function AppBar({ view, channel, waiting, now_s, actions, onPassword, onHelp }: AppBarProps) {
  return (
    <header className="bar">
      <Logo />
      <nav className="bar-controls" aria-label={strings.bar.label}>
        <HostPicker selected={view.hosts} onChange={actions.hosts} />
        <RangeControl view={view} now_s={now_s} onRange={actions.range} onBack={actions.back} />
      </nav>
      <div className="bar-end">
        <LiveBadge view={view} channel={channel} waiting={waiting} now_s={now_s} onToggle={actions.pause} />
        <AccountMenu onPassword={onPassword} onHelp={onHelp} />
      </div>
    </header>
  );
}

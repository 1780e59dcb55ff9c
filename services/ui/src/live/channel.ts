/**
 * The live channel: one EventSource for the page, re-opened with a growing delay and resumed from the last id seen.
 * The browser's own retry is not used: it gives up on an error status and never says so.
 */
import { queryText } from "../api/queries";
import { type ChannelEvent, type ChannelState, nextState, OFF, retryDelay_ms } from "./state";

/** Heartbeats are invisible to a page, so a channel that says nothing for this long is opened afresh. */
const SILENCE_MS = 60_000;

export interface Message {
  readonly event: string;
  readonly data: string;
}

export interface ChannelOptions {
  readonly hosts: readonly string[];
  readonly events: readonly string[];
  readonly onMessage: (message: Message) => void;
}

export class LiveChannel {
  private state: ChannelState = OFF;
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private lastId = "";
  private readonly listeners = new Set<() => void>();

  constructor(private readonly options: ChannelOptions) {}

  readonly getState = (): ChannelState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Open the channel and keep it open until `stop`. */
  start(): void {
    if (this.state.phase !== "off") return;
    this.move("start");
    window.addEventListener("online", this.reopen);
    this.open();
  }

  /** Close it; nothing more is delivered. */
  stop(): void {
    window.removeEventListener("online", this.reopen);
    this.close();
    this.move("stop");
  }

  private readonly reopen = (): void => {
    if (this.state.phase !== "retrying") return;
    this.close();
    this.open();
  };

  private open(): void {
    const id: Record<string, string> = this.lastId === "" ? {} : { last_event_id: this.lastId };
    const source = new EventSource(`/api/live${queryText({ host: this.options.hosts, ...id })}`);
    this.source = source;
    source.onopen = () => {
      this.move("opened");
      this.expectSound();
    };
    source.onerror = () => this.fail();
    for (const name of this.options.events) {
      source.addEventListener(name, (event) => this.receive(name, event as MessageEvent<string>));
    }
    this.expectSound();
  }

  private receive(event: string, message: MessageEvent<string>): void {
    if (message.lastEventId !== "") this.lastId = message.lastEventId;
    this.move("heard");
    this.expectSound();
    this.options.onMessage({ event, data: message.data });
  }

  private expectSound(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      // Most often nothing was measured; a fresh connection costs little and finds out.
      this.close();
      this.open();
    }, SILENCE_MS);
  }

  private fail(): void {
    this.close();
    this.move("failed");
    this.timer = setTimeout(() => this.open(), retryDelay_ms(this.state.failures, Math.random()));
  }

  private close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.source?.close();
    this.source = null;
  }

  private move(event: ChannelEvent): void {
    const next = nextState(this.state, event, Date.now() / 1000);
    if (next === this.state) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }
}

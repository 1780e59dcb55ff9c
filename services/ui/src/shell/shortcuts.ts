/** Keys of the whole page. A key never acts while one types, nor takes Space or Enter away from what has the focus. */
import { useEffect, useRef } from "react";

/** A binding: a key (`?`, `l`, ` `) or two in a row (`g p`), and what it does. */
export type Bindings = Readonly<Record<string, () => void>>;

const CHORD_MS = 1_200;

/** What a key press means: the action's name, or the first half of a pair to remember. Pure. */
export function readKey(
  key: string,
  pending: string,
  known: readonly string[],
): { action: string | null; pending: string } {
  const pair = `${pending} ${key}`;
  if (pending !== "" && known.includes(pair)) return { action: pair, pending: "" };
  if (known.includes(key)) return { action: key, pending: "" };
  return { action: null, pending: known.some((name) => name.startsWith(`${key} `)) ? key : "" };
}

/** Whether the element that has the focus needs this key itself. */
function needsKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("input, textarea, select, [contenteditable=true], dialog[open], [role=menu]")) return true;
  return (key === " " || key === "Enter") && target.closest("button, a, summary, [tabindex='0']") !== null;
}

/** Listen for `bindings` on the whole page. */
export function useShortcuts(bindings: Bindings): void {
  const latest = useRef(bindings);
  latest.current = bindings;
  useEffect(() => {
    let pending = "";
    let at = 0;
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || needsKey(event.target, event.key))
        return;
      const fresh = event.timeStamp - at < CHORD_MS ? pending : "";
      const read = readKey(event.key, fresh, Object.keys(latest.current));
      pending = read.pending;
      at = event.timeStamp;
      if (read.action === null) return;
      event.preventDefault();
      latest.current[read.action]?.();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

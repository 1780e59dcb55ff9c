/** A command with a button that copies it. Where the clipboard is closed to the page, the text can still be selected. */
import { useState } from "react";
import { strings } from "../strings";
import { Icon } from "./Icon";

export function CopyCommand({ command }: { command: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(command);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };
  return (
    <p className="command">
      <code>{command}</code>
      <button
        type="button"
        className="button-quiet button-square"
        aria-label={strings.copy.label}
        onClick={() => void copy()}
      >
        <Icon name={copied ? "check" : "copy"} size={16} />
      </button>
      <span className="visually-hidden" role="status">
        {copied ? strings.copy.done : ""}
      </span>
    </p>
  );
}

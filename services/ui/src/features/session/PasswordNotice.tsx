/** The reminder that a one-time password is still in use. It can be put off, and comes back with the next visit. */
import { useState } from "react";
import { strings } from "../../strings";
import { Mark } from "../../ui/Mark";

const words = strings.password;

export function PasswordNotice({ onChoose }: { onChoose(): void }) {
  const [later, setLater] = useState(false);
  if (later) return null;
  return (
    <div className="notice notice-info">
      <Mark kind="info" />
      <span>{words.notice}</span>
      <span className="notice-actions">
        <button type="button" className="button" onClick={onChoose}>
          {words.choose}
        </button>
        <button type="button" className="button-quiet" onClick={() => setLater(true)}>
          {words.later}
        </button>
      </span>
    </div>
  );
}

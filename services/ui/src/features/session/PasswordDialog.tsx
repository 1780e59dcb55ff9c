/** A new password in place of the one-time one. It checks while one types, and keeps what was typed when it fails. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { call, ProblemError } from "../../api/client";
import { sessionQuery } from "../../api/queries";
import { strings } from "../../strings";
import { Dialog } from "../../ui/Dialog";
import { Mark } from "../../ui/Mark";

const words = strings.password;
export const PASSWORD_LENGTH_MIN = 12;

export function PasswordDialog({ user, onClose }: { user: string; onClose(saved: boolean): void }) {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const queryClient = useQueryClient();
  const save = useMutation({
    mutationFn: () => call<void>("/api/session/password", { method: "POST", body: { current, new: fresh } }),
    onSuccess: async () => {
      // The new password opens a new session with a new token.
      await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
      onClose(true);
    },
  });
  const missing = PASSWORD_LENGTH_MIN - [...fresh].length;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (missing <= 0 && !save.isPending) save.mutate();
  };
  return (
    <Dialog title={words.title} onClose={() => onClose(false)}>
      <form onSubmit={submit}>
        <input
          className="visually-hidden"
          type="text"
          name="username"
          autoComplete="username"
          value={user}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <label htmlFor="current-password">{words.current}</label>
        <input
          id="current-password"
          type="password"
          autoComplete="current-password"
          required
          value={current}
          aria-describedby="current-hint"
          onChange={(event) => setCurrent(event.target.value)}
        />
        <p id="current-hint" className="hint">
          {words.currentHint}
        </p>
        <label htmlFor="new-password">{words.fresh}</label>
        <input
          id="new-password"
          type="password"
          autoComplete="new-password"
          required
          value={fresh}
          aria-describedby="new-hint"
          onChange={(event) => setFresh(event.target.value)}
        />
        <p id="new-hint" className="hint">
          {fresh === "" ? words.freshHint : missing > 0 ? words.tooShort(missing) : words.longEnough}
        </p>
        <p className="form-error" role="alert">
          {save.error && (
            <>
              <Mark kind="warning" />
              <span>{problemText(save.error)}</span>
            </>
          )}
        </p>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={() => onClose(false)}>
            {words.cancel}
          </button>
          <button
            type="submit"
            className="button button-primary"
            disabled={current === "" || missing > 0}
            aria-disabled={save.isPending}
          >
            {save.isPending ? words.saving : words.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function problemText(error: Error): string {
  if (!(error instanceof ProblemError)) return strings.notices.unreachable;
  const fields = error.fields.map((field) => field.detail).join(" ");
  return fields || error.detail || error.message;
}

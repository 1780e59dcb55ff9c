/** Signing in. What was typed stays, errors say what to do, and the page that was wanted comes next. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ConnectionError, call, ProblemError, setCsrfToken } from "../../api/client";
import { sessionQuery } from "../../api/queries";
import type { Session } from "../../api/types";
import { safeNext } from "../../app/address";
import { formatDuration } from "../../format";
import { strings } from "../../strings";
import { Icon } from "../../ui/Icon";
import { Logo } from "../../ui/Logo";
import { Mark } from "../../ui/Mark";

const words = strings.signIn;
const route = getRouteApi("/sign-in");

export function SignInPage() {
  const search = route.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  const signIn = useMutation({
    mutationFn: (body: { user: string; password: string }) => call<Session>("/api/session", { method: "POST", body }),
    onSuccess: (session) => {
      setCsrfToken(session.csrf);
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, session);
      router.history.push(safeNext(search.next));
    },
  });
  useEffect(() => {
    document.title = `${words.submit} · ${strings.product}`;
  }, []);
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Logo />
        <h1>{words.title}</h1>
        {search.ended && !signIn.isError && <p className="muted">{words.ended}</p>}
        <SignInForm
          busy={signIn.isPending}
          problem={signIn.error}
          onSubmit={(user, password) => signIn.mutate({ user, password })}
        />
        <p className="hint">{words.firstTime}</p>
      </div>
    </main>
  );
}

interface FormProps {
  busy: boolean;
  problem: Error | null;
  onSubmit(user: string, password: string): void;
}

function SignInForm({ busy, problem, onSubmit }: FormProps) {
  const [visible, setVisible] = useState(false);
  const [missing, setMissing] = useState<"user" | "password" | null>(null);
  const user = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const name = user.current?.value.trim() ?? "";
    const secret = password.current?.value ?? "";
    const lacks = name === "" ? "user" : secret === "" ? "password" : null;
    setMissing(lacks);
    if (lacks === "user") user.current?.focus();
    else if (lacks === "password") password.current?.focus();
    else if (!busy) onSubmit(name, secret);
  };
  return (
    <form onSubmit={submit} noValidate>
      <label htmlFor="user">{words.user}</label>
      <input
        ref={user}
        id="user"
        name="user"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        aria-invalid={missing === "user"}
        aria-describedby="sign-in-error"
      />
      <label htmlFor="password">{words.password}</label>
      <div className="input-with-button">
        <input
          ref={password}
          id="password"
          name="password"
          type={visible ? "text" : "password"}
          autoComplete="current-password"
          aria-invalid={missing === "password"}
          aria-describedby="sign-in-error"
        />
        <button
          type="button"
          className="button-quiet button-square"
          aria-pressed={visible}
          aria-label={visible ? words.hidePassword : words.showPassword}
          onClick={() => setVisible(!visible)}
        >
          <Icon name="eye" />
        </button>
      </div>
      <p id="sign-in-error" className="form-error" role="alert">
        {missing && <Said text={missing === "user" ? words.userMissing : words.passwordMissing} />}
        {!missing && problem && !busy && <Said text={problemText(problem)} />}
      </p>
      <button type="submit" className="button button-primary button-wide" aria-disabled={busy}>
        {busy ? words.working : words.submit}
      </button>
    </form>
  );
}

function Said({ text }: { text: string }) {
  return (
    <>
      <Mark kind="warning" />
      <span>{text}</span>
    </>
  );
}

function problemText(problem: Error): string {
  if (problem instanceof ConnectionError) return strings.notices.unreachable;
  if (!(problem instanceof ProblemError)) return problem.message;
  if (problem.status === 401) return words.refused;
  if (problem.status === 429) return words.tooMany(formatDuration(problem.retryAfter_s ?? 60));
  return problem.detail === "" ? problem.message : `${problem.message}. ${problem.detail}`;
}

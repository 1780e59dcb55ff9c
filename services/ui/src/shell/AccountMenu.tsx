/** Theme, password, shortcuts, sign-out: what one needs seldom, behind one button. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { call } from "../api/client";
import { sessionQuery } from "../api/queries";
import { strings } from "../strings";
import { Icon } from "../ui/Icon";
import { Popover } from "../ui/Popover";
import { THEMES, useTheme } from "./theme";

const words = strings.bar;
const THEME_ICONS = { system: "system", light: "sun", dark: "moon" } as const;

export function AccountMenu({ onPassword, onHelp }: { onPassword(): void; onHelp(): void }) {
  const { data: session } = useQuery(sessionQuery);
  const signOut = useSignOut();
  return (
    <Popover label={words.account} className="button button-square" align="end" button={<Icon name="user" />}>
      {(close) => (
        <div className="account-menu">
          {session && <p className="account-name">{words.signedInAs(session.user.name, session.user.role)}</p>}
          <ThemeChoice />
          <MenuButton
            text={words.changePassword}
            onClick={() => {
              close();
              onPassword();
            }}
          />
          <MenuButton
            text={words.shortcuts}
            onClick={() => {
              close();
              onHelp();
            }}
          />
          <MenuButton text={words.signOut} onClick={signOut} />
        </div>
      )}
    </Popover>
  );
}

function MenuButton({ text, onClick }: { text: string; onClick(): void }) {
  return (
    <button type="button" className="menu-item" onClick={onClick}>
      {text}
    </button>
  );
}

function ThemeChoice() {
  const [theme, choose] = useTheme();
  return (
    <div className="segments theme-choice" role="group" aria-label={words.theme}>
      {THEMES.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={theme === name}
          aria-label={words.themes[name]}
          title={words.themes[name]}
          onClick={() => choose(name)}
        >
          <Icon name={THEME_ICONS[name]} size={16} />
        </button>
      ))}
    </div>
  );
}

function useSignOut(): () => void {
  const queryClient = useQueryClient();
  const router = useRouter();
  const end = useMutation({
    mutationFn: () => call<void>("/api/session", { method: "DELETE" }),
    onSuccess: () => {
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, null);
      void router.navigate({ to: "/sign-in", search: {} });
    },
  });
  return () => end.mutate();
}

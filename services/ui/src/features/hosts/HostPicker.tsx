/** Choosing the hosts that the page shows. None ticked means all of them. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { hostsQuery } from "../../api/queries";
import type { Host } from "../../api/types";
import { strings } from "../../strings";
import { Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";
import { Popover } from "../../ui/Popover";

export const OPEN_HOSTS_EVENT = "wk:open-hosts";
const words = strings.hosts;
const MARKS = { reporting: "ok", late: "warning", silent: "critical" } as const;

export function HostPicker({ selected, onChange }: { selected: readonly string[]; onChange(hosts: string[]): void }) {
  const { data } = useQuery(hostsQuery);
  const hosts = data?.hosts ?? [];
  const chosen = chosenText(hosts, selected);
  return (
    <Popover
      label={words.pick}
      buttonLabel={words.picked(chosen)}
      className="button host-button"
      openEvent={OPEN_HOSTS_EVENT}
      button={
        <>
          <Icon name="host" size={16} />
          <span className="host-chosen">{chosen}</span>
          <Icon name="chevron" size={16} />
        </>
      }
    >
      {() => <HostList hosts={hosts} selected={selected} onChange={onChange} />}
    </Popover>
  );
}

/** The one host that is shown by its name, several by their number. */
function chosenText(hosts: readonly Host[], selected: readonly string[]): string {
  if (selected.length > 1) return words.some(selected.length);
  const only = selected[0] ?? (hosts.length === 1 ? hosts[0]?.id : undefined);
  if (only === undefined) return words.all;
  return hosts.find((host) => host.id === only)?.name ?? only;
}

interface ListProps {
  hosts: readonly Host[];
  selected: readonly string[];
  onChange(hosts: string[]): void;
}

function HostList({ hosts, selected, onChange }: ListProps) {
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const shown = hosts
    .filter((host) => `${host.name} ${host.id} ${host.environment} ${host.role}`.toLowerCase().includes(wanted))
    .sort((a, b) => a.name.localeCompare(b.name));
  const toggle = (id: string): void =>
    onChange(selected.includes(id) ? selected.filter((host) => host !== id) : [...selected, id]);
  return (
    <div className="host-list">
      <input
        type="search"
        data-autofocus
        aria-label={words.find}
        placeholder={words.find}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <ul>
        {shown.map((host) => (
          <li key={host.id}>
            <label>
              <input type="checkbox" checked={selected.includes(host.id)} onChange={() => toggle(host.id)} />
              <span className="host-name">{host.name}</span>
              <span className="host-state">
                <Mark kind={MARKS[host.state]} size={14} />
                {words.states[host.state]}
              </span>
            </label>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="muted host-none">{hosts.length === 0 ? words.waiting : words.none}</p>}
      {selected.length > 0 && (
        <button type="button" className="button button-wide" onClick={() => onChange([])}>
          {words.clear}
        </button>
      )}
    </div>
  );
}

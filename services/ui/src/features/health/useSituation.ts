/** The situation that the banner and the status grid tell about, kept current. */
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { ConnectionError } from "../../api/client";
import { serverNow_s } from "../../api/clock";
import { healthQuery, hostsQuery } from "../../api/queries";
import type { Situation } from "./notices";

export function useSituation(): Situation {
  const health = useQuery(healthQuery);
  const hosts = useQuery(hostsQuery);
  const lost = health.error instanceof ConnectionError || (health.isError && health.data === undefined);
  const since = useRef<number | null>(null);
  if (!lost) since.current = null;
  else since.current ??= health.dataUpdatedAt > 0 ? health.dataUpdatedAt / 1000 : serverNow_s();
  return {
    health: health.data ?? null,
    hosts: hosts.data ?? null,
    lostSince_s: since.current,
    now_s: serverNow_s(),
  };
}

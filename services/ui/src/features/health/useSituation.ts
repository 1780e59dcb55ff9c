/** The situation that the banner and the status grid tell about, kept current. */
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { ConnectionError, ProblemError } from "../../api/client";
import { serverNow_s } from "../../api/clock";
import { healthQuery, hostsQuery } from "../../api/queries";
import type { Situation } from "./notices";

/** No answer, or one from something that stands in front of the API and does not reach it. */
function isLost(error: Error): boolean {
  return error instanceof ConnectionError || (error instanceof ProblemError && [502, 504].includes(error.status));
}

export function useSituation(): Situation {
  const health = useQuery(healthQuery);
  const hosts = useQuery(hostsQuery);
  const lost = health.isError && isLost(health.error);
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

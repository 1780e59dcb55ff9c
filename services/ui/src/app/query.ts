/** The page's memory of what the API said: what is tried again, and what happens when the session has ended. */
import { QueryCache, QueryClient } from "@tanstack/react-query";
import { isTransient, ProblemError } from "../api/client";
import { sessionQuery } from "../api/queries";

const TRIES = 2;

/** A client that asks again after outages, never after refusals, and forgets the session when the API refuses it. */
export function makeQueryClient(onSessionEnded: () => void): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        const ended = error instanceof ProblemError && error.status === 401 && query.queryKey[0] !== "session";
        if (!ended || client.getQueryData(sessionQuery.queryKey) === null) return;
        client.setQueryData(sessionQuery.queryKey, null);
        onSessionEnded();
      },
    }),
    defaultOptions: {
      queries: {
        // The browser's idea of being online is wrong on machines that reach only themselves.
        networkMode: "always",
        staleTime: 5_000,
        retry: (failures, error) => failures < TRIES && isTransient(error),
        retryDelay: (failures) => Math.min(8_000, 1_000 * 2 ** failures),
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
  return client;
}

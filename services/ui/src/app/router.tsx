/** The addresses of the pages. Everything but the sign-in asks for a session first and comes back afterwards. */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { sessionQuery } from "../api/queries";
import { readSearch } from "../features/performance/view";
import { parseQuery, safeNext, writeQuery } from "./address";
import { BrokenPage, MissingPage, PendingPage } from "./Fallbacks";

const loadPerformancePage = () => import("../features/performance/PerformancePage");

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({ notFoundComponent: MissingPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string; ended?: string } => ({
    ...(typeof search.next === "string" ? { next: safeNext(search.next) } : {}),
    ...(search.ended === "1" ? { ended: "1" } : {}),
  }),
  component: lazyRouteComponent(() => import("../features/session/SignInPage"), "SignInPage"),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ to: "/sign-in", search: { next: location.href } });
  },
});

const first = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/performance-monitoring" });
  },
});

const performancePage = createRoute({
  getParentRoute: () => signedIn,
  path: "/performance-monitoring",
  validateSearch: readSearch,
  component: lazyRouteComponent(loadPerformancePage, "PerformancePage"),
});

/** Fetch the code of the page that the address asks for while the session is still being asked for. */
export function fetchAhead(path: string): void {
  if (path === "/performance-monitoring") void loadPerformancePage();
}

/** The router of the application. */
export function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: root.addChildren([first, signIn, signedIn.addChildren([performancePage])]),
    context: { queryClient },
    parseSearch: parseQuery,
    stringifySearch: writeQuery,
    defaultErrorComponent: BrokenPage,
    defaultPendingComponent: PendingPage,
    defaultPendingMs: 150,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

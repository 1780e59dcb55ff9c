/** What stands in for a page: while it loads, when it is missing, when it broke. */
import type { ErrorComponentProps } from "@tanstack/react-router";
import { useEffect } from "react";
import { isTransient } from "../api/client";
import { strings } from "../strings";
import { Mark } from "../ui/Mark";

const RETRY_MS = 5_000;

export function PendingPage() {
  return <div className="page-pending skeleton" aria-hidden="true" />;
}

export function MissingPage() {
  return (
    <main className="page-alone">
      <h1>{strings.pages.notFound}</h1>
      <p>
        <a href="/performance-monitoring">{strings.pages.goToPerformance}</a>
      </p>
    </main>
  );
}

/** An outage at the first load is tried again by itself; anything else is a fault of the page and says so. */
export function BrokenPage({ error }: ErrorComponentProps) {
  const outage = isTransient(error);
  useEffect(() => {
    if (!outage) return;
    const timer = setTimeout(() => window.location.reload(), RETRY_MS);
    return () => clearTimeout(timer);
  }, [outage]);
  return (
    <main className="page-alone" role="alert">
      <Mark kind={outage ? "warning" : "critical"} size={24} />
      <h1>{outage ? strings.pages.notAnswering : strings.pages.broken}</h1>
      <button type="button" className="button" onClick={() => window.location.reload()}>
        {strings.pages.reload}
      </button>
    </main>
  );
}

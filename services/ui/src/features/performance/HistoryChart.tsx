/** One chart of the page with the history behind it. It asks for its data when it first comes near the screen. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { historyQuery, REFRESH_MS } from "../../api/queries";
import { ChartPanel } from "../../charts/ChartPanel";
import { chartModel } from "../../charts/model";
import type { Palette } from "../../charts/palette";
import { strings } from "../../strings";
import { anchorOf, type ChartEntry } from "./charts";
import { isMoving, spanOf, type View } from "./view";

const POINTS = 600;
const RECOVER_MS = 10_000;
/** Charts out of view wait this long, so that those in view come first; then they load too, ready for scrolling and print. */
const LATER_MS = 2_500;

export interface HistoryChartProps {
  entry: ChartEntry;
  view: View;
  window: { from_s: number; to_s: number };
  colours: ReadonlyMap<string, number>;
  palette: Palette;
  interval_s: number;
  height: number;
  threshold: number | null;
  onZoom(from_s: number, to_s: number): void;
  onBack(): void;
}

export function HistoryChart({ entry, view, colours, ...rest }: HistoryChartProps) {
  const [near, box] = useNear();
  const moving = isMoving(view);
  const query = useQuery({
    ...historyQuery(entry.type, spanOf(view), view.hosts, POINTS),
    enabled: near,
    placeholderData: keepPreviousData,
    refetchInterval: (asked) =>
      asked.state.status === "error" || asked.state.fetchFailureCount > 0 ? RECOVER_MS : moving ? REFRESH_MS : false,
  });
  const history = query.data;
  const model = useMemo(() => (history ? chartModel(history, colours) : null), [history, colours]);
  return (
    <div ref={box} id={anchorOf(entry.type)} className="chart-slot">
      <ChartPanel
        {...rest}
        title={strings.charts[entry.type]}
        model={model}
        status={{
          failed: query.isError || query.failureCount > 1,
          loadedAt_s: query.dataUpdatedAt > 0 ? query.dataUpdatedAt / 1000 : null,
        }}
        moving={moving}
      />
    </div>
  );
}

function useNear(): [boolean, React.RefObject<HTMLDivElement | null>] {
  const [near, setNear] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element || near) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) setNear(true);
    });
    observer.observe(element);
    const timer = setTimeout(() => setNear(true), LATER_MS);
    return () => {
      observer.disconnect();
      clearTimeout(timer);
    };
  }, [near]);
  return [near, box];
}

/** The charts of the page, in their order. A further chart is one line here and its title in the strings. */
export interface ChartEntry {
  /** The API's history type; also the title's name in the strings, and the chart's anchor. */
  readonly type: "cpu" | "memory" | "response_time" | "error_rate" | "disk" | "network" | "active_users" | "threats";
  /** Whether the summary's response-time threshold is drawn. */
  readonly threshold?: true;
}

export const CHARTS: readonly ChartEntry[] = [
  { type: "cpu" },
  { type: "memory" },
  { type: "response_time", threshold: true },
  { type: "error_rate" },
  { type: "disk" },
  { type: "network" },
  { type: "active_users" },
  { type: "threats" },
];

/** The anchor of a chart, for links that lead to it. */
export function anchorOf(type: ChartEntry["type"]): string {
  return `chart-${type}`;
}

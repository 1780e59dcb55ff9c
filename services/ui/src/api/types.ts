/**
 * The names by which the pages call the API's shapes. The shapes themselves are generated from docs/openapi.json
 * (`npm run types`), so a change of the API that the pages do not follow is an error of the compiler.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** Who is signed in; `csrf` goes back as a header with everything that changes something. */
export type Session = Schemas["Session"];

export type Host = Schemas["Host"];
export type Hosts = Schemas["Hosts"];

/** All lines of one type on one grid of times (seconds since 1970), with the smallest and largest of each step. */
export type History = Schemas["History"];
export type HistoryLine = Schemas["Line"];

/** One card: null where the figure is not known, which is never the same as zero. Some have a threshold. */
export type Figure = Schemas["SummaryCard"] & Partial<Pick<Schemas["ThresholdCard"], "threshold" | "state">>;
export type Summary = Schemas["Summary"];

/** The system's state; without a session, or while sessions cannot be read, the API tells the status alone. */
export type SystemHealth = Schemas["SystemHealth"];
export type Part = Schemas["HealthPart"];
export type PartStatus = Schemas["Status"];

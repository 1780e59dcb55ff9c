/** The four key figures: value, change against the period before, shape over time, threshold, age. */
import { useQuery } from "@tanstack/react-query";
import { summaryQuery } from "../../api/queries";
import type { Figure } from "../../api/types";
import { Sparkline } from "../../charts/Sparkline";
import { formatChange, formatDuration, formatParts, formatPeriod, formatValue } from "../../format";
import { strings } from "../../strings";
import { Mark } from "../../ui/Mark";
import { anchorOf } from "./charts";
import { isOld, isWorse } from "./figures";

const words = strings.cards;
const CARDS = [
  { name: "uptime", leadsTo: "status-title", better: "up" },
  { name: "active_users", leadsTo: anchorOf("active_users"), better: "up" },
  { name: "response_time", leadsTo: anchorOf("response_time"), better: "down" },
  { name: "threats_blocked", leadsTo: anchorOf("threats"), better: "neither" },
] as const;

export function Cards({ hosts, paused }: { hosts: readonly string[]; paused: boolean }) {
  const query = useQuery({ ...summaryQuery(hosts), refetchInterval: paused ? false : 15_000 });
  return (
    <section className="cards" aria-label={words.label}>
      {CARDS.map((card) => (
        <Card
          key={card.name}
          card={card}
          figure={query.data?.[card.name] ?? null}
          elapsed_s={query.dataUpdatedAt > 0 ? (Date.now() - query.dataUpdatedAt) / 1000 : 0}
          loading={query.isPending}
        />
      ))}
    </section>
  );
}

interface CardProps {
  card: (typeof CARDS)[number];
  figure: Figure | null;
  /** How long ago the figure was fetched; its own age goes on meanwhile. */
  elapsed_s: number;
  loading: boolean;
}

function Card({ card, figure, elapsed_s, loading }: CardProps) {
  if (loading || figure === null) {
    return (
      <article className="panel card">
        <h2>{words[card.name]}</h2>
        {loading ? (
          <div className="skeleton card-skeleton" aria-hidden="true" />
        ) : (
          <p className="card-value">{strings.unknown}</p>
        )}
      </article>
    );
  }
  const parts = formatParts(figure.value, figure.unit);
  return (
    <article className={isOld(figure, elapsed_s) ? "panel card is-stale" : "panel card"}>
      <h2>
        <a href={`#${card.leadsTo}`}>{words[card.name]}</a>
      </h2>
      <p className="card-value">
        {parts.number}
        {parts.unit !== "" && <span className="card-unit"> {parts.unit}</span>}
      </p>
      <Sparkline values={figure.trend} threshold={figure.threshold ?? null} />
      <p className="card-change">
        <Change figure={figure} better={card.better} />
      </p>
      <p className="card-foot">
        <Threshold figure={figure} />
        <span className="card-age">{ageText(figure, elapsed_s)}</span>
      </p>
    </article>
  );
}

function ageText(figure: Figure, elapsed_s: number): string {
  if (figure.age_s === null) return figure.value === null ? words.notKnown : "";
  const age_s = figure.age_s + elapsed_s;
  return age_s < 1.5 ? words.now : words.age(formatDuration(age_s));
}

function Change({ figure, better }: { figure: Figure; better: "up" | "down" | "neither" }) {
  const change = formatChange(figure.value, figure.previous, figure.unit);
  if (change === null) return <span className="muted">{figure.value === null ? "\u00a0" : words.noComparison}</span>;
  const worse = isWorse(figure, better);
  const previous = formatValue(figure.previous, figure.unit);
  return (
    <span title={`${previous} ${words.inPeriod(formatPeriod(figure.period))}`}>
      <span className={worse ? "change-worse" : "change"}>{change}</span>
      <span className="muted"> {words.against(formatPeriod(figure.period))}</span>
    </span>
  );
}

function Threshold({ figure }: { figure: Figure }) {
  if (figure.threshold === undefined || figure.threshold === null) return null;
  const limit = formatValue(figure.threshold, figure.unit);
  if (figure.value === null || figure.state === "unknown") return <span>{words.threshold(limit)}</span>;
  const breached = figure.state === "breached";
  return (
    <span className={breached ? "card-threshold is-breached" : "card-threshold"}>
      <Mark kind={breached ? "warning" : "ok"} size={12} />
      <span>
        {breached ? words.above : words.within} {limit}
      </span>
    </span>
  );
}

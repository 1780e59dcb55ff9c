/** What a card's figure means beyond its number. Pure. */
import type { Figure } from "../../api/types";

const OLD_S = 300;

/** Whether a figure that was fetched `elapsed_s` ago is so old that it must not look current. */
export function isOld(figure: Figure, elapsed_s: number): boolean {
  return figure.value !== null && figure.age_s !== null && figure.age_s + elapsed_s > OLD_S;
}

/** Whether the change since the period before is one for the worse; `better` is the direction that is good. */
export function isWorse(figure: Figure, better: "up" | "down" | "neither"): boolean {
  if (better === "neither" || figure.value === null || figure.previous === null) return false;
  return better === "up" ? figure.value < figure.previous : figure.value > figure.previous;
}

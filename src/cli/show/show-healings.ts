/** What `show` tells of healings: what was found, what was done, and how it ended. */

import { formatMs } from "../../core/duration.ts";
import type { HealRecord } from "../../core/remedy.ts";
import { clip } from "../../core/show.ts";
import { msBetween } from "../run-state.ts";

const LONGEST_LINE = 300;

/** The lines of the healings of one attempt; `noEnd` is said where the end of one is not known. */
export function healingLines(healings: readonly HealRecord[], noEnd: string): string[] {
  return healings.flatMap((healing) => [
    `        ${headOf(healing, noEnd)}`,
    ...bodyOf(healing).map((line) => `          ${clip(line, LONGEST_LINE)}`),
  ]);
}

function headOf(healing: HealRecord, noEnd: string): string {
  const { remedy, target, outcome, startedAtMs, endedAtMs } = healing;
  const took = endedAtMs === undefined ? noEnd : formatMs(msBetween(startedAtMs, endedAtMs));
  return `remedy ${remedy} (${clip(target, LONGEST_LINE)}): ${outcome ?? "begun"}, ${took}`;
}

function bodyOf(healing: HealRecord): string[] {
  const { found, plan, deeds, because, blastRadius, outcome, advice } = healing;
  const isCut = outcome === undefined;
  return [
    ...(found === undefined ? [] : [`found: ${found}`]),
    ...(found === undefined ? [] : [`at most: ${blastRadius}`]),
    // What was done is known at its end only.
    ...(isCut ? plan.map((line) => `meant to ${line}`) : deeds),
    ...(because === undefined ? [] : [`${outcome === "healed" ? "then" : "because"}: ${because}`]),
    ...(advice === undefined ? [] : [`to do: ${advice}`]),
  ];
}

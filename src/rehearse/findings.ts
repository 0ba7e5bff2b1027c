/** What all runs of a rehearsal showed, gathered by mistake: one mistake shows in many runs. Pure. */

import { inWords, type Difference } from "./differences.ts";
import { MISTAKES, type MistakeName } from "./mistakes.ts";
import { nameOf } from "./plan.ts";
import type { Rehearsed } from "./rehearse.ts";

/** One mistake of one step. */
export interface Mistaken {
  readonly mistake: MistakeName;
  readonly title: string;
  readonly advice: string;
  /** The step at fault. */
  readonly step: string;
  /** The runs in which it showed, as `step: fault`. */
  readonly shownBy: readonly string[];
  /** What was left, in words, one line each. */
  readonly left: readonly string[];
  readonly said: readonly string[];
}

/** One mistake and step after the other, in the order in which they showed. */
export function gather(runs: readonly Rehearsed[]): Mistaken[] {
  const all = new Map<string, Gathering>();
  for (const run of runs) {
    for (const { mistake, step, left, said } of run.findings) {
      const key = JSON.stringify([mistake, step]);
      const known = all.get(key) ?? newGathering(mistake, step);
      all.set(key, known);
      known.shownBy.add(`${run.fault.step}: ${nameOf(run.fault)}`);
      for (const difference of left) known.left.add(lineOf(difference));
      if (said !== undefined) known.said.add(said);
    }
  }
  return [...all.values()].map(({ shownBy, left, said, ...rest }) => ({
    ...rest,
    ...MISTAKES[rest.mistake],
    shownBy: [...shownBy],
    left: [...left],
    said: [...said],
  }));
}

interface Gathering {
  readonly mistake: MistakeName;
  readonly step: string;
  readonly shownBy: Set<string>;
  readonly left: Set<string>;
  readonly said: Set<string>;
}

function newGathering(mistake: MistakeName, step: string): Gathering {
  return { mistake, step, shownBy: new Set(), left: new Set(), said: new Set() };
}

/** A difference as one line: its path, and what is not as it must be. */
export function lineOf(difference: Difference): string {
  return `${difference.path} ${inWords(difference)}`;
}

/** Who is at fault, as a title. Code outside of steps has none before the first. */
export function culpritOf({ mistake, step }: Pick<Mistaken, "mistake" | "step">): string {
  if (mistake !== "effect-outside") return step;
  return step === "" ? "before the first step" : `beside ${step}`;
}

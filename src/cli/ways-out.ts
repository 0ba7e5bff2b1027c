/** What a human can do about a run that has not ended: commands that run as they stand there. */

import { shellWord } from "../core/shell-word.ts";

/** How to go on with one run. */
export interface WaysOut {
  readonly resume: string;
  readonly rollback: string;
  /** About a step in doubt. */
  decide(step: string): string[];
}

/** @param calledAs How this command line is called: `npx holdfast`. */
export function waysOut(calledAs: string, runId: string): WaysOut {
  const resume = `${calledAs} resume ${runId}`;
  const rollback = `${calledAs} rollback ${runId}`;
  return {
    resume,
    rollback,
    decide: (step) => [
      "If it did not happen:",
      `  ${resume} --decide ${shellWord(`${step}=absent`)}`,
      "If it did (replace null by what it answered, as JSON):",
      `  ${resume} --decide ${shellWord(`${step}=null`)}`,
      "Or take the run back:",
      `  ${rollback}`,
    ],
  };
}

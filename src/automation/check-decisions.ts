/** Whether what a human decided is about steps that are in doubt: the rule, without a journal. */

import { InputError } from "../core/errors.ts";
import type { Claim, StepRecord } from "../core/journal.ts";
import { stepLabel } from "./book.ts";
import { isInDoubt } from "./step-record.ts";

/** The steps in doubt, as people name them, in their order. */
export function stepsInDoubt(steps: readonly StepRecord[]): readonly string[] {
  return steps.filter(isInDoubt).map(({ task, name }) => stepLabel(task, name));
}

/**
 * @param decided The steps that decisions are about.
 * @throws {InputError} For the first that is not in doubt: a misspelt decision would be lost silently.
 */
export function checkDecisions(decided: readonly string[], { run, steps }: Claim): void {
  const doubted = stepsInDoubt(steps);
  const twice = decided.find((label) => doubted.indexOf(label) !== doubted.lastIndexOf(label));
  if (twice !== undefined) {
    throw new InputError(
      `Two steps of run ${run.id} are called "${twice}", one of them in a task, so nobody can tell which is meant; roll the run back, or start fresh`,
    );
  }
  const wrong = decided.find((label) => !doubted.includes(label));
  if (wrong === undefined) return;
  const isThere = steps.some(({ task, name }) => stepLabel(task, name) === wrong);
  const problem = isThere
    ? `Step "${wrong}" of run ${run.id} is not in doubt`
    : `Run ${run.id} has no step "${wrong}"`;
  const advice =
    doubted.length === 0
      ? "no step of it is in doubt, so leave the decision out"
      : `decide only about what is in doubt: ${doubted.map((label) => `"${label}"`).join(", ")}`;
  throw new InputError(`${problem}, and nothing was done; ${advice}`);
}

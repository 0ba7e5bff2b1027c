/** The faults of ends that `--retry-on` and `--fatal-on` name, in front of the tables of tools. Pure. */

import type { Rule } from "../../classify/classify.ts";
import { CommandError } from "../../process/command-error.ts";
import { isNamed, readConditions, type Condition } from "./conditions.ts";
import type { Guarding } from "./plan.ts";
import { knownFault, type Fault } from "../../core/fault.ts";

/**
 * What is named keeps the code that the tables give it, and gets another class. `--fatal-on` comes
 * first: who names both wants no retry. With `--retry-on`, ends that it does not name are fatal; how
 * we ended the command ourselves is no end of its own, and stays as it is.
 */
export function namedFault(plan: Pick<Guarding, "retryOn" | "fatalOn">): Rule {
  const fatal = conditionsOf(plan.fatalOn);
  const transient = conditionsOf(plan.retryOn);
  // Asked several times of one error, by the breaker, the retry and the run; a pattern may be slow.
  const told = new WeakMap<CommandError, Fault>();
  return (error) => {
    if (!(error instanceof CommandError)) return undefined;
    const fault = told.get(error) ?? faultBy(error, fatal, transient);
    told.set(error, fault);
    return fault;
  };
}

function faultBy(
  error: CommandError,
  fatal: readonly Condition[],
  transient: readonly Condition[],
): Fault {
  const { end } = error;
  const fault: Fault = knownFault(error) ?? UNKNOWN;
  // Where it is not clear, it is not run again.
  if (isNamed(end, fatal, true)) return { ...fault, class: "fatal" };
  if (isNamed(end, transient, false)) return { ...fault, class: "transient" };
  const isOwnEnd = end.endedBy === undefined;
  return transient.length > 0 && isOwnEnd ? { ...fault, class: "fatal" } : fault;
}

const UNKNOWN: Fault = { class: "unknown", code: "COMMAND_FAILED", effect: "unknown" };

function conditionsOf(texts: readonly string[]): readonly Condition[] {
  return texts.flatMap((text) => readConditions(text, "conditions"));
}

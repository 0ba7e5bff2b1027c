/**
 * Which failures another answer may stand in for: the rule, without promises.
 *
 * A fatal one is a bug, bad credentials or a bad request. It will never work, and an answer in its
 * place would hide that for good; so it takes somebody who names it.
 */

import { FAULT_CLASSES, type Fault, type FaultClass } from "../core/fault.ts";
import { isOneOf, type FailureKind } from "./failure-kinds.ts";

/** What passes, or may: all classes but `fatal`. */
export const PASSING: readonly FaultClass[] = Object.freeze(
  FAULT_CLASSES.filter((name) => name !== "fatal"),
);

/** What was said about which failures are meant. */
export interface FailureRules {
  readonly classes: readonly FaultClass[] | undefined;
  readonly only: readonly FailureKind[] | undefined;
  readonly except: readonly FailureKind[] | undefined;
}

/** Whether a failure is meant. Who names kinds in `only` means them, whatever their class. */
export function isMeant(error: unknown, fault: Fault, rules: FailureRules): boolean {
  const { only, except = [], classes = only === undefined ? PASSING : FAULT_CLASSES } = rules;
  return (
    classes.includes(fault.class) &&
    (only === undefined || isOneOf(only, error, fault)) &&
    !isOneOf(except, error, fault)
  );
}

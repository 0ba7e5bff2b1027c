/**
 * From an error to its fault: a list of rules, asked in order, the user's own before the built-in
 * ones. The error stays the same object; what it was classified as is remembered beside it.
 */

import { knownFault, rememberFault, type Fault } from "../core/fault.ts";
import { programmingFault } from "./bugs.ts";
import { deepestFault } from "./chain.ts";
import { errorCode } from "./error-code.ts";
import { isFault } from "./is-fault.ts";

/** Tells the fault that an error is, or `undefined` when the rule does not know it. */
export type Rule = (error: unknown) => Fault | undefined;

/** Tells the fault of any error. Never throws, and says the same of the same object each time, unless its `code` changed. */
export type Classify = (error: unknown) => Fault;

/**
 * The rules that need no setting up: what HTTP statuses, gRPC's status codes, Node's and undici's codes,
 * SQLite's result codes and the ends of child processes mean, and last that a programming error is fatal.
 */
export const BUILT_IN_RULES: readonly Rule[] = Object.freeze([deepestFault, programmingFault]);

/**
 * Makes a classifier that asks `rules` first, then what the error carries or was classified as
 * before, then the built-in rules. What none of them knows is `unknown`, with effect `unknown`.
 *
 * A rule that throws, or answers what is no fault, counts as one that does not know, so that a
 * faulty rule never hides the failure that it was asked about.
 *
 * @example
 * const faultOfBank = classifier([
 *   (error) =>
 *     error instanceof Error && error.message.includes("insufficient funds")
 *       ? { class: "fatal", code: "INSUFFICIENT_FUNDS", effect: "none" }
 *       : undefined,
 * ]);
 */
export function classifier(rules: readonly Rule[]): Classify {
  const all = [...rules, knownFault, ...BUILT_IN_RULES];
  return (error) => {
    const fault = firstAnswer(all, error) ?? unknownFault(error);
    rememberFault(error, fault);
    return fault;
  };
}

/** Tells the fault of any error by what it carries and by the built-in rules. */
export const faultOf: Classify = classifier([]);

/**
 * A classifier that is handed in, made to keep what `Classify` promises: where it throws or answers
 * what is no fault, the fault is `unknown`. Policies ask while they settle a call, and could not.
 */
export function guarded(classify: Classify): Classify {
  return (error) => answerOf(classify, error) ?? unknownFault(error);
}

function firstAnswer(rules: readonly Rule[], error: unknown): Fault | undefined {
  for (const rule of rules) {
    const fault = answerOf(rule, error);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function answerOf(rule: Rule, error: unknown): Fault | undefined {
  try {
    const answer = rule(error);
    return isFault(answer) ? answer : undefined;
  } catch {
    // The error that is being classified matters more than the one in the rule.
    return undefined;
  }
}

function unknownFault(error: unknown): Fault {
  return { class: "unknown", code: errorCode(error), effect: "unknown" };
}

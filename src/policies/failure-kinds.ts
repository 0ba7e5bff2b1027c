/** Kinds of failures, for lists of what a policy is for and what it is not for. */

import { OptionsError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import { list, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";

/**
 * The code of a fault, such as `"HTTP_404"`; a class of faults, such as `"timeout"`; or a class of
 * errors, such as `TimeoutError`.
 */
export type FailureKind = string | (abstract new (...args: never[]) => unknown);

/** Whether a failure is of one of these kinds. What was thrown need not be an error. */
export function isOneOf(kinds: readonly FailureKind[], error: unknown, fault: Fault): boolean {
  return kinds.some((kind) =>
    typeof kind === "string" ? kind === fault.code || kind === fault.class : error instanceof kind,
  );
}

/** Reads one kind. */
export const readKind: Reader<FailureKind> = (value, path) => {
  const isCode = typeof value === "string" && value !== "";
  // An arrow function has no prototype, and `instanceof` would throw for it.
  const isType = typeof value === "function" && typeof value.prototype === "object";
  if (isCode || isType) return value as FailureKind;
  throw new OptionsError(
    path,
    `expected a fault's code, its class or a class of errors, received ${show(value)}`,
  );
};

/** Reads a list of kinds; `undefined` when it is left out. */
export const readKinds: Reader<readonly FailureKind[] | undefined> = list(readKind, {
  default: undefined,
});

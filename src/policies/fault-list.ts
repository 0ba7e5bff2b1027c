/** Lists of failures as an option: `only` these, or all `except` these. */

import type { Fault } from "../core/fault.ts";
import { OptionsError } from "../core/errors.ts";
import { list } from "../core/options.ts";
import { show } from "../core/show.ts";

/** A fault's code, such as `"HTTP_503"`; a class of faults, such as `"timeout"`; or a class of errors. */
export type FaultSign = string | (abstract new (...args: never[]) => unknown);

/** Reads a list of failures; `undefined` where there is none. */
export const readFaultList = list<FaultSign, undefined>(readSign, { default: undefined });

function readSign(value: unknown, path: string): FaultSign {
  if (typeof value === "string" && value !== "") return value;
  // Arrow functions have no prototype: those are predicates, and belong into `when`.
  if (typeof value === "function" && typeof value.prototype === "object")
    return value as FaultSign & (abstract new () => unknown);
  throw new OptionsError(
    path,
    `expected a fault's code, its class or a class of errors, received ${show(value)}`,
  );
}

/** Whether a failure is one of those that are listed. */
export function isListed(signs: readonly FaultSign[], error: unknown, fault: Fault): boolean {
  return signs.some((sign) =>
    typeof sign === "string" ? sign === fault.code || sign === fault.class : error instanceof sign,
  );
}

/** The judge of results as an option of a policy. */

import { isFault } from "../classify/is-fault.ts";
import { OptionsError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import { callable, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";

/** The fault of a result that is not good; `undefined` when it is. */
export type FaultOfResult = (value: never) => Fault | undefined;

const readFunction = callable<FaultOfResult, undefined>({ default: undefined });

/** Reads such a function, from now on one that answers a fault or `undefined`, or throws. */
export const readFaultOfResult: Reader<((value: unknown) => Fault | undefined) | undefined> = (
  value,
  path,
) => {
  const faultOfResult = readFunction(value, path);
  if (faultOfResult === undefined) return undefined;
  return (result) => {
    const fault = faultOfResult(result as never);
    if (fault === undefined || isFault(fault)) return fault;
    throw new OptionsError(path, `expected to give a fault or undefined, gave ${show(fault)}`);
  };
};

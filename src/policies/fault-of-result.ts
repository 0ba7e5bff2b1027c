/** Results that are failures, as an option of a policy. */

import { isFault } from "../classify/is-fault.ts";
import type { Fault } from "../core/fault.ts";
import { OptionsError } from "../core/errors.ts";
import { callable, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";

/**
 * Tells the fault of a result that is not good; `undefined` when it is. Its parameter may be given
 * the type that the work answers, which is taken at its word.
 */
export type FaultOfResult = Judge["judge"];

interface Judge {
  // As a method: a function in its place would have to take results of any type.
  // oxlint-disable-next-line typescript/method-signature-style
  judge(result: unknown): Fault | undefined;
}

const readFunction = callable<FaultOfResult, undefined>({ default: undefined });

/** Reads a judge of results, from now on one that answers a fault or nothing, or throws. */
export const readFaultOfResult: Reader<FaultOfResult | undefined> = (value, path) => {
  const judge = readFunction(value, path);
  if (judge === undefined) return undefined;
  return (result) => {
    const answer: unknown = judge(result);
    if (answer === undefined || isFault(answer)) return answer;
    // Taken for "good" it would never be found out.
    throw new OptionsError(path, `expected to give a fault or undefined, gave ${show(answer)}`);
  };
};

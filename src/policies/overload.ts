/** Which failures say that a dependency has more to do than it can. */

import { callable, type Reader } from "../core/options.ts";
import type { Fault } from "../core/fault.ts";

/** Whether a failure says that the dependency is overloaded. */
export type IsOverload = (error: unknown, fault: Fault) => boolean;

/**
 * It turned the call away, was cut off, or did not answer: classes `transient` (a rate limit is one),
 * `degraded` and `timeout`. Whoever says that a request is wrong has had the time to look at it.
 */
function isOverload(_error: unknown, { class: name }: Fault): boolean {
  return name === "transient" || name === "degraded" || name === "timeout";
}

const readFunction = callable<IsOverload, IsOverload>({ default: isOverload });

/** Reads the option; from now on one that never throws: then the default holds. */
export const readIsOverload: Reader<IsOverload> = (value, path) => {
  const own = readFunction(value, path);
  return (error, fault) => {
    try {
      return own(error, fault);
    } catch {
      // It only counts: a mistake in it must not hide the failure that it was asked about.
      return isOverload(error, fault);
    }
  };
};

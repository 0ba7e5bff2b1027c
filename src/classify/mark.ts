/** Marks on errors: apart from the rules, so that who marks need not load their tables. */

import { rememberFault, type Fault } from "../core/fault.ts";
import { errorCode } from "./error-code.ts";

/** What a mark on an error may say; the rest is found out, or unknown. */
export type FaultMark = Pick<Fault, "class"> & {
  readonly [Name in keyof Fault]?: Fault[Name] | undefined;
};

/**
 * Marks an error with its fault, from where the failure is known best, and answers the same error:
 * `throw withFault(error, { class: "fatal" })` ends all retries, and `"transient"` asks for one. What
 * is not said is the error's own code, effect `unknown`, and no Retry-After.
 *
 * What cannot be marked, such as text that was thrown, stays as it is.
 */
export function withFault<Marked>(error: Marked, mark: FaultMark): Marked {
  const { code = errorCode(error), effect = "unknown", ...rest } = mark;
  rememberFault(error, { code, effect, ...rest });
  return error;
}

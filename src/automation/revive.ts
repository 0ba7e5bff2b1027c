/** An error out of the journal, as alive as it can be made. */

import type { ErrorSummary } from "../core/error-summary.ts";
import { rememberFault, type Fault } from "../core/fault.ts";

/**
 * An error that looks like the one that was recorded: same name, message, code, stack and causes, and
 * the same fault. It is not the same object, and its class is plain `Error`.
 */
export function reviveError(summary: ErrorSummary, fault?: Fault): Error {
  const options = summary.cause === undefined ? {} : { cause: reviveError(summary.cause) };
  const error = new Error(summary.message, options);
  Object.defineProperty(error, "name", { value: summary.type, configurable: true });
  Object.defineProperty(error, "stack", { value: summary.stack, configurable: true });
  if (summary.code !== undefined) Object.assign(error, { code: summary.code });
  if (fault !== undefined) rememberFault(error, fault);
  return error;
}

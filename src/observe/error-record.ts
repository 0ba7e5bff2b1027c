/** The `error` part of a record. */

import type { ErrorSummary } from "../core/error-summary.ts";
import type { Fault } from "../core/fault.ts";
import { clip } from "../core/show.ts";
import { errorGroup } from "./error-group.ts";

/** ECS `error.*`. */
export interface ErrorRecord {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  /** The same for errors that have the same reason. */
  readonly id: string;
  readonly stack_trace: string;
}

/** Shippers refuse longer lines, and more is never read. */
const LONGEST_STACK = 32_000;

/** Describes an error; its code is the fault's where it has none of its own. */
export function errorRecord(error: ErrorSummary, fault: Fault | undefined): ErrorRecord {
  const code = error.code ?? fault?.code;
  return {
    type: error.type,
    ...(code === undefined ? {} : { code }),
    message: error.message,
    id: errorGroup(error),
    stack_trace: clip(stackText(error), LONGEST_STACK),
  };
}

/** The stack with its causes below it, as Java prints them: every log viewer knows that form. */
function stackText({ type, message, stack, cause, errors = [] }: ErrorSummary): string {
  return [
    stack ?? `${type}: ${message}`,
    ...(cause === undefined ? [] : [`Caused by: ${stackText(cause)}`]),
    ...errors.map(
      (member, index) => `Caused by ${index + 1} of ${errors.length}: ${stackText(member)}`,
    ),
  ].join("\n");
}

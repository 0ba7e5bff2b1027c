/** What the rows about events are made of. */

import type { ErrorSummary } from "../core/error-summary.ts";
import type { EventDetails, Where } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";

/** One row per kind of event: what happened, where, and what people and programs are told of it. */
export type Row = readonly [
  details: EventDetails<ErrorSummary>,
  where: Where,
  level: string,
  phase: string,
  message: string,
];

/** A fault with everything that one can have. */
export const FAULT: Fault = {
  class: "degraded",
  code: "HTTP_503",
  effect: "none",
  retryAfterMs: 2_000,
};
/** The error of those failures. */
export const ERROR: ErrorSummary = {
  type: "Error",
  message: "no answer",
  stack: "Error: no answer\n    at put",
};
/** What the events of failures have in common. */
export const FAILURE = { fault: FAULT, error: ERROR };
/** A run. */
export const RUN = { automation: "nightly", runId: "01j" };
/** A task of that run. */
export const TASK = { ...RUN, task: "prune" };
/** A step of a task. */
export const STEP = { ...TASK, step: "upload", key: "01j-upload" };

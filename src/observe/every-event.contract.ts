/** What the log says of every type of event: the level, the phase and outcome, and the sentence. */

import type { HoldfastEvent } from "../core/events.ts";
import { LIMIT_ROWS } from "./limit-events.contract.ts";
import { RATE_ROWS } from "./rate-events.contract.ts";
import { EXTRA_ATTEMPT_ROWS } from "./extra-attempt-events.contract.ts";
import { ANSWER_ROWS } from "./answer-events.contract.ts";
import { BREAKER_ROWS } from "./breaker-events.contract.ts";
import { SHAPE_ROWS } from "./shape-events.contract.ts";
import { SCHEDULE_ROWS } from "./schedule-events.contract.ts";
import { SCOPE_ROWS } from "./scope-events.contract.ts";
import { ERROR, FAILURE, FAULT, RUN, STEP, TASK, type Row } from "./event-row.contract.ts";

export { FAILURE, FAULT, STEP, type Row } from "./event-row.contract.ts";

/** One task of two. */
export const TASKS = { succeeded: 1, total: 2 };

/** At least one row for each type of event. */
export const ROWS: readonly Row[] = [
  [
    { type: "run.started", file: "/srv/nightly.ts" },
    RUN,
    "INFO",
    "start",
    'Automation "nightly" started, run 01j',
  ],
  [
    { type: "run.resumed", resumes: 2 },
    RUN,
    "WARNING",
    "start",
    'Automation "nightly" goes on where it was cut off, run 01j, resume 2',
  ],
  [
    { type: "run.completed", durationMs: 1_500, tasks: TASKS },
    RUN,
    "INFO",
    "end success",
    'Automation "nightly" completed in 1.5 s: 1/2 tasks succeeded',
  ],
  [
    { type: "run.failed", durationMs: 1_500, tasks: TASKS, exitCode: 80, ...FAILURE },
    RUN,
    "ERROR",
    "end failure",
    'Automation "nightly" failed after 1.5 s, 1/2 tasks succeeded: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "run.failed", durationMs: 1_500, tasks: TASKS, exitCode: 1 },
    RUN,
    "ERROR",
    "end failure",
    'Automation "nightly" failed after 1.5 s, 1/2 tasks succeeded',
  ],
  [
    { type: "run.interrupted", durationMs: 60_000, reason: "SIGINT" },
    RUN,
    "INFO",
    "end unknown",
    'Automation "nightly" was interrupted after 1 m: SIGINT',
  ],
  [
    { type: "run.cancelled", durationMs: 1_500, tasks: TASKS, exitCode: 80, ...FAILURE },
    RUN,
    "INFO",
    "end failure",
    'Automation "nightly" was ended after 1.5 s, 1/2 tasks succeeded: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "run.retried", of: "01h", from: "upload", takenOver: 2, undone: [] },
    RUN,
    "INFO",
    "info",
    'Run 01h is done again from "upload" on, with 2 steps taken over',
  ],
  [
    { type: "run.retried", of: "01h", takenOver: 1, undone: ["a", "prune/b"] },
    RUN,
    "INFO",
    "info",
    "Run 01h is done again, with 1 step taken over; done again before it, for they were undone: a, prune/b",
  ],
  [
    { type: "run.cancel_requested", by: "ann on web-1" },
    RUN,
    "WARNING",
    "info",
    'Automation "nightly" is cancelled by ann on web-1',
  ],
  [
    { type: "run.cancel_requested", by: "ann on web-1", why: "wrong night" },
    RUN,
    "WARNING",
    "info",
    'Automation "nightly" is cancelled by ann on web-1: wrong night',
  ],
  [
    { type: "run.stopped", exitCode: 82, ...FAILURE },
    RUN,
    "CRITICAL",
    "end failure",
    'Automation "nightly" stopped: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "run.stopped", exitCode: 70, ...FAILURE },
    {},
    "ERROR",
    "end failure",
    "The automation stopped: no answer (HTTP_503, degraded)",
  ],
  [
    { type: "requirement.failed", ...FAILURE },
    RUN,
    "ERROR",
    "info failure",
    'Automation "nightly" was not started: no answer (HTTP_503, degraded)',
  ],
  [{ type: "task.started" }, TASK, "INFO", "start", 'Task "prune" started'],
  [
    { type: "task.completed", durationMs: 20, replayed: false },
    { ...RUN, task: "" },
    "INFO",
    "end success",
    "The run's own task completed in 20 ms",
  ],
  [
    { type: "task.completed", durationMs: 20, replayed: true },
    TASK,
    "INFO",
    "end success",
    'Task "prune" was completed before',
  ],
  [
    { type: "task.failed", durationMs: 20, ...FAILURE },
    TASK,
    "ERROR",
    "end failure",
    'Task "prune" failed after 20 ms: no answer (HTTP_503, degraded)',
  ],
  [{ type: "step.started", hasUndo: true }, STEP, "INFO", "start", 'Step "prune/upload" started'],
  [
    { type: "step.completed", durationMs: 20, attempts: 1 },
    { ...STEP, task: "" },
    "INFO",
    "end success",
    'Step "upload" completed in 20 ms',
  ],
  [
    { type: "step.completed", durationMs: 20, attempts: 3 },
    STEP,
    "INFO",
    "end success",
    'Step "prune/upload" completed in 20 ms at attempt 3',
  ],
  [
    { type: "step.failed", durationMs: 20, attempts: 1, ...FAILURE },
    STEP,
    "ERROR",
    "end failure",
    'Step "prune/upload" failed after 1 attempt: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "step.replayed", outcome: "completed" },
    STEP,
    "INFO",
    "info",
    'Step "prune/upload" was completed before',
  ],
  [
    { type: "step.replayed", outcome: "failed" },
    STEP,
    "INFO",
    "info",
    'Step "prune/upload" failed before',
  ],
  [
    { type: "step.interrupted" },
    STEP,
    "INFO",
    "end unknown",
    'Step "prune/upload" was interrupted',
  ],
  [
    { type: "step.doubted" },
    STEP,
    "WARNING",
    "info unknown",
    'Step "prune/upload" was begun, and nobody saw its end',
  ],
  [
    { type: "step.reconciled", answer: "happened" },
    STEP,
    "INFO",
    "info",
    'Step "prune/upload" had taken effect',
  ],
  [
    { type: "step.reconciled", answer: "absent" },
    STEP,
    "INFO",
    "info",
    'Step "prune/upload" had not taken effect',
  ],
  [
    { type: "step.reconciled", answer: "unknown" },
    STEP,
    "WARNING",
    "info",
    'Step "prune/upload" may have taken effect, and cannot be looked up',
  ],
  [
    { type: "attempt.started", number: 2 },
    STEP,
    "DEBUG",
    "start",
    'Step "prune/upload" started attempt 2',
  ],
  [
    { type: "attempt.succeeded", number: 2 },
    STEP,
    "DEBUG",
    "end success",
    'Step "prune/upload" succeeded at attempt 2',
  ],
  [
    { type: "attempt.failed", number: 2, durationMs: 20, ...FAILURE },
    STEP,
    "WARNING",
    "end failure",
    'Step "prune/upload" failed at attempt 2: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "attempt.failed", policy: "bank", number: 2, durationMs: 20, ...FAILURE },
    {},
    "WARNING",
    "end failure",
    'Policy "bank" failed at attempt 2: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "attempt.abandoned", graceMs: 5_000 },
    STEP,
    "WARNING",
    "info unknown",
    'Step "prune/upload" left something behind that did not end within 5 s of its abort',
  ],
  [
    {
      type: "retry.scheduled",
      policy: "retry",
      number: 2,
      maxAttempts: 4,
      waitMs: 1_200,
      fault: FAULT,
    },
    STEP,
    "INFO",
    "info",
    'Step "prune/upload" (retry) is tried again in 1.2 s',
  ],
  [
    {
      type: "retry.scheduled",
      policy: "prune/upload",
      number: 1,
      maxAttempts: 4,
      waitMs: 0,
      fault: FAULT,
    },
    STEP,
    "INFO",
    "info",
    'Step "prune/upload" is tried again at once',
  ],
  [
    {
      type: "retry.scheduled",
      policy: "prune/upload: undo",
      number: 1,
      maxAttempts: 4,
      waitMs: 20,
      fault: FAULT,
    },
    STEP,
    "INFO",
    "info",
    'Step "prune/upload" (undo) is tried again in 20 ms',
  ],
  [
    { type: "retry.recovered", policy: "bank", attempts: 3 },
    STEP,
    "INFO",
    "info success",
    'Step "prune/upload" (bank) recovered at attempt 3',
  ],
  [
    {
      type: "retry.stopped",
      policy: "retry",
      attempts: 4,
      reason: "attempts used up",
      history: [{ number: 4, fault: FAILURE.fault, durationMs: 12 }],
      ...FAILURE,
    },
    STEP,
    "WARNING",
    "info failure",
    'Step "prune/upload" (retry) is not tried again after 4 attempts, attempts used up: no answer (HTTP_503, degraded)',
  ],
  ...BREAKER_ROWS,
  ...SHAPE_ROWS,
  ...SCHEDULE_ROWS,
  ...EXTRA_ATTEMPT_ROWS,
  ...RATE_ROWS,
  ...LIMIT_ROWS,
  ...ANSWER_ROWS,
  [
    { type: "verify.failed", ...FAILURE },
    STEP,
    "WARNING",
    "info failure",
    'Step "prune/upload" ended, and its result is not good: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "rollback.started", steps: 3, ...FAILURE },
    TASK,
    "WARNING",
    "start",
    'Task "prune" is being rolled back, 3 steps: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "rollback.completed", steps: 1 },
    TASK,
    "INFO",
    "end success",
    'Task "prune" was rolled back, 1 step',
  ],
  [
    { type: "rollback.failed", steps: ["upload", "archive"], error: ERROR },
    TASK,
    "CRITICAL",
    "end failure",
    'Task "prune" could not be rolled back, a human is needed: the effect of upload, archive may still be there',
  ],
  [{ type: "undo.started" }, STEP, "INFO", "start", 'Step "prune/upload" is being undone'],
  [
    { type: "undo.completed", durationMs: 20 },
    STEP,
    "INFO",
    "end success",
    'Step "prune/upload" was undone in 20 ms',
  ],
  [
    { type: "undo.failed", isFinal: false, ...FAILURE },
    STEP,
    "WARNING",
    "end failure",
    'Step "prune/upload" could not be undone: no answer (HTTP_503, degraded)',
  ],
  [
    { type: "undo.failed", isFinal: true, ...FAILURE },
    STEP,
    "CRITICAL",
    "end failure",
    'Step "prune/upload" could not be undone, a human is needed: no answer (HTTP_503, degraded)',
  ],
  ...SCOPE_ROWS,
  [
    { type: "lease.lost", error: ERROR },
    RUN,
    "ERROR",
    "info failure",
    'Automation "nightly" stops: no answer',
  ],
  [
    { type: "journal.failed", error: ERROR },
    RUN,
    "CRITICAL",
    "info failure",
    "The journal failed: no answer",
  ],
  [
    { type: "ballast.released", file: "/state/holdfast.db", bytes: 2 ** 20 },
    RUN,
    "WARNING",
    "change",
    "The disk of journal /state/holdfast.db is full: its ballast of 1 MB was given up, so that runs can end; free some space there",
  ],
  [
    { type: "ballast.restored", file: "/state/holdfast.db", bytes: 2 ** 20 },
    RUN,
    "INFO",
    "change",
    "Journal /state/holdfast.db has its ballast of 1 MB again",
  ],
  [
    { type: "log.written", level: "ERROR", message: "said so", data: { rows: 3 } },
    STEP,
    "ERROR",
    "info",
    "said so",
  ],
];

/** The event of a row, as it is in the stream. */
export function eventOf([details, where]: Row): HoldfastEvent {
  return { ...details, atMs: Date.UTC(2026, 10, 22, 1, 23, 45, 678), where };
}

/** The service that the records are about. */
export const SERVICE = { name: "nightly", version: "1.4.0" };

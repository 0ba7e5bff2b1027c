/** What happened, as a sentence for people. The log and the progress lines say the same. */

import { formatMs } from "../core/duration.ts";
import { errorLine, type ErrorSummary } from "../core/error-summary.ts";
import type { EventType, HoldfastEvent, TaskCount } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { clip } from "../core/show.ts";
import { stepLabel } from "./step-label.ts";

type EventOf<Type extends EventType> = Extract<HoldfastEvent, { readonly type: Type }>;

/** A sentence for each event: a missing one does not compile. */
const SENTENCES: { readonly [Type in EventType]: (event: EventOf<Type>) => string } = {
  "run.started": (event) => `${automation(event)} started${run(event)}`,
  "run.resumed": (event) =>
    `${automation(event)} goes on where it was cut off${run(event)}, resume ${event.resumes}`,
  "run.completed": (event) =>
    `${automation(event)} completed in ${length(event.durationMs)}: ${tasks(event.tasks)}`,
  "run.failed": (event) =>
    `${automation(event)} failed after ${length(event.durationMs)}: ${tasks(event.tasks)}` +
    (event.error === undefined ? "" : `; ${failure(event.error, event.fault)}`),
  "run.interrupted": (event) =>
    `${automation(event)} was interrupted after ${length(event.durationMs)}: ${event.reason}`,
  "run.stopped": (event) => `${automation(event)} stopped: ${failure(event.error, event.fault)}`,
  "requirement.failed": (event) =>
    `${automation(event)} was not started: ${failure(event.error, event.fault)}`,

  "task.started": (event) => `${task(event)} started`,
  "task.completed": (event) =>
    event.replayed
      ? `${task(event)} was completed before`
      : `${task(event)} completed in ${length(event.durationMs)}`,
  "task.failed": (event) =>
    `${task(event)} failed after ${length(event.durationMs)}: ${failure(event.error, event.fault)}`,

  "step.started": (event) => `${subject(event)} started`,
  "step.completed": (event) =>
    `${subject(event)} completed in ${length(event.durationMs)}` +
    (event.attempts > 1 ? ` at attempt ${event.attempts}` : ""),
  "step.failed": (event) =>
    `${subject(event)} failed after ${count(event.attempts, "attempt")}: ` +
    failure(event.error, event.fault),
  "step.replayed": (event) =>
    event.outcome === "completed"
      ? `${subject(event)} was completed before`
      : `${subject(event)} failed before`,
  "step.interrupted": (event) => `${subject(event)} was interrupted`,
  "step.doubted": (event) => `${subject(event)} was begun, and nobody saw its end`,
  "step.reconciled": (event) => reconciled(event),

  "attempt.started": (event) => `${subject(event)} started attempt ${event.number}`,
  "attempt.succeeded": (event) => `${subject(event)} succeeded at attempt ${event.number}`,
  "attempt.failed": (event) =>
    `${subject(event)} failed at attempt ${event.number}: ${failure(event.error, event.fault)}`,
  "attempt.abandoned": (event) =>
    `${subject(event)} left an attempt behind that did not end within ` +
    `${length(event.graceMs)} of its abort`,

  "retry.scheduled": (event) =>
    `${subject(event)} failed at attempt ${event.number}: ${event.fault.code} ` +
    `(${event.fault.class}); next in ${length(event.waitMs)}`,
  "retry.stopped": (event) =>
    `${subject(event)} is not tried again after ${count(event.attempts, "attempt")}, ` +
    `${event.reason}: ${failure(event.error, event.fault)}`,

  "breaker.opened": (event) =>
    `Breaker "${event.policy}" opened for ${length(event.pauseMs)}: ` +
    failure(event.error, event.fault),
  "breaker.half_opened": (event) => `Breaker "${event.policy}" lets one call through as a probe`,
  "breaker.closed": (event) => `Breaker "${event.policy}" closed`,
  "breaker.rejected": (event) =>
    `Breaker "${event.policy}" refused a call; it stays open for ${length(event.retryAfterMs)}`,
  "timeout.expired": (event) => `${subject(event)} did not end within ${length(event.limitMs)}`,
  "verify.failed": (event) =>
    `${subject(event)} ended, and its result is not good: ${failure(event.error, event.fault)}`,

  "rollback.started": (event) =>
    `${task(event)} is rolled back, ${count(event.steps, "step")}: ` +
    failure(event.error, event.fault),
  "rollback.completed": (event) => `${task(event)} was rolled back, ${count(event.steps, "step")}`,
  "rollback.failed": (event) =>
    `${task(event)} could not be rolled back, a human is needed: ` +
    `the effect of ${clip(event.steps.join(", "), LONGEST_FAILURE)} is still there`,
  "undo.started": (event) => `${subject(event)} is being undone`,
  "undo.completed": (event) => `${subject(event)} was undone in ${length(event.durationMs)}`,
  "undo.failed": (event) =>
    `${subject(event)} could not be undone${event.isFinal ? ", a human is needed" : ""}: ` +
    failure(event.error, event.fault),

  "lease.lost": (event) => `${automation(event)} stops: ${failure(event.error)}`,
  "journal.failed": (event) => `The journal failed: ${failure(event.error)}`,
  "log.written": (event) => event.message,
};

/** One sentence without a full stop, such as `Step "upload" completed in 2.3 s`. */
export function messageOf(event: HoldfastEvent): string {
  const sentence = SENTENCES[event.type] as (event: HoldfastEvent) => string;
  return sentence(event);
}

const LONGEST_FAILURE = 500;

function failure(error: ErrorSummary, fault?: Fault): string {
  const line = clip(errorLine(error), LONGEST_FAILURE);
  if (fault === undefined) return line;
  return line.includes(fault.code)
    ? `${line} (${fault.class})`
    : `${line} (${fault.code}, ${fault.class})`;
}

function automation({ where }: HoldfastEvent): string {
  return where.automation === undefined ? "The automation" : `Automation "${where.automation}"`;
}

function run({ where }: HoldfastEvent): string {
  return where.runId === undefined ? "" : `, run ${where.runId}`;
}

/** The task whose steps are called on the run itself has an empty name. */
function task({ where }: HoldfastEvent): string {
  return where.task === undefined || where.task === ""
    ? "The run's own task"
    : `Task "${where.task}"`;
}

/** Who did it: a step, or outside of a run the policy that speaks. */
function subject(event: HoldfastEvent): string {
  const label = stepLabel(event.where);
  if (label !== undefined) return `Step "${label}"`;
  if ("policy" in event && event.policy !== undefined) return `Policy "${event.policy}"`;
  return event.where.task === undefined ? "The work" : task(event);
}

function reconciled(event: EventOf<"step.reconciled">): string {
  switch (event.answer) {
    case "happened":
      return `${subject(event)} had taken effect`;
    case "absent":
      return `${subject(event)} had not taken effect`;
    case "unknown":
      return `${subject(event)} may have taken effect, and cannot be looked up`;
  }
}

function tasks({ succeeded, total }: TaskCount): string {
  return `${succeeded}/${total} tasks succeeded`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** Redaction makes text of a number that is infinite. */
function length(ms: number): string {
  return formatMs(Number(ms));
}

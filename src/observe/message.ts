/** What happened, as a sentence for people. The log and the progress lines say the same. */

import { formatMs } from "../core/duration.ts";
import { errorLine, type ErrorSummary } from "../core/error-summary.ts";
import type { EventType, HoldfastEvent, TaskCount } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { clip, show } from "../core/show.ts";
import { formatBytes } from "../core/size.ts";
import { SCHEDULE_SENTENCES } from "./schedule-message.ts";
import { stepLabel } from "./step-label.ts";

type EventOf<Type extends EventType> = Extract<HoldfastEvent, { readonly type: Type }>;

/** Why it happened, as the end of a sentence; empty where nothing is to be told. */
type Because = string;

/** A sentence for each event: a missing one does not compile. */
const SENTENCES: {
  readonly [Type in EventType]: (event: EventOf<Type>, because: Because) => string;
} = {
  "run.started": (event) => `${automation(event)} started${run(event)}`,
  "run.resumed": (event) =>
    `${automation(event)} goes on where it was cut off${run(event)}, resume ${event.resumes}`,
  "run.completed": (event) =>
    `${automation(event)} completed in ${length(event.durationMs)}: ${tasks(event.tasks)}`,
  "run.failed": (event, because) =>
    `${automation(event)} failed after ${length(event.durationMs)}, ${tasks(event.tasks)}${because}`,
  "run.interrupted": (event) =>
    `${automation(event)} was interrupted after ${length(event.durationMs)}: ${event.reason}`,
  "run.cancelled": (event, because) =>
    `${automation(event)} was ended after ${length(event.durationMs)}, ${tasks(event.tasks)}${because}`,
  "run.retried": (event) => retried(event),
  "run.cancel_requested": (event) =>
    `${automation(event)} is cancelled by ${event.by}` +
    (event.why === undefined ? "" : `: ${clip(event.why, LONGEST_FAILURE)}`),
  "run.stopped": (event, because) => `${automation(event)} stopped${because}`,
  "requirement.failed": (event, because) => `${automation(event)} was not started${because}`,

  "task.started": (event) => `${task(event)} started`,
  "task.completed": (event) =>
    event.replayed
      ? `${task(event)} was completed before`
      : `${task(event)} completed in ${length(event.durationMs)}`,
  "task.failed": (event, because) =>
    `${task(event)} failed after ${length(event.durationMs)}${because}`,

  "task.waiting": (event) => `${task(event)} waits for ${list(event.after)}`,
  "task.skipped": (event, because) => `${task(event)} was not run${because}`,
  "map.started": (event) => `${map(event)} started`,
  "map.progressed": (event) => `${map(event)} so far: ${tasks(event.tasks)}`,
  "map.completed": (event) =>
    event.replayed
      ? `${map(event)} was completed before: ${tasks(event.tasks)}`
      : `${map(event)} completed in ${length(event.durationMs)}: ${tasks(event.tasks)}`,

  "step.started": (event) => `${subject(event)} started`,
  "step.waiting": (event) => `${subject(event)} ${waiting(event)}`,
  "step.completed": (event) =>
    `${subject(event)} completed in ${length(event.durationMs)}` +
    (event.attempts > 1 ? ` at attempt ${event.attempts}` : ""),
  "step.failed": (event, because) =>
    `${subject(event)} failed after ${count(event.attempts, "attempt")}${because}`,
  "step.replayed": (event) =>
    event.outcome === "completed"
      ? `${subject(event)} was completed before`
      : `${subject(event)} failed before`,
  "step.interrupted": (event) => `${subject(event)} was interrupted`,
  "step.doubted": (event) => `${subject(event)} was begun, and nobody saw its end`,
  "step.reconciled": (event) => reconciled(event),

  "attempt.started": (event) => `${subject(event)} started attempt ${event.number}`,
  "attempt.succeeded": (event) => `${subject(event)} succeeded at attempt ${event.number}`,
  "attempt.failed": (event, because) =>
    `${subject(event)} failed at attempt ${event.number}${because}`,
  "attempt.abandoned": (event) =>
    `${subject(event)} left something behind that did not end within ` +
    `${length(event.graceMs)} of its abort`,

  "retry.scheduled": (event) => `${subject(event)} is tried again ${wait(event.waitMs)}`,
  "retry.recovered": (event) => `${subject(event)} recovered at attempt ${event.attempts}`,
  "retry.stopped": (event, because) =>
    `${subject(event)} is not tried again after ${count(event.attempts, "attempt")}, ` +
    `${event.reason}${because}`,

  "breaker.opened": (event, because) =>
    `Breaker "${event.policy}" opened for ${length(event.pauseMs)}${because}`,
  "breaker.half_opened": (event) => `Breaker "${event.policy}" lets calls through as probes`,
  "breaker.closed": (event) => `Breaker "${event.policy}" closed`,
  "breaker.held": (event) =>
    `Breaker "${event.policy}" is ${event.hold === "off" ? "switched" : "held"} ${event.hold}`,
  "breaker.isolated": (event) =>
    `"${event.policy}" is isolated: calls are refused until it is released`,
  "breaker.released": (event) => `"${event.policy}" is released, and isolated no more`,
  "breaker.rejected": (event) =>
    `Breaker "${event.policy}" refused a call; ${refusal(event.retryAfterMs)}`,
  "bulkhead.rejected": (event) =>
    `Bulkhead "${event.policy}" refused a call, ${event.reason}: ` +
    `${event.limit} may run, ${event.queued} wait`,
  "bulkhead.abandoned": (event) =>
    `Bulkhead "${event.policy}" gave up a call whose work runs on: ` +
    `${event.abandoned} of ${count(event.limit, "slot")} held so`,
  "bulkhead.reclaimed": (event) =>
    `Bulkhead "${event.policy}" has a slot back, ${length(event.durationMs)} after its call was given up`,
  "limit.changed": (event) =>
    `Limit "${event.policy}" ${event.to < event.from ? "fell" : "rose"} ` +
    `from ${event.from} to ${event.to} at once`,
  "throttle.rejected": (event) =>
    `Throttle "${event.policy}" refused a call, as it does with ${Math.round(event.chance * 100)} %`,
  "rate_limit.waited": (event) =>
    `Rate limit "${event.policy}" held a call back for ${length(event.waitMs)}`,
  "rate_limit.rejected": (event) =>
    `Rate limit "${event.policy}" refused a call; its turn would ` +
    (Number(event.retryAfterMs) === Infinity ? "never come" : `come ${wait(event.retryAfterMs)}`),
  "rate_limit.drained": (event) =>
    `Rate limit "${event.policy}" gave up ${count(event.permits, "call")} that could begin`,
  "gate.closed": (event, because) =>
    `Gate "${event.policy}" closed for ${length(event.waitMs)}${because}`,
  "gate.opened": (event) => `Gate "${event.policy}" opened`,
  "gate.rejected": (event) =>
    `Gate "${event.policy}" refused a call; ` +
    (event.retryAfterMs > 0
      ? `it stays closed for ${length(event.retryAfterMs)}`
      : "it lets few through at a time"),
  "budget.spent": (event) =>
    `Retry budget "${event.policy}" is spent: ${count(event.calls, "call")} in ` +
    `${length(event.windowMs)} had ${count(event.retries, "further attempt")}`,
  "call.succeeded": (event) => `${subject(event)} succeeded in ${length(event.durationMs)}`,
  "call.failed": (event, because) =>
    `${subject(event)} failed after ${length(event.durationMs)}${because}`,
  "timeout.expired": (event) => `${subject(event)} did not end within ${length(event.limitMs)}`,
  "timeout.slow": (event) =>
    `${subject(event)} is slow: it has not ended after ${length(event.slowMs)}`,
  "timeout.outlived": (event) =>
    `${subject(event)} has ended at last, ${length(event.lateMs)} after its limit`,
  "fallback.used": (event, because) =>
    `${subject(event)} answered in place of ` +
    ("error" in event ? `the work${because}` : `a result that is not good (${event.fault.code})`),
  "cache.hit": (event) =>
    `Cache "${event.policy}" had ${event.isStale ? "a stale" : "the"} answer for ${show(event.key)}`,
  "cache.missed": (event) => `Cache "${event.policy}" had no answer for ${show(event.key)}`,
  "cache.refresh_failed": (event, because) =>
    `Cache "${event.policy}" could not renew its answer for ${show(event.key)}${because}`,
  "coalesce.joined": (event) =>
    `${subject(event)} joined the call for ${show(event.key)} that is under way`,
  "hedge.started": (event) =>
    `${subject(event)} started attempt ${event.number}, ${length(event.afterMs)} after the first`,
  "hedge.won": (event) =>
    `${subject(event)} was answered by attempt ${event.number} first, after ${length(event.durationMs)}`,
  "chaos.injected": (event, because) => `${subject(event)} injected ${injection(event)}${because}`,
  "verify.failed": (event, because) =>
    `${subject(event)} ended, and its result is not good${because}`,

  "rollback.started": (event, because) =>
    `${whole(event)} is being rolled back, ${count(event.steps, "step")}${because}`,
  "rollback.completed": (event) => `${whole(event)} was rolled back, ${count(event.steps, "step")}`,
  "rollback.failed": (event) =>
    `${whole(event)} could not be rolled back, a human is needed: ` +
    `the effect of ${clip(event.steps.join(", "), LONGEST_FAILURE)} may still be there`,
  "undo.started": (event) => `${subject(event)} is being undone`,
  "undo.completed": (event) => `${subject(event)} was undone in ${length(event.durationMs)}`,
  "undo.failed": (event, because) =>
    `${subject(event)} could not be undone${event.isFinal ? ", a human is needed" : ""}${because}`,

  "heal.started": (event) => `${subject(event)} is being healed${healing(event)}: ${event.found}`,
  "heal.completed": (event) =>
    `${subject(event)} was healed${healing(event)} in ${length(event.durationMs)}: ` +
    `${deeds(event.deeds)}${event.found}`,
  "heal.failed": (event) =>
    `${subject(event)} could not be healed${healing(event)}: ${deeds(event.deeds)}${event.because}${advice(event)}`,
  "heal.skipped": (event) =>
    `${subject(event)} is not healed${healing(event)}: ${event.because}${advice(event)}`,

  ...SCHEDULE_SENTENCES,
  "cleanup.completed": (event) =>
    `Cleanup "${stepLabel(event.where)}" completed in ${length(event.durationMs)}`,
  "cleanup.failed": (event, because) =>
    `Cleanup "${stepLabel(event.where)}" failed, and something may be left behind${because}`,

  "lease.lost": (event, because) => `${automation(event)} stops${because}`,
  "journal.failed": (_, because) => `The journal failed${because}`,
  "ballast.released": (event) =>
    `The disk of journal ${event.file} is full: ` +
    `its ballast of ${formatBytes(event.bytes)} was given up, so that runs can end; free some space there`,
  "ballast.restored": (event) =>
    `Journal ${event.file} has its ballast of ${formatBytes(event.bytes)} again`,
  "log.written": (event) => event.message,
};

/** One sentence without a full stop, such as `Step "upload" completed in 2.3 s`. */
export function messageOf(event: HoldfastEvent): string {
  const reason = reasonOf(event);
  return sentence(event, reason === undefined ? "" : `: ${reason}`);
}

/** The sentence without the failure at its end, for whoever was told of that already. */
export function headlineOf(event: HoldfastEvent): string {
  return sentence(event, "");
}

/** The failure that an event tells of, in one line. */
export function reasonOf(event: HoldfastEvent): string | undefined {
  if (!("error" in event) || event.error === undefined) return undefined;
  return failure(event.error, "fault" in event ? event.fault : undefined);
}

function sentence(event: HoldfastEvent, because: Because): string {
  return (SENTENCES[event.type] as (event: HoldfastEvent, because: Because) => string)(
    event,
    because,
  );
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

function map({ where }: HoldfastEvent): string {
  return `Map "${where.map ?? ""}"`;
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

function waiting({ waitsFor, waitMs, question }: EventOf<"step.waiting">): string {
  if (waitsFor === "time") return `sleeps for ${length(waitMs)}`;
  const what = waitsFor === "approval" ? "an approval" : "its signal";
  const asked = question === undefined ? "" : `: ${clip(question, LONGEST_FAILURE)}`;
  return `waits for ${what}, at most ${length(waitMs)}${asked}`;
}

/** What is taken back as a whole: a task, or a scope inside it. */
function whole(event: HoldfastEvent): string {
  const label = stepLabel(event.where);
  return label === undefined ? task(event) : `Scope "${label}"`;
}

/** Who did it: a step, a policy within it, or outside of a run the policy that speaks. */
function subject(event: HoldfastEvent): string {
  const label = stepLabel(event.where);
  const policy = "policy" in event ? event.policy : undefined;
  if (label === undefined) {
    if (policy !== undefined) return `Policy "${policy}"`;
    return event.where.task === undefined ? "The work" : task(event);
  }
  // A step's own policies bear its name, those of its undo `upload: undo`.
  if (policy === undefined || policy === label) return `Step "${label}"`;
  const part = policy.startsWith(`${label}: `) ? policy.slice(label.length + 2) : policy;
  return `Step "${label}" (${part})`;
}

function injection({ injected, latencyMs }: EventOf<"chaos.injected">): string {
  if (injected === "latency") return `a latency of ${length(latencyMs ?? 0)}`;
  return `a ${injected}`;
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

function retried({ of, from, takenOver, undone }: EventOf<"run.retried">): string {
  const again = clip(undone.join(", "), LONGEST_FAILURE);
  return (
    `Run ${of} is done again${from === undefined ? "" : ` from "${from}" on`}, with ${count(takenOver, "step")} taken over` +
    (undone.length === 0 ? "" : `; done again before it, for they were undone: ${again}`)
  );
}

/** Of what, and by which remedy. */
function healing({ fault, remedy, target }: EventOf<`heal.${string}` & EventType>): string {
  return ` of ${fault.code} by ${remedy} (${clip(target, LONGEST_FAILURE)})`;
}

/** What a human is to do. */
function advice({ advice: told }: { readonly advice?: string | undefined }): string {
  return told === undefined ? "" : `; to do: ${told}`;
}

function deeds(done: readonly string[]): string {
  return done.length === 0 ? "" : `${clip(done.join(", "), LONGEST_FAILURE)}; `;
}

function refusal(retryAfterMs: number): string {
  if (retryAfterMs === Infinity) return "it is held open";
  return retryAfterMs > 0 ? `it stays open for ${length(retryAfterMs)}` : "it waits for its probe";
}

function tasks({ succeeded, total }: TaskCount): string {
  return `${succeeded}/${total} tasks succeeded`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function wait(waitMs: number): string {
  return Number(waitMs) === 0 ? "at once" : `in ${length(waitMs)}`;
}

/** Redaction makes text of a number that is infinite. */
function length(ms: number): string {
  return formatMs(Number(ms));
}

/** The `holdfast` part of a record: what the standard has no fields for. */

import type { HoldfastEvent } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { stepLabel } from "./step-label.ts";

/** Grows when a field changes its meaning or goes; new fields do not count. */
export const RECORD_SCHEMA = 1;

type Fields = Readonly<Record<string, unknown>>;

/** Where it happened, and what the event tells, by the thing that it tells it of. */
export function holdfastFields(event: HoldfastEvent): Fields {
  const { automation, runId, task, step, key, attempt } = event.where;
  const fault = "fault" in event ? event.fault : undefined;
  const where = [
    { automation: { name: automation } },
    { run: { id: runId } },
    { task: { name: task } },
    { step: { name: step, id: stepLabel(event.where) } },
    { attempt: { number: attempt } },
    { policy: "policy" in event ? event.policy : undefined },
    { idempotency_key: key },
  ];
  const all = [...where, detailsOf(event), { fault: fault && faultFields(fault) }];
  return { ...all.reduce(merge, {}), schema: RECORD_SCHEMA };
}

function faultFields({ class: name, code, effect, retryAfterMs }: Fault): Fields {
  return { class: name, code, effect, retry_after_ms: finite(retryAfterMs) };
}

/** While a probe runs there is no wait to name. */
function rejected({ policy, retryAfterMs }: HoldfastEvent & { type: "breaker.rejected" }): Fields {
  const state = retryAfterMs > 0 ? "open" : "half-open";
  return { name: policy, state, retry_after_ms: finite(retryAfterMs) };
}

function detailsOf(event: HoldfastEvent): Fields {
  if (isExtraAttempt(event)) return extraAttemptFields(event);
  switch (event.type) {
    case "run.started":
      return { automation: { file: event.file } };
    case "run.resumed":
      return { run: { resumes: event.resumes } };
    case "run.completed":
      return { run: { tasks: event.tasks } };
    case "run.failed":
      return { run: { tasks: event.tasks, exit_code: event.exitCode } };
    case "run.stopped":
      return { run: { exit_code: event.exitCode } };
    case "task.completed":
      return { task: { replayed: event.replayed } };
    case "step.started":
      return { step: { has_undo: event.hasUndo } };
    case "step.completed":
    case "step.failed":
      return { step: { attempts: event.attempts } };
    case "step.replayed":
      return { step: { outcome: event.outcome } };
    case "step.reconciled":
      return { step: { answer: event.answer } };
    case "attempt.started":
    case "attempt.succeeded":
    case "attempt.failed":
      return { attempt: { number: event.number } };
    case "attempt.abandoned":
      return { attempt: { grace_ms: event.graceMs } };
    case "retry.scheduled":
      return {
        attempt: { number: event.number, max: finite(event.maxAttempts), delay_ms: event.waitMs },
      };
    case "retry.stopped":
      return { attempt: { number: event.attempts } };
    case "breaker.opened":
      return { breaker: { name: event.policy, state: "open", pause_ms: event.pauseMs } };
    case "breaker.half_opened":
      return { breaker: { name: event.policy, state: "half-open" } };
    case "breaker.closed":
      return { breaker: { name: event.policy, state: "closed" } };
    case "breaker.rejected":
      return { breaker: rejected(event) };
    case "timeout.expired":
      return { timeout: { limit_ms: event.limitMs } };
    case "rollback.started":
    case "rollback.completed":
      return { rollback: { steps: event.steps } };
    case "rollback.failed":
      // What is left is a list of names, and a field has one type only.
      return { rollback: { left: event.steps } };
    case "undo.failed":
      return { undo: { is_final: event.isFinal } };
    case "log.written":
      return { data: dataFields(event.data) };
    case "run.interrupted":
    case "requirement.failed":
    case "task.started":
    case "task.failed":
    case "step.interrupted":
    case "step.doubted":
    case "verify.failed":
    case "undo.started":
    case "undo.completed":
    case "lease.lost":
    case "journal.failed":
      return {};
  }
}

/** Of attempts that a policy began beside others, or struck on purpose. */
type ExtraAttempt = HoldfastEvent & { readonly type: `hedge.${string}` | `chaos.${string}` };

function isExtraAttempt(event: HoldfastEvent): event is ExtraAttempt {
  return /^(?:hedge|chaos)\./.test(event.type);
}

function extraAttemptFields(event: ExtraAttempt): Fields {
  switch (event.type) {
    case "hedge.started":
      return { attempt: { number: event.number, delay_ms: event.afterMs } };
    case "hedge.won":
      return { attempt: { number: event.number } };
    case "chaos.injected":
      return { chaos: { injected: event.injected, latency_ms: finite(event.latencyMs) } };
  }
}

/** An index takes objects here; anything else is put into one. */
function dataFields(data: unknown): unknown {
  const isFields = typeof data === "object" && data !== null && !Array.isArray(data);
  return isFields || data === undefined ? data : { value: data };
}

/** Redaction makes text of what is infinite; a field of numbers takes no text. */
function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** Puts the defined fields of `more` to those that are there, one level deep; the later ones win. */
function merge(fields: Fields, more: Fields): Fields {
  const merged = { ...fields };
  for (const [name, value] of Object.entries(more)) {
    if (value === undefined) continue;
    if (name === "data" || typeof value !== "object" || value === null) merged[name] = value;
    else {
      const present = Object.entries(value).filter(([, part]) => part !== undefined);
      if (present.length > 0)
        merged[name] = { ...(fields[name] as Fields), ...Object.fromEntries(present) };
    }
  }
  return merged;
}

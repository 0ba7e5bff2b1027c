/**
 * Everything that happens is a typed event, named in the past tense. Logs, progress lines and
 * reports are views of this one stream.
 *
 * Whoever makes an event gives its details; the stream that it goes into adds when and where.
 */

import type { ErrorSummary } from "./error-summary.ts";
import type { Fault } from "./fault.ts";

/** Log levels, the least urgent first. */
export type Level = "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL";

/** Where in a run something happened. */
export interface Where {
  readonly automation?: string | undefined;
  readonly runId?: string | undefined;
  readonly task?: string | undefined;
  readonly step?: string | undefined;
  /** The attempt at the step, from 1. */
  readonly attempt?: number | undefined;
  /** The step's idempotency key. */
  readonly key?: string | undefined;
  /** The map whose item the task is. */
  readonly map?: string | undefined;
  /** The run whose child it is. */
  readonly parentRunId?: string | undefined;
}

/** How many tasks succeeded, of how many. */
export interface TaskCount {
  readonly succeeded: number;
  readonly total: number;
}

interface Failure<E> {
  readonly fault: Fault;
  readonly error: E;
}

/** Which remedy is at what, and the failure that it is for: healed or not, that was a failure. */
interface Healing {
  readonly remedy: string;
  readonly target: string;
  readonly fault: Fault;
}

/** Why a retry stopped. */
export type RetryStop =
  | "attempts used up"
  | "class is not retried"
  | "not repeatable"
  | "time is up"
  | "asked to wait too long"
  | "not listed in only"
  | "listed in except"
  | "refused by when"
  | "budget is spent"
  | "when failed"
  | "backoff failed"
  | "budget failed"
  | "faultOfResult failed"
  | "ended by beforeRetry";

/** One attempt that failed, as a retry remembers it. */
export interface AttemptRecord {
  /** Which attempt it was, from 1. */
  readonly number: number;
  readonly fault: Fault;
  /** How long it took. */
  readonly durationMs: number;
  /** How long was waited after it; `undefined` after the last one. */
  readonly waitMs?: number | undefined;
}

/** Why a bulkhead refused a call. */
export type BulkheadRefusal = "queue is full" | "displaced" | "level too low" | "waited too long";

/** Why a tick of a schedule became no run. */
export type SkipReason =
  | "it still runs"
  | "a tick waits already"
  | "a newer tick replaced it"
  | "too many ticks wait"
  | "an unfinished run waits for a human";

/**
 * What happened, by `type`. `E` is how an error stands in it: the thrown value itself where it
 * happened, an `ErrorSummary` once it is in the stream.
 *
 * `policy` names the policy that speaks, where one does.
 */
export type EventDetails<E = unknown> =
  | { readonly type: "run.started"; readonly file?: string | undefined }
  | { readonly type: "run.resumed"; readonly resumes: number }
  | { readonly type: "run.completed"; readonly durationMs: number; readonly tasks: TaskCount }
  | ({
      readonly type: "run.failed";
      readonly durationMs: number;
      readonly tasks: TaskCount;
      readonly exitCode: number;
    } & Partial<Failure<E>>)
  | { readonly type: "run.interrupted"; readonly durationMs: number; readonly reason: string }
  | ({
      readonly type: "run.cancelled";
      readonly durationMs: number;
      readonly tasks: TaskCount;
      readonly exitCode: number;
    } & Failure<E>)
  | {
      /** The run begins with what another one left behind. */
      readonly type: "run.retried";
      /** The run that it does again. */
      readonly of: string;
      /** The step that it begins with, as people name it; missing when all had succeeded. */
      readonly from?: string | undefined;
      /** How many finished steps it took over. */
      readonly takenOver: number;
      /** The steps before `from` that are done again, for they were undone. */
      readonly undone: readonly string[];
    }
  | {
      /** Its owner has found that somebody wants the run to end. */
      readonly type: "run.cancel_requested";
      readonly by: string;
      readonly why?: string | undefined;
    }
  | ({ readonly type: "run.stopped"; readonly exitCode: number } & Failure<E>)
  | ({ readonly type: "requirement.failed" } & Failure<E>)
  | { readonly type: "task.started" }
  | { readonly type: "task.completed"; readonly durationMs: number; readonly replayed: boolean }
  | ({ readonly type: "task.failed"; readonly durationMs: number } & Failure<E>)
  | { readonly type: "task.waiting"; readonly after: readonly string[] }
  | ({ readonly type: "task.skipped" } & Failure<E>)
  | { readonly type: "map.started" }
  | { readonly type: "map.progressed"; readonly tasks: TaskCount }
  | {
      readonly type: "map.completed";
      readonly durationMs: number;
      readonly tasks: TaskCount;
      readonly replayed: boolean;
    }
  | { readonly type: "step.started"; readonly hasUndo: boolean }
  | {
      readonly type: "step.waiting";
      readonly waitsFor: "time" | "signal" | "approval";
      /** How long at most. */
      readonly waitMs: number;
      readonly question?: string | undefined;
    }
  | { readonly type: "step.completed"; readonly durationMs: number; readonly attempts: number }
  | ({
      readonly type: "step.failed";
      readonly durationMs: number;
      readonly attempts: number;
    } & Failure<E>)
  | { readonly type: "step.replayed"; readonly outcome: "completed" | "failed" }
  | { readonly type: "step.interrupted" }
  | { readonly type: "step.doubted" }
  | { readonly type: "step.reconciled"; readonly answer: "happened" | "absent" | "unknown" }
  | { readonly type: "attempt.started"; readonly policy?: string; readonly number: number }
  | { readonly type: "attempt.succeeded"; readonly policy?: string; readonly number: number }
  | ({
      readonly type: "attempt.failed";
      readonly policy?: string;
      readonly number: number;
      readonly durationMs: number;
    } & Failure<E>)
  | { readonly type: "attempt.abandoned"; readonly graceMs: number }
  | {
      readonly type: "retry.scheduled";
      readonly policy: string;
      /** The attempt that failed. */
      readonly number: number;
      readonly maxAttempts: number;
      readonly waitMs: number;
      readonly fault: Fault;
    }
  | { readonly type: "retry.recovered"; readonly policy: string; readonly attempts: number }
  | ({
      readonly type: "retry.stopped";
      readonly policy: string;
      readonly attempts: number;
      readonly reason: RetryStop;
      /** The last attempts, up to 20. */
      readonly history: readonly AttemptRecord[];
    } & Failure<E>)
  | ({
      readonly type: "breaker.opened";
      readonly policy: string;
      readonly pauseMs: number;
    } & Partial<Failure<E>>)
  | { readonly type: "breaker.half_opened"; readonly policy: string }
  | { readonly type: "breaker.closed"; readonly policy: string }
  | {
      readonly type: "breaker.held";
      readonly policy: string;
      readonly hold: "open" | "closed" | "off";
    }
  | { readonly type: "breaker.isolated"; readonly policy: string }
  | { readonly type: "breaker.released"; readonly policy: string }
  | { readonly type: "breaker.rejected"; readonly policy: string; readonly retryAfterMs: number }
  | {
      readonly type: "bulkhead.rejected";
      readonly policy: string;
      readonly reason: BulkheadRefusal;
      readonly limit: number;
      readonly queued: number;
    }
  | {
      /** A call was given up, and its work runs on in its slot. */
      readonly type: "bulkhead.abandoned";
      readonly policy: string;
      /** How many slots are held by such works now. */
      readonly abandoned: number;
      readonly limit: number;
    }
  | {
      /** The work of a call that was given up has ended, and its slot is free. */
      readonly type: "bulkhead.reclaimed";
      readonly policy: string;
      readonly abandoned: number;
      /** How long it ran on. */
      readonly durationMs: number;
    }
  | {
      readonly type: "limit.changed";
      readonly policy: string;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly type: "throttle.rejected";
      readonly policy: string;
      /** How likely a call was to be refused, from 0 to 1. */
      readonly chance: number;
    }
  | { readonly type: "rate_limit.waited"; readonly policy: string; readonly waitMs: number }
  | { readonly type: "rate_limit.rejected"; readonly policy: string; readonly retryAfterMs: number }
  | {
      /** All permits that were left were taken, because the other side said that its limit is reached. */
      readonly type: "rate_limit.drained";
      readonly policy: string;
      /** How many they were. */
      readonly permits: number;
    }
  | ({
      readonly type: "gate.closed";
      readonly policy: string;
      readonly waitMs: number;
    } & Failure<E>)
  | { readonly type: "gate.opened"; readonly policy: string }
  | { readonly type: "gate.rejected"; readonly policy: string; readonly retryAfterMs: number }
  | {
      readonly type: "budget.spent";
      readonly policy: string;
      /** How many first attempts began within the budget's window, and how many retries and hedges. */
      readonly calls: number;
      readonly retries: number;
      readonly windowMs: number;
    }
  | { readonly type: "call.succeeded"; readonly policy: string; readonly durationMs: number }
  | ({
      readonly type: "call.failed";
      readonly policy: string;
      readonly durationMs: number;
    } & Failure<E>)
  | { readonly type: "timeout.expired"; readonly policy: string; readonly limitMs: number }
  | { readonly type: "timeout.slow"; readonly policy: string; readonly slowMs: number }
  | { readonly type: "timeout.outlived"; readonly policy: string; readonly lateMs: number }
  | {
      readonly type: "fallback.used";
      readonly policy: string;
      readonly fault: Fault;
      /** Missing where the work answered, and its result was not good. */
      readonly error?: E;
    }
  | {
      readonly type: "cache.hit";
      readonly policy: string;
      readonly key: string;
      readonly isStale: boolean;
    }
  | { readonly type: "cache.missed"; readonly policy: string; readonly key: string }
  | ({
      readonly type: "cache.refresh_failed";
      readonly policy: string;
      readonly key: string;
    } & Failure<E>)
  | { readonly type: "coalesce.joined"; readonly policy: string; readonly key: string }
  | {
      readonly type: "hedge.started";
      readonly policy: string;
      /** The attempt that began beside another, or in place of one that failed; from 2. */
      readonly number: number;
      /** How long after the first one. */
      readonly afterMs: number;
    }
  | {
      readonly type: "hedge.won";
      readonly policy: string;
      /** The attempt that answered first, from 2. */
      readonly number: number;
      /** How long the whole call took. */
      readonly durationMs: number;
    }
  | {
      readonly type: "chaos.injected";
      readonly policy: string;
      readonly injected: "latency" | "disturbance" | "fault" | "result";
      readonly latencyMs?: number | undefined;
      readonly error?: E;
    }
  | ({ readonly type: "verify.failed" } & Failure<E>)
  | ({ readonly type: "rollback.started"; readonly steps: number } & Failure<E>)
  | { readonly type: "rollback.completed"; readonly steps: number }
  | { readonly type: "rollback.failed"; readonly steps: readonly string[]; readonly error: E }
  | { readonly type: "undo.started" }
  | { readonly type: "undo.completed"; readonly durationMs: number }
  | ({ readonly type: "undo.failed"; readonly isFinal: boolean } & Failure<E>)
  | ({
      readonly type: "heal.started";
      readonly blastRadius: string;
      /** What was found to be wrong. */
      readonly found: string;
      /** What it sets out to do, a line for each target. */
      readonly plan: readonly string[];
    } & Healing)
  | ({
      /** The symptom is gone. */
      readonly type: "heal.completed";
      readonly durationMs: number;
      /** What it did, in order. */
      readonly deeds: readonly string[];
      /** What was measured at the end. */
      readonly found: string;
    } & Healing)
  | ({
      /** The symptom is still there, or there was nothing to act on. */
      readonly type: "heal.failed";
      readonly durationMs: number;
      readonly deeds: readonly string[];
      readonly because: string;
      /** What a human is to do. */
      readonly advice?: string | undefined;
    } & Healing)
  | ({
      /** None of its business, not now, or not any more: then its budget is spent, and it is exhausted. */
      readonly type: "heal.skipped";
      readonly because: string;
      readonly isExhausted?: boolean | undefined;
      /** What a human is to do; only where it is exhausted. */
      readonly advice?: string | undefined;
    } & Healing)
  | {
      /** A tick became a run, whose name is in `where`. */
      readonly type: "schedule.fired";
      readonly schedule: string;
      readonly tickMs: number;
      /** How long after the tick. */
      readonly lateMs: number;
    }
  | {
      /** The process of a run has ended. */
      readonly type: "schedule.ended";
      /** Missing where a run that was cut off was taken up. */
      readonly schedule?: string | undefined;
      readonly tickMs?: number | undefined;
      readonly exitCode: number;
      readonly durationMs: number;
    }
  | {
      /** Ticks came while nobody served, or waited for too long. */
      readonly type: "schedule.missed";
      readonly schedule: string;
      /** How many; 1,000 stands for that many or more. */
      readonly count: number;
      readonly fromMs: number;
      readonly toMs: number;
      /** For how many of them a run begins now. */
      readonly caughtUp: number;
    }
  | {
      readonly type: "schedule.skipped";
      readonly schedule: string;
      readonly tickMs: number;
      readonly reason: SkipReason;
    }
  | { readonly type: "schedule.queued"; readonly schedule: string; readonly tickMs: number }
  | {
      /** The run in `where` is being ended for a newer tick. */
      readonly type: "schedule.replaced";
      readonly schedule: string;
      readonly tickMs: number;
    }
  | {
      /** The run in `where` took too long, and is being ended. */
      readonly type: "schedule.timed_out";
      readonly schedule?: string | undefined;
      readonly tickMs?: number | undefined;
      readonly limitMs: number;
    }
  | { readonly type: "cleanup.completed"; readonly durationMs: number }
  | ({ readonly type: "cleanup.failed" } & Failure<E>)
  | { readonly type: "lease.lost"; readonly error: E }
  | { readonly type: "journal.failed"; readonly error: E }
  | {
      /** The disk of the journal is full: the room that was kept for that was given up. */
      readonly type: "ballast.released";
      readonly file: string;
      readonly bytes: number;
    }
  | { readonly type: "ballast.restored"; readonly file: string; readonly bytes: number }
  | {
      readonly type: "log.written";
      readonly level: Level;
      readonly message: string;
      readonly data?: unknown;
    };

/** The name of an event. */
export type EventType = EventDetails["type"];

/** An event in the stream: redacted, and with plain data only. */
export type HoldfastEvent = EventDetails<ErrorSummary> & {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly where: Where;
};

/** Takes details as they happen. */
export type Emit = (details: EventDetails) => void;

/** Takes events from the stream. */
export type Sink = (event: HoldfastEvent) => void;

/** Retrying work that is synchronous. Its waits block the thread: for scripts and workers. */

import { NoTimeLeftError, OptionsError } from "../core/errors.ts";
import { leftToWait } from "../core/haste.ts";
import { attemptOf } from "./lazy-attempt.ts";
import { nextMoment, withAllowance, type Allowance } from "./nested-retries.ts";
import type { Attempt, RunOptions } from "./policy.ts";
import type { BeforeRetry, RetriedFailure, RetryParts } from "./retry-run.ts";
import { RetryState, type Failure } from "./retry-state.ts";

/** One go at synchronous work: there is no signal, for nothing can abort it while it runs. */
export type SyncAttempt = Pick<Attempt, "attempt" | "deadline">;

/** What a round of work came to: a value to answer, or an error to throw, and perhaps its fault. */
interface Round<Value> {
  readonly answer: () => Value;
  readonly failure: Failure | undefined;
}

/** Runs synchronous work under `retry`. */
export function runSync<Value>(
  parts: RetryParts,
  isSeen: boolean,
  work: (attempt: SyncAttempt) => Value,
  options: RunOptions | undefined,
): Value {
  const { clock, total, budget, expects } = parts;
  const startedAtMs = clock.elapsed();
  const outer = attemptOf(options);
  const remainingMs = (): number =>
    Math.max(0, Math.min(outer.deadline.remainingMs(), startedAtMs + total - clock.elapsed()));
  const state = new RetryState(parts, { isSeen, moment: nextMoment(), startedAtMs });
  if (expects > 0 && remainingMs() <= expects) throw tooLate(parts, state, remainingMs());
  budget?.deposit();
  for (;;) {
    outer.throwIfAborted();
    const attempt = { attempt: state.attempt, deadline: { remainingMs } };
    const { answer, failure } = goUnder(state.attempt > 1 ? state.allowance() : undefined, () =>
      goAt(() => work(attempt), parts),
    );
    if (failure === undefined) {
      if (state.attempt > 1) state.recover();
      return answer();
    }
    const waitMs = planWait(parts, state, { failure, remainingMs, signal: outer.signal });
    if (waitMs === undefined) return answer();
    state.schedule(waitMs, failure);
    block(parts, leftToWait(waitMs, clock));
    state.begin();
  }
}

function tooLate(parts: RetryParts, state: RetryState, leftMs: number): NoTimeLeftError {
  const error = new NoTimeLeftError(`Work under "${parts.name}"`, parts.expects, leftMs);
  state.refuse({ error, fault: parts.classify(error) });
  return error;
}

/** Runs an attempt where retries inside it know what is left to them. */
function goUnder<Value>(allowance: Allowance | undefined, go: () => Value): Value {
  if (allowance === undefined) return go();
  try {
    return withAllowance(allowance, go);
  } finally {
    allowance.isOver = true;
  }
}

interface SyncFailure {
  readonly failure: Failure;
  readonly remainingMs: () => number;
  readonly signal: AbortSignal;
}

/** How long to wait for another attempt; `undefined` when there is none, which has been told. */
function planWait(
  parts: RetryParts,
  state: RetryState,
  { failure, remainingMs, signal }: SyncFailure,
): number | undefined {
  const decision = state.decide(failure, remainingMs());
  if (!decision.isRetried) {
    state.stop(decision.reason, failure);
    return undefined;
  }
  const { waitMs } = decision;
  const isWanted = state.confirm(failure);
  refusePromise(isWanted, "a synchronous when");
  if (!state.claims(isWanted as boolean, failure)) return undefined;
  if (parts.beforeRetry !== undefined)
    clear(parts.beforeRetry, state, { ...failure, attempt: state.attempt, waitMs, signal });
  if (waitMs + parts.expects < remainingMs()) return waitMs;
  state.stop("time is up", failure);
  return undefined;
}

function goAt<Value>(work: () => Value, parts: RetryParts): Round<Value> {
  let value: Value;
  try {
    value = work();
  } catch (error) {
    const answer = (): never => {
      throw error;
    };
    return { answer, failure: { error, fault: parts.classify(error) } };
  }
  refusePromise(value, "synchronous work");
  const fault = parts.faultOfResult?.(value);
  return { answer: () => value, failure: fault && { error: value, fault } };
}

function clear(beforeRetry: BeforeRetry, state: RetryState, failed: RetriedFailure): void {
  try {
    refusePromise(beforeRetry(failed), "a synchronous beforeRetry");
  } catch (thrown) {
    state.stop("ended by beforeRetry", failed);
    throw thrown;
  }
}

function block({ clock }: RetryParts, waitMs: number): void {
  if (waitMs === 0) return;
  if (clock.block === undefined) {
    throw new OptionsError("retry.clock", "expected one with block(), for synchronous work");
  }
  clock.block(waitMs);
}

function refusePromise(answer: unknown, expected: string): void {
  if (typeof (answer as { then?: unknown } | null | undefined)?.then !== "function") return;
  // It is nobody's any more; unheard it would end the process.
  Promise.resolve(answer).catch(() => {});
  throw new OptionsError("retry.runSync", `expected ${expected}, received a promise: use run`);
}

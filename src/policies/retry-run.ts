/** One call under `retry`: its attempts, its waits, and what it remembers between them. */

import type { Classify } from "../classify/classify.ts";
import type { Clock } from "../core/clock.ts";
import { TimeoutError } from "../core/errors.ts";
import type { Emit, RetryStop } from "../core/events.ts";
import type { Fault, FaultClass } from "../core/fault.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import type { Work } from "./policy.ts";
import {
  decideRetry,
  type FailedAttempt,
  type RetryDecision,
  type RetryRules,
} from "./retry-decision.ts";
import { runWithin } from "./time-limit.ts";
import { waitUnder } from "./wait.ts";

/** Whether a failure is worth another attempt; `attempt` is the one that failed, from 1. */
export type When = (error: unknown, fault: Fault, attempt: number) => boolean;

/** Awaited before the wait for another attempt; what it throws ends the retries, and is thrown on. */
export type BeforeRetry = (failed: RetriedFailure) => void | Promise<void>;

interface Failure {
  readonly error: unknown;
  readonly fault: Fault;
}

/** A failure after which there will be another attempt. */
export interface RetriedFailure {
  readonly error: unknown;
  readonly fault: Fault;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Aborts when the caller cancels or the total limit is over. */
  readonly signal: AbortSignal;
}

/** What `retry` was told, read and settled; times are in milliseconds. */
export interface RetryParts extends RetryRules {
  readonly name: string;
  readonly total: number;
  readonly when: When;
  readonly classify: Classify;
  readonly beforeRetry: BeforeRetry | undefined;
  readonly clock: Clock;
  readonly tell: Emit;
}

/** Every this many retries without a wait, timers and aborts get their turn. */
const RETRIES_PER_TURN = 100;

/** The state of one call; the policy itself has none. */
export class RetryRun<Value> {
  readonly #parts: RetryParts;
  readonly #work: Work<Value>;
  #attempt = 0;
  /** When the attempt that is under way began; `undefined` between attempts. */
  #startedAtMs: number | undefined;
  #previousMs = 0;
  #lastFailure: { readonly error: unknown } | undefined;
  #failures: Partial<Record<FaultClass, number>> | undefined;

  constructor(parts: RetryParts, work: Work<Value>) {
    this.#parts = parts;
    this.#work = work;
  }

  run(outer: LazyAttempt): Promise<Value> {
    const { total, clock } = this.#parts;
    if (total === Infinity) return this.#repeat(outer);
    const limit = { limitMs: total, clock, expired: () => this.#expired() };
    return runWithin(limit, outer, (limited) => this.#repeat(limited));
  }

  async #repeat(outer: LazyAttempt): Promise<Value> {
    for (;;) {
      this.#attempt++;
      this.#startedAtMs = this.#parts.clock.elapsed();
      try {
        return await outer.numbered(this.#attempt).start(this.#work);
      } catch (error) {
        // A caller's own abort is no fault: the signal is asked before the error.
        outer.throwIfAborted();
        await this.#prepareNext(error, outer);
      }
    }
  }

  /** Waits for the next attempt, or throws when there is none. */
  async #prepareNext(error: unknown, outer: LazyAttempt): Promise<void> {
    const { name, attempts: maxAttempts, classify, tell } = this.#parts;
    const failure = { error, fault: classify(error) };
    this.#tellFailed(failure);
    const decision = this.#decide(failure, outer);
    if (!decision.isRetried) throw this.#stopped(decision.reason, failure);
    const { waitMs } = decision;
    await this.#clear(waitMs, failure, outer);
    tell({
      type: "retry.scheduled",
      policy: name,
      number: this.#attempt,
      maxAttempts,
      waitMs,
      fault: failure.fault,
    });
    await this.#wait(waitMs, outer);
  }

  #decide(failure: Failure, outer: LazyAttempt): RetryDecision {
    const { error, fault } = failure;
    const failed: FailedAttempt = {
      error,
      fault,
      attempt: this.#attempt,
      failuresOfClass: this.#count(fault.class),
      previousMs: this.#previousMs,
      leftMs: outer.deadline.remainingMs(),
    };
    const decision = this.#ask("backoff", failure, () => decideRetry(failed, this.#parts));
    if (!decision.isRetried) return decision;
    const isWanted = this.#ask("when", failure, () => {
      return this.#parts.when(error, fault, this.#attempt);
    });
    return isWanted ? decision : { isRetried: false, reason: "refused by when" };
  }

  /** Asks a function of the user's. One that throws ends the retries, and hides no failure. */
  #ask<Answer>(name: "backoff" | "when", failure: Failure, ask: () => Answer): Answer {
    try {
      return ask();
    } catch (mistake) {
      const error = this.#stopped(`${name} failed`, failure);
      throw mistake === error
        ? error
        : new AggregateError(
            [mistake, error],
            `The ${name} of "${this.#parts.name}" threw when it was asked about a failure; both are in errors`,
          );
    }
  }

  /** Lets the user do what is to be done before the wait. That takes its time, which counts too. */
  async #clear(waitMs: number, failure: Failure, outer: LazyAttempt): Promise<void> {
    const { beforeRetry } = this.#parts;
    if (beforeRetry === undefined) return;
    const attempt = this.#attempt;
    try {
      await outer.start(({ signal }) => beforeRetry({ ...failure, attempt, signal }));
    } catch (thrown) {
      outer.throwIfAborted();
      this.#stopped("ended by beforeRetry", failure);
      throw thrown;
    }
    if (waitMs >= outer.deadline.remainingMs()) throw this.#stopped("time is up", failure);
  }

  #count(failed: FaultClass): number {
    this.#failures ??= {};
    const count = (this.#failures[failed] ?? 0) + 1;
    this.#failures[failed] = count;
    return count;
  }

  async #wait(waitMs: number, outer: LazyAttempt): Promise<void> {
    this.#previousMs = waitMs;
    // Even a timer of 0 ms takes one or more. But promises alone would never let an abort through.
    if (waitMs === 0 && this.#attempt % RETRIES_PER_TURN !== 0) return;
    await waitUnder(outer.source, waitMs, this.#parts.clock);
  }

  #tellFailed({ error, fault }: Failure): void {
    const { name, clock, tell } = this.#parts;
    const durationMs = clock.elapsed() - (this.#startedAtMs as number);
    this.#startedAtMs = undefined;
    this.#lastFailure = { error };
    tell({ type: "attempt.failed", policy: name, number: this.#attempt, durationMs, fault, error });
  }

  /** The total limit is over while an attempt, a wait or `beforeRetry` is under way. */
  #expired(): TimeoutError {
    const { name, total: limitMs, classify, tell } = this.#parts;
    const cause = this.#lastFailure && { cause: this.#lastFailure.error };
    const error = new TimeoutError(`Work under "${name}"`, limitMs, cause);
    const failure = { error, fault: classify(error) };
    tell({ type: "timeout.expired", policy: name, limitMs });
    if (this.#startedAtMs !== undefined) this.#tellFailed(failure);
    this.#stopped("time is up", failure);
    return error;
  }

  /** Tells why there is no further attempt, and answers the error of the last one. */
  #stopped(reason: RetryStop, { error, fault }: Failure): unknown {
    const { name, tell } = this.#parts;
    tell({
      type: "retry.stopped",
      policy: name,
      attempts: this.#attempt,
      reason,
      fault,
      error,
    });
    return error;
  }
}

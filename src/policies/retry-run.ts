/** One call under `retry`: its attempts, and its waits between them. */

import type { Clock } from "../core/clock.ts";
import { NoTimeLeftError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import type { FaultOfResult } from "./fault-of-result.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import { nextMoment, withTriesLeft } from "./nested-retries.ts";
import type { Work } from "./policy.ts";
import { RetryState, type Beginning, type Failure, type StateParts } from "./retry-state.ts";
import { TimeLimit } from "./time-limit.ts";
import { waitUnder } from "./wait.ts";
import { settleWith, type Caller, type Inside } from "./work-call.ts";

/** Awaited before the wait for another attempt; what it throws ends the retries, and is thrown on. */
export type BeforeRetry = (failed: RetriedFailure) => void | Promise<void>;

/** A failure after which there will be another attempt. */
export interface RetriedFailure {
  /** What the work threw; or what it answered, where `faultOfResult` says that this is a fault. */
  readonly error: unknown;
  readonly fault: Fault;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** How long will be waited after this, in milliseconds. */
  readonly waitMs: number;
  /** Aborts when the caller cancels or the total limit is over. */
  readonly signal: AbortSignal;
}

/** What `retry` was told, read and settled; times are in milliseconds. */
export interface RetryParts extends StateParts {
  readonly faultOfResult: FaultOfResult | undefined;
  readonly beforeRetry: BeforeRetry | undefined;
  readonly clock: Clock;
}

/** Another attempt, as it was decided. */
interface PlannedRetry {
  readonly waitMs: number;
  readonly failure: Failure;
  /** Tells the caller how the last attempt ended, when there is none after all. */
  readonly end: () => void;
}

/** Every this many retries without a wait, timers and aborts get their turn. */
const RETRIES_PER_TURN = 100;

/** One call. What it decides and remembers begins with its first failure: most calls have none. */
export class RetryRun<Value> implements Caller<Value>, Beginning {
  readonly #parts: RetryParts;
  readonly #inside: Inside;
  readonly #work: Work<Value>;
  readonly isSeen: boolean;
  readonly startedAtMs: number;
  readonly moment = nextMoment();
  #outer!: LazyAttempt;
  #caller!: Caller<Value>;
  #state: RetryState | undefined;

  constructor(parts: RetryParts, inside: Inside, work: Work<Value>, isSeen: boolean) {
    this.#parts = parts;
    this.#inside = inside;
    this.#work = work;
    this.isSeen = isSeen;
    this.startedAtMs = isSeen ? parts.clock.elapsed() : 0;
  }

  /** What it decided and remembers; `undefined` while nothing has failed. */
  get state(): RetryState | undefined {
    return this.#state;
  }

  /** Begins the first attempt, under the total limit where there is one. */
  begin(outer: LazyAttempt, caller: Caller<Value>): void {
    const { total, clock, budget, expects } = this.#parts;
    this.#outer = outer;
    this.#caller = caller;
    if (total !== Infinity) {
      const expired = (): unknown => this.#stateNow().expire();
      const limited = new TimeLimit({ limitMs: total, clock, expired }).limit(outer, caller);
      if (limited === undefined) return;
      this.#outer = limited.attempt;
      this.#caller = limited;
    }
    if (expects > 0 && this.#outer.deadline.remainingMs() <= expects) {
      this.#caller.failed(this.#tooLate(expects));
      return;
    }
    budget?.deposit();
    this.#inside.begin(this.#work, this.#outer.numbered(1), this);
  }

  #tooLate(expectedMs: number): NoTimeLeftError {
    const leftMs = this.#outer.deadline.remainingMs();
    return new NoTimeLeftError(`Work under "${this.#parts.name}"`, expectedMs, leftMs);
  }

  succeeded(value: Value): void {
    const { faultOfResult } = this.#parts;
    if (faultOfResult === undefined) this.#succeed(value);
    else this.#judge(value, faultOfResult);
  }

  failed(error: unknown): void {
    const outer = this.#outer;
    const caller = this.#caller;
    // A caller's own abort is no fault: the signal is asked before the error.
    if (outer.isAborted) caller.failed(outer.source?.reason);
    else {
      const failure = { error, fault: this.#parts.classify(error) };
      this.#goOn(failure, () => caller.failed(error));
    }
  }

  #succeed(value: Value): void {
    const outer = this.#outer;
    const caller = this.#caller;
    if (!outer.isAborted) this.#state?.recover();
    caller.succeeded(value);
  }

  #judge(value: Value, faultOfResult: FaultOfResult): void {
    const outer = this.#outer;
    const caller = this.#caller;
    try {
      const fault = outer.isAborted ? undefined : faultOfResult(value);
      if (fault === undefined) this.#succeed(value);
      else this.#goOn({ error: value, fault }, () => caller.succeeded(value));
    } catch (mistake) {
      caller.failed(mistake);
    }
  }

  /** Goes on after a failure: with another attempt, or by telling the caller how the last one ended. */
  #goOn(failure: Failure, end: () => void): void {
    const outer = this.#outer;
    const state = this.#stateNow();
    try {
      const decision = state.decide(failure, outer.deadline.remainingMs());
      if (!decision.isRetried) {
        state.stop(decision.reason, failure);
        end();
        return;
      }
      const { waitMs } = decision;
      const isWanted = state.confirm(failure);
      if (typeof isWanted === "boolean") this.#retry(isWanted, { waitMs, failure, end });
      else this.#retryIf(isWanted, { waitMs, failure, end });
    } catch (mistake) {
      this.#caller.failed(mistake);
    }
  }

  #retryIf(isWanted: PromiseLike<boolean>, planned: PlannedRetry): void {
    const outer = this.#outer;
    settleWith(() => outer.start(() => isWanted), {
      succeeded: (wanted) => this.#retry(wanted, planned),
      failed: (mistake) => {
        const isOver = outer.isAborted;
        this.#caller.failed(
          isOver ? mistake : this.#stateNow().unconfirmed(mistake, planned.failure),
        );
      },
    });
  }

  #retry(isWanted: boolean, { waitMs, failure, end }: PlannedRetry): void {
    const state = this.#stateNow();
    const refusal = state.refusal(isWanted);
    if (refusal !== undefined) {
      state.stop(refusal, failure);
      end();
      return;
    }
    // Even a timer of 0 ms takes one or more. But promises alone would never let an abort through.
    const isAtOnce = waitMs === 0 && state.attempt % RETRIES_PER_TURN !== 0;
    if (isAtOnce && this.#parts.beforeRetry === undefined) {
      state.schedule(0, failure);
      this.#again(state);
    } else {
      this.#prepare(waitMs, failure, state).then(
        () => this.#again(state),
        (reason: unknown) => this.#caller.failed(reason),
      );
    }
  }

  #again(state: RetryState): void {
    state.begin();
    const attempt = this.#outer.numbered(state.attempt);
    withTriesLeft(state.triesLeft, () => this.#inside.begin(this.#work, attempt, this));
  }

  #stateNow(): RetryState {
    return (this.#state ??= new RetryState(this.#parts, this));
  }

  async #prepare(waitMs: number, failure: Failure, state: RetryState): Promise<void> {
    await this.#clear(waitMs, failure, state);
    state.schedule(waitMs, failure);
    await waitUnder(this.#outer.source, waitMs, this.#parts.clock);
  }

  /** Lets the user do what is to be done before the wait. That takes its time, which counts too. */
  async #clear(waitMs: number, failure: Failure, state: RetryState): Promise<void> {
    const { beforeRetry } = this.#parts;
    if (beforeRetry === undefined) return;
    const outer = this.#outer;
    const { attempt } = state;
    try {
      await outer.start(({ signal }) => beforeRetry({ ...failure, attempt, waitMs, signal }));
    } catch (thrown) {
      outer.throwIfAborted();
      state.stop("ended by beforeRetry", failure);
      throw thrown;
    }
    if (waitMs < outer.deadline.remainingMs()) return;
    state.stop("time is up", failure);
    throw failure.error;
  }
}

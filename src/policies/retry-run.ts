/** One call under `retry`: its attempts, and its waits between them. */

import type { Clock } from "../core/clock.ts";
import { NoTimeLeftError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import { leftToWait } from "../core/haste.ts";
import type { FaultOfResult } from "./fault-of-result.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";
import { nextMoment, withAllowance, type Allowance } from "./nested-retries.ts";
import type { Work } from "./policy.ts";
import { RetryState, type Beginning, type Failure, type StateParts } from "./retry-state.ts";
import { TimeLimit } from "./time-limit.ts";
import { waitUnder } from "./wait.ts";
import type { Caller, Inside } from "./work-call.ts";

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

/** Another attempt, as it is planned. */
interface RetryPlan {
  readonly waitMs: number;
  /** Whether it begins in this same turn, with nothing before it. */
  readonly isAtOnce: boolean;
  /** The user's last word, where that was promised. */
  readonly isWanted?: PromiseLike<boolean>;
}

/** Every this many retries without a wait, timers and aborts get their turn. */
const RETRIES_PER_TURN = 100;

/** So many attempts may begin while another one is being told that it failed: each takes its stack. */
const MOST_STACKED = 20;

let stacked = 0;

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
  /** What the attempt that is under way leaves to retries inside it. */
  #allowance: Allowance | undefined;

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
    const { total, clock, expects } = this.#parts;
    this.#outer = outer;
    this.#caller = caller;
    if (total !== Infinity) {
      const expired = (): unknown => this.#stateNow().expire();
      const limited = new TimeLimit({ limitMs: total, clock, expired }).limit(outer, caller);
      if (limited === undefined) return;
      this.#outer = limited.attempt;
      this.#caller = limited;
    }
    if (expects > 0 && this.#outer.deadline.remainingMs() <= expects) this.#refuse(expects);
    else if (this.#deposits()) this.#inside.begin(this.#work, this.#outer.numbered(1), this);
  }

  #refuse(expectedMs: number): void {
    const { name, classify } = this.#parts;
    const leftMs = this.#outer.deadline.remainingMs();
    const error = new NoTimeLeftError(`Work under "${name}"`, expectedMs, leftMs);
    this.#stateNow().refuse({ error, fault: classify(error) });
    this.#caller.failed(error);
  }

  #deposits(): boolean {
    try {
      this.#parts.budget?.deposit();
      return true;
    } catch (mistake) {
      const failure = { error: mistake, fault: this.#parts.classify(mistake) };
      this.#stateNow().stop("budget failed", failure);
      this.#caller.failed(mistake);
      return false;
    }
  }

  succeeded(value: Value): void {
    this.#attemptEnds();
    const { faultOfResult } = this.#parts;
    if (faultOfResult === undefined) this.#succeed(value);
    else this.#judge(value, faultOfResult);
  }

  failed(error: unknown): void {
    this.#attemptEnds();
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
    const caller = this.#caller;
    let fault: Fault | undefined;
    try {
      fault = this.#outer.isAborted ? undefined : faultOfResult(value);
    } catch (mistake) {
      const failure = { error: mistake, fault: this.#parts.classify(mistake) };
      this.#stateNow().stop("faultOfResult failed", failure);
      caller.failed(mistake);
      return;
    }
    if (fault === undefined) this.#succeed(value);
    else this.#goOn({ error: value, fault }, () => caller.succeeded(value));
  }

  /** Goes on after a failure: with another attempt, or by telling the caller how the last one ended. */
  #goOn(failure: Failure, end: () => void): void {
    const state = this.#stateNow();
    let plan: RetryPlan | undefined;
    try {
      plan = this.#plan(failure, state);
    } catch (mistake) {
      this.#caller.failed(mistake);
      return;
    }
    if (plan === undefined) end();
    else if (plan.isAtOnce) this.#again(failure, plan, state);
    else
      this.#prepare(failure, plan, state).then(
        (isReady) => (isReady ? this.#begin(state) : end()),
        (reason: unknown) => this.#caller.failed(reason),
      );
  }

  /** Plans another attempt; or tells that there is none, and why. @throws What ended the retries instead. */
  #plan(failure: Failure, state: RetryState): RetryPlan | undefined {
    const decision = state.decide(failure, this.#outer.deadline.remainingMs());
    if (!decision.isRetried) {
      state.stop(decision.reason, failure);
      return undefined;
    }
    const { waitMs } = decision;
    const isWanted = state.confirm(failure);
    if (typeof isWanted !== "boolean") return { waitMs, isWanted, isAtOnce: false };
    if (!state.claims(isWanted, failure)) return undefined;
    return { waitMs, isAtOnce: !hasTurn(waitMs, state) && this.#parts.beforeRetry === undefined };
  }

  /** Begins the next attempt in this same turn, unless such attempts are stacked too high already. */
  #again(failure: Failure, { waitMs }: RetryPlan, state: RetryState): void {
    state.schedule(waitMs, failure);
    if (stacked >= MOST_STACKED) {
      void Promise.resolve().then(() => this.#begin(state));
      return;
    }
    stacked++;
    try {
      this.#begin(state);
    } finally {
      stacked--;
    }
  }

  #begin(state: RetryState): void {
    state.begin();
    const attempt = this.#outer.numbered(state.attempt);
    const allowance = (this.#allowance = state.allowance());
    if (allowance === undefined) this.#inside.begin(this.#work, attempt, this);
    else withAllowance(allowance, () => this.#inside.begin(this.#work, attempt, this));
  }

  #attemptEnds(): void {
    if (this.#allowance !== undefined) this.#allowance.isOver = true;
  }

  #stateNow(): RetryState {
    return (this.#state ??= new RetryState(this.#parts, this));
  }

  /** All that comes before the next attempt. False when there is none after all, which has been told. */
  async #prepare(
    failure: Failure,
    { waitMs, isWanted }: RetryPlan,
    state: RetryState,
  ): Promise<boolean> {
    const { beforeRetry, expects, clock } = this.#parts;
    if (isWanted !== undefined && !state.claims(await this.#word(isWanted, failure), failure))
      return false;
    if (beforeRetry !== undefined) await this.#clear(beforeRetry, { waitMs, failure, state });
    // What was waited for until here has taken its time, which counts too.
    if (waitMs + expects >= this.#outer.deadline.remainingMs()) {
      state.stop("time is up", failure);
      return false;
    }
    state.schedule(waitMs, failure);
    if (hasTurn(waitMs, state)) {
      await waitUnder(this.#outer.source, leftToWait(waitMs, clock), clock);
    }
    return true;
  }

  /** The user's last word, which was promised. */
  async #word(isWanted: PromiseLike<boolean>, failure: Failure): Promise<boolean> {
    const outer = this.#outer;
    // Once the call is aborted nobody hears of it any more, and it may be a rejection.
    Promise.resolve(isWanted).catch(() => {});
    try {
      return await outer.start(() => isWanted);
    } catch (mistake) {
      outer.throwIfAborted();
      throw this.#stateNow().unconfirmed(mistake, failure);
    }
  }

  /** Lets the user do what is to be done before the wait. */
  async #clear(
    beforeRetry: BeforeRetry,
    { waitMs, failure, state }: { waitMs: number; failure: Failure; state: RetryState },
  ): Promise<void> {
    const outer = this.#outer;
    const { attempt } = state;
    try {
      await outer.start(({ signal }) => beforeRetry({ ...failure, attempt, waitMs, signal }));
    } catch (thrown) {
      outer.throwIfAborted();
      state.stop("ended by beforeRetry", failure);
      throw thrown;
    }
  }
}

/** Whether a timer runs before the next attempt. Promises alone would never let an abort through. */
function hasTurn(waitMs: number, { attempt }: RetryState): boolean {
  return waitMs > 0 || attempt % RETRIES_PER_TURN === 0;
}

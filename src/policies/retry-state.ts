/** What one call under `retry` remembers between its attempts, what it decides, and what it tells. */

import type { Classify } from "../classify/classify.ts";
import type { Clock } from "../core/clock.ts";
import { TimeoutError } from "../core/errors.ts";
import type { AttemptRecord, Emit, RetryStop } from "../core/events.ts";
import type { Fault, FaultClass } from "../core/fault.ts";
import { mostAttempts } from "../core/haste.ts";
import { askAbout } from "./ask-about.ts";
import { isOneOf, type FailureKind } from "./failure-kinds.ts";
import {
  allowanceOutside,
  nextMoment,
  rememberTries,
  triesBehind,
  type Allowance,
} from "./nested-retries.ts";
import { decideRetry, type RetryDecision, type RetryRules } from "./retry-decision.ts";

/** Whether a failure is worth another attempt; `attempt` is the one that failed, from 1. */
export type When = (
  error: unknown,
  fault: Fault,
  attempt: number,
) => boolean | PromiseLike<boolean>;

/** What retries and hedges may cost altogether, whoever makes them. A call ends with what they throw. */
export interface RetryAllowance {
  /** A first attempt begins. */
  deposit(): void;
  /** Asks for one retry, and takes it when there is one. */
  withdraw(): boolean;
}

/** What the decisions about one call go by; times are in milliseconds. */
export interface StateParts extends RetryRules {
  readonly name: string;
  readonly attempts: number;
  readonly total: number;
  readonly when: When;
  readonly nested: "shared" | "independent";
  readonly uncounted: readonly FailureKind[];
  readonly budget: RetryAllowance | undefined;
  readonly classify: Classify;
  readonly clock: Clock;
  readonly tell: Emit;
}

/** What the work threw, or a result that is a fault. */
export interface Failure {
  readonly error: unknown;
  readonly fault: Fault;
}

/** So many attempts of one call may be uncounted: everything has a bound. */
const MOST_UNCOUNTED = 1_000;

/** So many attempts are remembered. */
const LONGEST_HISTORY = 20;

/** Why there was no further attempt. */
export interface Stopped {
  readonly reason: RetryStop;
  readonly fault: Fault;
}

/** When a call began. */
export interface Beginning {
  /** Whether times are read and attempts remembered: not when nobody would ever see it. */
  readonly isSeen: boolean;
  readonly moment: number;
  /** By the clock, where it is seen. */
  readonly startedAtMs: number;
}

/** The state of one call from its first failure on; the policy itself has none. */
export class RetryState {
  readonly #parts: StateParts;
  readonly #isSeen: boolean;
  readonly #attempts: number;
  readonly #outside: Allowance | undefined;
  readonly #sinceMoment: number;
  readonly #history: AttemptRecord[] = [];
  #attempt = 1;
  #attemptSinceMoment: number;
  #isUnderWay = true;
  #startedAtMs: number;
  /** How often was tried, by retries inside too. */
  #tries = 0;
  #uncounted = 0;
  #previousMs = 0;
  #lastFailure: Failure | undefined;
  #failures: Partial<Record<FaultClass, number>> | undefined;
  #stopped: Stopped | undefined;

  constructor(parts: StateParts, { isSeen, moment, startedAtMs }: Beginning) {
    this.#parts = parts;
    this.#isSeen = isSeen;
    this.#sinceMoment = this.#attemptSinceMoment = moment;
    this.#startedAtMs = startedAtMs;
    const { attempts, clock } = parts;
    this.#outside = this.#isShared ? allowanceOutside() : undefined;
    this.#attempts = Math.min(attempts, this.#outside?.tries ?? Infinity, mostAttempts(clock));
  }

  /** Which attempt is under way, or was the last one. */
  get attempt(): number {
    return this.#attempt;
  }

  /** What is left for retries inside the next attempt, where they are to know and there is an end. */
  allowance(): Allowance | undefined {
    const tries = this.#attempts - this.#tries;
    if (!this.#isShared || tries === Infinity) return undefined;
    return { tries, isOver: false, outside: this.#outside };
  }

  /** Why there was no further attempt, once that is so, and the fault of the last one. */
  get stopped(): Stopped | undefined {
    return this.#stopped;
  }

  /** The last attempts that failed. */
  get history(): readonly AttemptRecord[] {
    return this.#history;
  }

  /** The next attempt begins. */
  begin(): void {
    this.#attempt++;
    this.#attemptSinceMoment = nextMoment();
    this.#isUnderWay = true;
    if (this.#isSeen) this.#startedAtMs = this.#parts.clock.elapsed();
  }

  /**
   * Decides about an attempt that failed, and tells of it. @throws What a function of the user's
   * threw, and the failure with it.
   */
  decide(failure: Failure, leftMs: number): RetryDecision {
    const { error, fault } = failure;
    this.#tellFailed(failure);
    const isCounted = this.#isCounted(failure);
    if (isCounted) this.#tries += this.#triesOf(error);
    const failed = {
      error,
      fault,
      attempt: this.#attempt,
      triesLeft: this.#attempts - this.#tries,
      failuresOfClass: isCounted ? this.#count(fault.class) : 0,
      previousMs: this.#previousMs,
      leftMs,
    };
    return this.#ask("backoff", failure, () => decideRetry(failed, this.#parts));
  }

  /** Asks the user's last word about another attempt. @throws What it threw, and the failure with it. */
  confirm({ error, fault }: Failure): boolean | PromiseLike<boolean> {
    const { when } = this.#parts;
    return this.#ask("when", { error, fault }, () => when(error, fault, this.#attempt));
  }

  /** The error for a last word that was promised, and failed. */
  unconfirmed(mistake: unknown, failure: Failure): unknown {
    try {
      return this.#ask("when", failure, () => {
        throw mistake;
      });
    } catch (both) {
      return both;
    }
  }

  /**
   * Whether there will be another attempt that everything else allows: takes it from the budget, or
   * tells why there is none. @throws What the budget threw, and the failure with it.
   */
  claims(isWanted: boolean, failure: Failure): boolean {
    if (!isWanted) this.stop("refused by when", failure);
    else if (this.#isPaid(failure)) return true;
    else this.stop("budget is spent", failure);
    return false;
  }

  #isPaid(failure: Failure): boolean {
    const { budget } = this.#parts;
    return budget === undefined || this.#ask("budget", failure, () => budget.withdraw());
  }

  /** Tells that there is not even a first attempt. */
  refuse(failure: Failure): void {
    this.#attempt = 0;
    this.stop("time is up", failure);
  }

  /** There will be another attempt after this wait. */
  schedule(waitMs: number, { fault }: Failure): void {
    const { name, attempts: maxAttempts, tell } = this.#parts;
    this.#previousMs = waitMs;
    const last = this.#history.pop();
    if (last !== undefined) this.#history.push({ ...last, waitMs });
    tell({
      type: "retry.scheduled",
      policy: name,
      number: this.#attempt,
      maxAttempts,
      waitMs,
      fault,
    });
  }

  /** An attempt succeeded after others had failed. */
  recover(): void {
    const { name: policy, tell } = this.#parts;
    tell({ type: "retry.recovered", policy, attempts: this.#attempt });
  }

  /** Tells why there is no further attempt. */
  stop(reason: RetryStop, { error, fault }: Failure): void {
    this.#stopped = { reason, fault };
    if (this.#isShared) {
      const tries = this.#tries;
      rememberTries(error, { tries, sinceMoment: this.#sinceMoment, policy: this.#parts });
    }
    this.#parts.tell({
      type: "retry.stopped",
      policy: this.#parts.name,
      attempts: this.#attempt,
      reason,
      fault,
      error,
      history: [...this.#history],
    });
  }

  /** The total limit is over while an attempt or a wait is under way. Answers the error for it. */
  expire(): TimeoutError {
    const { name, total: limitMs, classify, tell } = this.#parts;
    const cause = this.#lastFailure && { cause: this.#lastFailure.error };
    const error = new TimeoutError(`Work under "${name}"`, limitMs, cause);
    const failure = { error, fault: classify(error) };
    tell({ type: "timeout.expired", policy: name, limitMs });
    if (this.#isUnderWay) this.#tellFailed(failure);
    this.stop("time is up", failure);
    return error;
  }

  /** Asks a function of the user's. One that throws ends the retries, and hides no failure. */
  #ask<Answer>(name: "backoff" | "when" | "budget", failure: Failure, ask: () => Answer): Answer {
    try {
      return askAbout(`The ${name} of "${this.#parts.name}"`, failure.error, ask);
    } catch (mistake) {
      this.stop(`${name} failed`, failure);
      throw mistake;
    }
  }

  #isCounted({ error, fault }: Failure): boolean {
    const { uncounted } = this.#parts;
    return !isOneOf(uncounted, error, fault) || ++this.#uncounted > MOST_UNCOUNTED;
  }

  #triesOf(error: unknown): number {
    return this.#isShared ? triesBehind(error, this.#attemptSinceMoment, this.#parts) : 1;
  }

  get #isShared(): boolean {
    return this.#parts.nested === "shared";
  }

  #count(failed: FaultClass): number {
    this.#failures ??= {};
    const count = (this.#failures[failed] ?? 0) + 1;
    this.#failures[failed] = count;
    return count;
  }

  #tellFailed(failure: Failure): void {
    const { name: policy, clock, tell } = this.#parts;
    this.#isUnderWay = false;
    this.#lastFailure = failure;
    if (!this.#isSeen) return;
    const durationMs = clock.elapsed() - this.#startedAtMs;
    const { error, fault } = failure;
    const number = this.#attempt;
    this.#history.push({ number, fault, durationMs });
    if (this.#history.length > LONGEST_HISTORY) this.#history.shift();
    tell({ type: "attempt.failed", policy, number, durationMs, fault, error });
  }
}

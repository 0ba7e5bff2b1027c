/** Breakers by hand: opened by failures in a row, or by the share of failures in a window of time. */

import { IDLE, type Guard, type HandWork } from "./attempt.ts";

/** What is different from one breaker by hand to the next. */
export interface BreakerByHand {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open. */
  readonly pauseMs: number;
  /** Makes what an open one rejects with. */
  readonly reject: () => Error;
}

/** What they are where nothing is said. */
export const USUAL: BreakerByHand = {
  failures: 5,
  pauseMs: 30_000,
  reject: () => new Error("The circuit is open"),
};

/** The state of one, without the promises. */
export class Streak {
  readonly #rules: BreakerByHand;
  #failures = 0;
  #openUntilMs = 0;

  constructor(rules: BreakerByHand) {
    this.#rules = rules;
  }

  get isOpen(): boolean {
    return this.#failures >= this.#rules.failures && performance.now() < this.#openUntilMs;
  }

  succeed(): void {
    this.#failures = 0;
  }

  fail(): void {
    if (++this.#failures < this.#rules.failures) return;
    this.#openUntilMs = performance.now() + this.#rules.pauseMs;
  }
}

/** Opens after failures in a row, as one writes it. */
export function breakerByAwait(changes: Partial<BreakerByHand> = {}): Guard {
  const rules = { ...USUAL, ...changes };
  const streak = new Streak(rules);
  return async (work) => {
    if (streak.isOpen) throw rules.reject();
    try {
      const value = await work(IDLE);
      streak.succeed();
      return value;
    } catch (error) {
      streak.fail();
      throw error;
    }
  };
}

/** The same by `then`, with the same two functions for all calls. */
export function breakerByThen(changes: Partial<BreakerByHand> = {}): Guard {
  const rules = { ...USUAL, ...changes };
  const streak = new Streak(rules);
  const succeeded = <Value>(value: Value): Value => {
    streak.succeed();
    return value;
  };
  const failed = (error: unknown): never => {
    streak.fail();
    throw error;
  };
  return (work) =>
    streak.isOpen ? Promise.reject(rules.reject()) : work(IDLE).then(succeeded, failed);
}

/** The outcome of a call that may be turned away, without anything thrown. */
export type Answer<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false };

const TURNED_AWAY: Answer<never> = Object.freeze({ ok: false });

/** Answers what became of the call, so that turning one away throws nothing. */
export function answeringBreakerByHand(
  changes: Partial<BreakerByHand> = {},
): <Value>(work: HandWork<Value>) => Promise<Answer<Value>> {
  const streak = new Streak({ ...USUAL, ...changes });
  return async (work) => {
    if (streak.isOpen) return TURNED_AWAY;
    try {
      const value = await work(IDLE);
      streak.succeed();
      return { ok: true, value };
    } catch {
      streak.fail();
      return TURNED_AWAY;
    }
  };
}

const BUCKETS = 10;
/** A bucket is one small integer: its calls in the upper bits, its failures in the lower fifteen. */
const CALL = 2 ** 15;
const LEAST_CALLS = 20;

/**
 * Opens when more than a share of the calls in the last `windowMs` failed. What it does for a call
 * does not grow with the calls in the window. A bucket holds up to 32,767 failures.
 */
export class WindowBreaker {
  readonly #windowMs: number;
  readonly #share: number;
  readonly #buckets: number[] = Array.from({ length: BUCKETS }, () => 0);
  #newest = 0;
  #openUntilMs = 0;

  constructor({ windowMs = 10_000, share = 0.5 } = {}) {
    this.#windowMs = windowMs;
    this.#share = share;
  }

  async run<Value>(work: HandWork<Value>): Promise<Value> {
    if (performance.now() < this.#openUntilMs) throw USUAL.reject();
    try {
      const value = await work(IDLE);
      this.#count(CALL);
      return value;
    } catch (error) {
      this.#count(CALL + 1);
      if (this.#isTooMuch()) this.#openUntilMs = performance.now() + USUAL.pauseMs;
      throw error;
    }
  }

  #count(added: number): void {
    const now = Math.floor((performance.now() / this.#windowMs) * BUCKETS);
    const first = Math.max(this.#newest + 1, now - BUCKETS + 1);
    for (let passed = first; passed <= now; passed++) this.#buckets[passed % BUCKETS] = 0;
    this.#newest = now;
    const place = now % BUCKETS;
    this.#buckets[place] = (this.#buckets[place] ?? 0) + added;
  }

  #isTooMuch(): boolean {
    let [calls, failures] = [0, 0];
    for (const bucket of this.#buckets) {
      calls += Math.floor(bucket / CALL);
      failures += bucket % CALL;
    }
    return calls >= LEAST_CALLS && failures > this.#share * calls;
  }
}

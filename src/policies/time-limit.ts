/** One limit on one call: the part that `timeout` and the total limit of `retry` share. */

import type { Clock } from "../core/clock.ts";
import { LimitAbort } from "./abort-source.ts";
import { settleWith, type LazyAttempt } from "./lazy-attempt.ts";
import type { Deadline } from "./policy.ts";

/** How long, by which clock, and what is said when it is over. */
export interface TimeLimit {
  readonly limitMs: number;
  readonly clock: Clock;
  /** Tells that the limit is over and makes the error for it. */
  readonly expired: () => unknown;
}

/**
 * Runs `work` and rejects as soon as the limit is over, with the limit's error, or `outer` is
 * aborted, with its reason. The signal that the work was given aborts with the same, and never
 * otherwise. No timer and no listener is left once this has settled.
 */
export function runWithin<Value>(
  { limitMs, clock, expired }: TimeLimit,
  outer: LazyAttempt,
  work: (limited: LazyAttempt) => Value | PromiseLike<Value>,
): Promise<Value> {
  const { source } = outer;
  if (source?.isAborted) return Promise.reject(source.reason);
  return new Promise((resolve, reject) => {
    const abort = new LimitAbort();
    const cancelTimer = clock.after(limitMs, () => end(expired()));
    const letGo = (): void => {
      cancelTimer();
      source?.ignore(end);
    };
    function end(reason: unknown): void {
      letGo();
      // First the caller is answered: what listens on the signal may take its time.
      reject(reason);
      abort.abort(reason);
    }
    source?.listen(end);
    const limited = outer.within(abort, new LimitDeadline(outer.deadline, clock, limitMs));
    settleWith(
      () => work(limited),
      (value) => {
        letGo();
        resolve(value);
      },
      (error) => {
        letGo();
        reject(error);
      },
    );
  });
}

/** The sooner of an outer deadline and a limit that begins now. */
class LimitDeadline implements Deadline {
  readonly #outer: Deadline;
  readonly #clock: Clock;
  readonly #endsAtMs: number;

  constructor(outer: Deadline, clock: Clock, limitMs: number) {
    this.#outer = outer;
    this.#clock = clock;
    this.#endsAtMs = clock.elapsed() + limitMs;
  }

  remainingMs(): number {
    const ownMs = Math.max(0, this.#endsAtMs - this.#clock.elapsed());
    return Math.min(ownMs, this.#outer.remainingMs());
  }
}

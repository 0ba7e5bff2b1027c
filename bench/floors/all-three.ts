/** Retry around a breaker around a limit by hand: in layers, and in one function. */

import { LIMIT_MS } from "../limits.ts";
import { ATTEMPTS, lateError, type Guard, type HandWork } from "./attempt.ts";
import { breakerByAwait, Streak, USUAL, type BreakerByHand } from "./breaker.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import { retryByLoop } from "./retry.ts";
import { timeoutByTimer } from "./timeout.ts";

/** The three, each a layer of its own. */
export function threeByHand(): Guard {
  const guarded = breakerByAwait();
  return (work) =>
    retryByLoop(({ attempt }) => guarded(() => timeoutByTimer(work, { number: attempt })));
}

/** The three in one function, with a timer for each attempt. */
export function fusedByTimer(limitMs = LIMIT_MS.byTimer): Guard {
  const streak = new Streak(USUAL);
  return async (work) => {
    for (let number = 1; ; number++) {
      if (streak.isOpen) throw USUAL.reject();
      try {
        const value = await timeoutByTimer(work, { number, limitMs });
        streak.succeed();
        return value;
      } catch (error) {
        streak.fail();
        if (number >= ATTEMPTS) throw error;
      }
    }
  };
}

/** What is different from one to the next: besides the breaker, a signal that cancels all its calls. */
export interface FusedByHand extends BreakerByHand {
  readonly signal: AbortSignal | undefined;
}

/** The three in one function, with one timer and one listener for all calls. */
export function fusedByQueue(changes: Partial<FusedByHand> = {}): Guard {
  const rules = { ...USUAL, signal: undefined, ...changes };
  const { signal } = rules;
  const queue = new DeadlineQueue(LIMIT_MS.byQueue, lateError);
  const streak = new Streak(rules);
  signal?.addEventListener("abort", () => queue.cancel(signal.reason), { once: true });

  function attempt<Value>(number: number, work: HandWork<Value>, caller: Caller<Value>): void {
    if (signal?.aborted) return caller.reject(signal.reason);
    if (streak.isOpen) return caller.reject(rules.reject());
    const fail = (error: unknown): void => {
      if (signal?.aborted) return caller.reject(signal.reason);
      streak.fail();
      if (number >= ATTEMPTS) caller.reject(error);
      else attempt(number + 1, work, caller);
    };
    const queued = queue.add(number, fail);
    work(queued).then(
      (value) => {
        if (!queue.remove(queued)) return;
        streak.succeed();
        caller.resolve(value);
      },
      (error: unknown) => {
        if (queue.remove(queued)) fail(error);
      },
    );
  }

  return (work) => new Promise((resolve, reject) => attempt(1, work, { resolve, reject }));
}

interface Caller<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

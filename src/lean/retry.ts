/** Retries, in few bytes. */

import type { Classify } from "../classify/classify.ts";
import type { Random } from "../core/dice.ts";
import { quietly } from "../core/quietly.ts";
import { plainClock, systemRandom, type PlainClock } from "../core/system.ts";
import type { Backoff } from "../policies/backoff.ts";
import type { Policy } from "../policies/policy.ts";
import { faultBy, ownFaultOf } from "./faults.ts";
import { LeanAttempt, policyOf } from "./lean-policy.ts";
import { count, settle, typed } from "./options.ts";
import { under } from "./under.ts";

/** When work is run again, and how long is waited before. */
export interface LeanRetryOptions {
  /** Stands in messages. Default `"retry"`. */
  readonly name?: string | undefined;
  /** How often the work may run in all, the first time included. Default 4; `Infinity` is allowed. */
  readonly attempts?: number | undefined;
  /**
   * Tells the wait before each retry, in milliseconds; those that `holdfast` makes fit. Default: drawn
   * from 0 up to 200 ms, 400 ms and so on, to 30 s.
   */
  readonly backoff?: Backoff | undefined;
  /** Tells the fault of an error. Default: see `retry`. */
  readonly classify?: Classify | undefined;
  /** Default: the system's clock. */
  readonly clock?: PlainClock | undefined;
  /** Gives numbers from 0 up to, not including, 1. Default: the system's dice. */
  readonly random?: Random | undefined;
}

const usualBackoff: Backoff = ({ retry: nth, random }) =>
  random() * Math.min(30_000, 100 * 2 ** nth);

const READERS = {
  name: typed("string", "retry"),
  attempts: count(4),
  backoff: typed("function", usualBackoff),
  classify: typed("function", ownFaultOf),
  clock: typed("object", plainClock),
  random: typed("function", systemRandom),
};

/**
 * Makes a policy that runs failed work again, unless the failure is fatal; once more where it is
 * unknown. It waits as the backoff says, and no less than the fault asks for. A wait that would not end
 * before the deadline is not begun.
 *
 * Without `classify`, a fault is what the error carries, as those of `holdfast` do, or was marked with;
 * a programming error is fatal; anything else is taken for a dependency in trouble, and retried.
 *
 * When there is no further attempt, the last error is thrown as it is. Once the signal aborts, an
 * attempt or a wait ends at once with the signal's reason. For a limit of all attempts, put a
 * `timeout` around it.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * const user = await retry({ attempts: 6 }).run(({ signal }) => readUser(42, { signal }));
 */
export function retry(options: LeanRetryOptions = {}): Policy {
  const { name, attempts, backoff, classify, clock, random } = settle("retry", options, READERS);
  return policyOf(name, async (work, { source, deadline }) => {
    let unknowns = 0;
    for (let attempt = 1, waitMs = 0; ; attempt++) {
      try {
        return await under(source, () => work(new LeanAttempt(attempt, deadline, source)));
      } catch (error) {
        // A caller's own abort is no fault: the signal is asked before the error.
        source?.throwIfAborted();
        const fault = faultBy(classify, error);
        const { class: kind, retryAfterMs = 0 } = fault;
        const isOver = kind === "fatal" || (kind === "unknown" && unknowns++ > 0);
        if (isOver || attempt >= attempts) throw error;
        const input = { retry: attempt, random, previousMs: waitMs, fault, error };
        waitMs = Math.max(retryAfterMs, quietly(() => backoff(input)) as number);
        // Nor is one that is no number: a timer would take it for 0.
        if (!(waitMs < deadline.remainingMs())) throw error;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      await under(source, () => promise).finally(clock.after(waitMs, resolve));
    }
  });
}

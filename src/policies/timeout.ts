/** A time limit on work. */

import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import { TimeoutError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  duration,
  oneOf,
  part,
  readOptions,
  required,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { guarded, type Guard } from "./guard.ts";
import type { Attempt, Policy } from "./policy.ts";
import { teller } from "./tell.ts";
import { TimeLimit, type TimeLimitParts } from "./time-limit.ts";
import { place } from "./order.ts";

/** A limit for each attempt, asked when it begins. What it throws is what the call fails with. */
export type LimitOf = (attempt: Attempt) => Duration;

/** How a time limit is named, timed and watched. */
export interface TimeoutOptions {
  /** Stands in events and in the error. Default `"timeout"`. */
  readonly name?: string | undefined;
  /**
   * What happens when the limit is over. `abandoning`: the call rejects at once, even if the work takes
   * no notice. `cooperative`: the work is asked to end, by its signal, and the call waits until it has;
   * a value that comes late is a value. Default `"abandoning"`.
   */
  readonly mode?: "abandoning" | "cooperative" | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told the `timeout.…` events, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

const READERS = {
  name: text({ default: "timeout" }),
  mode: oneOf(["abandoning", "cooperative"], { default: "abandoning" as const }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof TimeoutOptions, Reader<unknown>>;

const readLimit = required(duration({ default: undefined, orInfinity: true }), "a duration");

/**
 * Makes a policy that ends work that takes too long.
 *
 * When the limit is over it rejects with `TimeoutError` at once, even if the work takes no notice,
 * and aborts the signal that it gave to the work, with that same error. Work that ignores its signal
 * goes on in the background: its effect may still come. A `bulkhead` holds its slot until it has ended,
 * and where nothing else stands between, `timeout.outlived` tells how long that took. When the caller cancels first, it rejects
 * with the caller's reason. `Infinity` is no limit of its own; 0 leaves time only for work that has
 * its answer ready.
 *
 * The error is made when the limit is over and not beforehand, so its stack does not lead to the
 * caller: making one for each call would cost more than all the rest of the policy.
 *
 * @throws {OptionsError} At once, if the limit or an option is unknown or out of range.
 * @example
 * const page = await timeout("2s").run(({ signal }) => fetch("http://localhost/", { signal }));
 */
export function timeout(limit: Duration | LimitOf, options: TimeoutOptions = {}): Policy {
  const settled = readOptions("timeout", options, READERS);
  const { name } = settled;
  if (typeof limit === "function")
    return guarded(name, limitEach(limit, settled), place("timeout", { limit, ...settled }));
  const limitMs = readLimit(limit, "timeout.limit");
  const placed = place("timeout", { limit: limitMs, ...settled }, limitMs);
  return guarded(name, new TimeLimit(limitPartsOf(limitMs, settled)), placed);
}

function limitPartsOf(
  limitMs: number,
  { name, mode, clock, on }: Settled<typeof READERS>,
): TimeLimitParts {
  const tell = teller(on);
  return {
    limitMs,
    clock,
    isWaitedFor: mode === "cooperative",
    expired: () => {
      tell({ type: "timeout.expired", policy: name, limitMs });
      return new TimeoutError(`Work under "${name}"`, limitMs);
    },
    outlived: (lateMs) => tell({ type: "timeout.outlived", policy: name, lateMs }),
  };
}

function limitEach(limitOf: LimitOf, settled: Settled<typeof READERS>): Guard {
  return {
    begin: (inside, work, attempt, caller) => {
      let limit: TimeLimit;
      try {
        const limitMs = readLimit(limitOf(attempt), "timeout.limit");
        limit = new TimeLimit({ ...limitPartsOf(limitMs, settled), isOneOfAKind: true });
      } catch (mistake) {
        caller.failed(mistake);
        return;
      }
      limit.begin(inside, work, attempt, caller);
    },
  };
}

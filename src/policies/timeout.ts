/** A time limit on work. */

import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import { OptionsError, TimeoutError } from "../core/errors.ts";
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
import { DetachingLimit } from "./detaching-limit.ts";
import { guarded, type Guard } from "./guard.ts";
import type { Attempt, Policy } from "./policy.ts";
import { SlowWatch } from "./slow-watch.ts";
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
   * a value that comes late is a value. `detaching`: the call rejects at once, and the work goes on to its
   * own end; only the caller's own abort reaches its signal. Default `"abandoning"`.
   */
  readonly mode?: "abandoning" | "cooperative" | "detaching" | undefined;
  /**
   * After so long `timeout.slow` is told, once, and the call goes on. Shorter than the limit, at least
   * 1 ms; beside a limit of `Infinity` nothing is ended at all. Default: nothing is told.
   */
  readonly slow?: Duration | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told the `timeout.…` events, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

const READERS = {
  name: text({ default: "timeout" }),
  mode: oneOf(["abandoning", "cooperative", "detaching"], { default: "abandoning" as const }),
  slow: duration({ min: 1, default: undefined }),
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
 * and where nothing else stands between, `timeout.outlived` tells how long that took. When the caller
 * cancels first, it rejects with the caller's reason. `Infinity` is no limit of its own; 0 leaves time
 * only for work that has its answer ready.
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
  const { name, mode } = settled;
  if (typeof limit === "function")
    return guarded(
      name,
      watched(limitEach(limit, settled), settled),
      place("timeout", { limit, ...settled }),
    );
  const limitMs = readLimit(limit, "timeout.limit");
  checkSlow(settled.slow, limitMs);
  const by = limitBy(limitPartsOf(limitMs, settled), settled);
  const told = { limit: limitMs, ...settled };
  const placed = place("timeout", told, limitMs, mode !== "abandoning");
  return guarded(name, watched(by, settled), placed);
}

type TimeoutSettings = Settled<typeof READERS>;

function checkSlow(slowMs: number | undefined, limitMs: number): void {
  if (slowMs === undefined || slowMs < limitMs) return;
  throw new OptionsError(
    "timeout.slow",
    `expected less than the limit of ${limitMs} ms, which is over first, received ${slowMs}`,
  );
}

function watched(limit: Guard, { name, slow: slowMs, clock, on }: TimeoutSettings): Guard {
  if (slowMs === undefined) return limit;
  const tell = teller(on);
  const tellSlow = (): void => tell({ type: "timeout.slow", policy: name, slowMs });
  return new SlowWatch(limit, { slowMs, clock, tellSlow });
}

function limitPartsOf(limitMs: number, { name, mode, clock, on }: TimeoutSettings): TimeLimitParts {
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

function limitBy(parts: TimeLimitParts, { mode }: TimeoutSettings): TimeLimit {
  return mode === "detaching" ? new DetachingLimit(parts) : new TimeLimit(parts);
}

function limitEach(limitOf: LimitOf, settled: TimeoutSettings): Guard {
  return {
    begin: (inside, work, attempt, caller) => {
      let limit: TimeLimit;
      try {
        const limitMs = readLimit(limitOf(attempt), "timeout.limit");
        limit = limitBy({ ...limitPartsOf(limitMs, settled), isOneOfAKind: true }, settled);
      } catch (mistake) {
        caller.failed(mistake);
        return;
      }
      limit.begin(inside, work, attempt, caller);
    },
  };
}

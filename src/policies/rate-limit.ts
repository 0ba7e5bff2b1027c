/** So many calls per length of time: the options. The line of calls is in `limiter.ts`. */

import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { momentsOf } from "../core/haste.ts";
import {
  callable,
  duration,
  integer,
  oneOf,
  part,
  readOptions,
  required,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { Limiter, type Rule, type Terms } from "./limiter.ts";
import type { Policy } from "./policy.ts";
import { SlidingWindow } from "./sliding-window.ts";
import { TokenBucket } from "./token-bucket.ts";
import { place } from "./order.ts";

/** How calls are counted, and how long one waits for its turn. */
export interface RateLimitOptions {
  /** Stands in events and errors. Default `"rate limit"`. */
  readonly name?: string | undefined;
  /** The length of time that the number of calls is for. Default `"1s"`; at least 1 ms. */
  readonly per?: Duration | undefined;
  /**
   * How the calls are counted. `"sliding window"`: in no window of length `per`, wherever it begins,
   * more than `calls` begin. `"token bucket"`: they are let through at an even rate, after a quiet
   * time `burst` at once. Default: the sliding window; with a `burst`, the token bucket.
   */
  readonly algorithm?: "sliding window" | "token bucket" | undefined;
  /**
   * How many may begin at once after a quiet time, for the token bucket; 1 spreads all calls evenly.
   * In one `per` up to `burst + calls` may begin. Default: `calls`; at least 1.
   */
  readonly burst?: number | undefined;
  /** The longest that a call waits for its turn; 0 rejects at once. Default `"30s"`; `Infinity` is allowed. */
  readonly wait?: Duration | undefined;
  /** The most calls that wait; further ones are rejected. Default 1,000. */
  readonly queue?: number | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told `rate_limit.waited` and `rate_limit.rejected`, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

/** What is different for some of the calls under one limit. */
export interface RateLimitTerms {
  /** How many calls each of them counts as. Default 1; at most `calls`, or `burst` of the token bucket. */
  readonly permits?: number | undefined;
  /** The longest that each of them waits. Default: as the limit's own. */
  readonly wait?: Duration | undefined;
}

/** A limit for one thing: everybody who calls that must share it. */
export interface RateLimit extends Policy {
  /** How many calls could begin now if nobody waited. */
  readonly left: number;
  /** How many calls wait for their turn. */
  readonly waiting: number;
  /**
   * The same limit on other terms, as a policy: for calls that count more, or wait less.
   *
   * @throws {OptionsError} At once, if a term is unknown or out of range.
   */
  with(terms: RateLimitTerms): Policy;
  /**
   * Takes a permit if there is one now and nobody waits, else answers false: for what is no call, or
   * is left out rather than delayed.
   */
  tryTake(): boolean;
}

const READERS = {
  name: text({ default: "rate limit" }),
  per: duration({ min: 1, default: 1_000 }),
  algorithm: oneOf(["sliding window", "token bucket"], { default: undefined }),
  burst: integer({ min: 1, default: undefined }),
  wait: duration({ orInfinity: true, default: 30_000 }),
  queue: integer({ min: 0, default: 1_000 }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof RateLimitOptions, Reader<unknown>>;

const readCalls = required(integer({ min: 1, default: undefined }), "a number of calls");

/**
 * Makes a policy that lets no more than `calls` begin per length of time.
 *
 * A call that comes too soon waits for its turn: first come, first served, and whoever is cancelled
 * leaves at once and takes nothing. A wait longer than `wait`, or that would not end before the
 * deadline, is not begun: then it rejects at once with a `RateLimitedError`, whose `retryAfterMs` says
 * when the turn would come. Calls are counted when they begin, whatever becomes of them, and by a
 * clock that only grows. There is no timer while nobody waits.
 *
 * @throws {OptionsError} At once, if the number of calls or an option is unknown or out of range.
 * @example
 * const search = rateLimit(10, { per: "1s", name: "search" });
 * const found = await search.run(({ signal }) => fetch("http://localhost/search", { signal }));
 */
export function rateLimit(calls: number, options: RateLimitOptions = {}): RateLimit {
  const settled = readOptions("rateLimit", options, READERS);
  const all = { calls: readCalls(calls, "rateLimit.calls"), ...settled };
  const rule = ruleOf(all.calls, settled);
  const limiter = new Limiter(rule, { ...settled, clock: momentsOf(settled.clock) });
  const terms = { permits: 1, wait: settled.wait };
  const readers = {
    permits: integer({ min: 1, max: rule.most, default: terms.permits }),
    wait: duration({ orInfinity: true, default: terms.wait }),
  } satisfies Record<keyof RateLimitTerms, Reader<unknown>>;
  const runOn = (own: Terms): Policy["run"] => {
    return (work, given) => limiter.run(work, given, own);
  };
  return Object.freeze<RateLimit>({
    ...place("rateLimit", all),
    name: settled.name,
    get left() {
      return limiter.left;
    },
    get waiting() {
      return limiter.waiting;
    },
    with: (own) => {
      const others = readOptions("rateLimit.with", own, readers);
      const placed = place("rateLimit", { ...all, ...others });
      return Object.freeze<Policy>({ ...placed, name: settled.name, run: runOn(others) });
    },
    tryTake: () => limiter.tryTake(terms.permits),
    run: runOn(terms),
  });
}

function ruleOf(calls: number, options: Settled<typeof READERS>): Rule {
  const { per: perMs, burst } = options;
  const { algorithm = burst === undefined ? "sliding window" : "token bucket" } = options;
  if (algorithm === "token bucket") return new TokenBucket({ calls, perMs, burst: burst ?? calls });
  if (burst === undefined) return new SlidingWindow({ calls, perMs });
  throw new OptionsError("rateLimit.burst", 'only the algorithm "token bucket" has one');
}

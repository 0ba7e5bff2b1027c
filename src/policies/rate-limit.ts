/** So many calls per length of time: the policy. The line of calls is in `limiter.ts`. */

import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { momentsOf, skippedMsOf } from "../core/haste.ts";
import { duration, integer, readOptions, type Reader } from "../core/options.ts";
import { drainsOn } from "./drain-on.ts";
import { Limiter, type Terms } from "./limiter.ts";
import { place } from "./order.ts";
import type { Policy } from "./policy.ts";
import { queueingOf } from "./queue-order.ts";
import {
  RATE_LIMIT_READERS,
  type RateLimitOptions,
  type RateLimitParts,
} from "./rate-limit-options.ts";
import { changedRate, readRate, ruleOf, rulesOf, type RateLimitChange } from "./rate.ts";

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
   * Takes a permit if there is one now and nobody goes before, else answers false: for what is no call,
   * or is left out rather than delayed.
   */
  tryTake(): boolean;
  /**
   * Goes by another rate from now on, and calls that wait by new turns: they begin sooner, or, where
   * that would be later than they may wait, are rejected at once. Calls that have begun count as before: of
   * a window those that were in it until now, of a token bucket the permits that are there.
   *
   * @throws {OptionsError} If an option is unknown or out of range; then nothing has changed.
   */
  change(rate: RateLimitChange): void;
  /**
   * Takes all permits that are left now, as if as many calls had begun: for when the other side says
   * that the limit is reached. Calls that wait get new turns, as after a `change`.
   */
  drain(): void;
}

/**
 * Makes a policy that lets no more than `calls` begin per length of time.
 *
 * A call that comes too soon waits for its turn, in the order that was said, and whoever is cancelled
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
  const parts = readOptions("rateLimit", options, RATE_LIMIT_READERS);
  let rate = readRate(calls, parts);
  const all = { calls: rate.calls, ...parts };
  const limiter = new Limiter(ruleOf(rate), {
    ...parts,
    queueing: queueingOf(parts),
    clock: momentsOf(parts.clock),
    skippedMs: () => skippedMsOf(parts.clock),
  });
  const runOn = runnerOf(limiter, parts);
  const terms = { permits: 1, wait: parts.wait };
  return Object.freeze<RateLimit>({
    ...place("rateLimit", all),
    name: parts.name,
    get left() {
      return limiter.left;
    },
    get waiting() {
      return limiter.waiting;
    },
    with: (own) => {
      const others = readTerms(own, terms, limiter.most);
      const placed = place("rateLimit", { ...all, ...others });
      return Object.freeze<Policy>({ ...placed, name: parts.name, run: runOn(others) });
    },
    tryTake: () => limiter.tryTake(terms.permits),
    change: (change) => {
      rate = changedRate(rate, change);
      limiter.change(rulesOf(rate));
    },
    drain: () => limiter.drain(),
    run: runOn(terms),
  });
}

/** Makes the `run` of calls on their terms: one that watches how they end only where that matters. */
function runnerOf(limiter: Limiter, parts: RateLimitParts): (terms: Terms) => Policy["run"] {
  const { drainOn, faultOfResult, classify } = parts;
  if (drainOn === undefined) {
    if (faultOfResult === undefined)
      return (terms) => (work, given) => limiter.run(work, given, terms);
    throw new OptionsError("rateLimit.faultOfResult", "expected a drainOn beside it");
  }
  const watched = drainsOn({ drainOn, faultOfResult, classify }, () => limiter.drain());
  return (terms) => (work, given) => limiter.run(watched(work), given, terms);
}

function readTerms(own: RateLimitTerms, usual: Terms, mostPermits: number): Terms {
  return readOptions("rateLimit.with", own, {
    permits: integer({ min: 1, max: mostPermits, default: usual.permits }),
    wait: duration({ orInfinity: true, default: usual.wait }),
  } satisfies Record<keyof RateLimitTerms, Reader<unknown>>);
}

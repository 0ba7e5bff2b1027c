/** The options of a cache. */

import type { Classify } from "../classify/classify.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import { RejectedError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import {
  callable,
  duration,
  integer,
  part,
  required,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { readClassify } from "./read-classify.ts";

/** How long answers are kept, and how many; `Value` is what the options that look at one take. */
export interface CacheOptions<Value = unknown> {
  /**
   * How long an answer is fresh, from the moment that it came; or a function that tells it of each
   * answer, for those that say so themselves. `Infinity` is allowed. There is no default: how old an
   * answer may be, only its user knows.
   */
  readonly ttl: Duration | ((value: Value) => Duration);
  /** The most keys that are kept; past it the one that was asked for longest ago goes. Default 1,000. */
  readonly max?: number | undefined;
  /** How long after its fresh time an answer is given at once while it is renewed unseen. Default 0. */
  readonly staleWhileRevalidate?: Duration | undefined;
  /**
   * How long after its fresh time an answer is given when renewing it failed, unless by a `fatal`
   * fault. Default 0.
   */
  readonly staleIfError?: Duration | undefined;
  /**
   * How long a failure is kept and thrown again, the same object, without asking; or a function that
   * tells it of each failure, 0 for not at all. A length of time leaves out refusals by our own
   * policies, such as an open breaker. Default 0.
   */
  readonly errorTtl?: Duration | ((error: unknown, fault: Fault) => Duration) | undefined;
  /** Whether an answer is kept. Default: always. */
  readonly when?: ((value: Value) => boolean) | undefined;
  /** Stands in events. Default `"cache"`. */
  readonly name?: string | undefined;
  /** Tells the fault of an error. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** Default: the system's clock; lengths of time only, so that a change of the time of day does no harm. */
  readonly clock?: Clock | undefined;
  /** Told `cache.hit`, `cache.missed` and `cache.refresh_failed`. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

type Ttl = (value: unknown) => number;
type ErrorTtl = (error: unknown, fault: Fault) => number;
type When = (value: unknown) => boolean;

const readLength = required(duration({ default: undefined, orInfinity: true }), "a duration");

const readTtl: Reader<Ttl> = (value, path) => {
  if (typeof value === "function") return (answer) => readLength(value(answer), `${path}()`);
  const lengthMs = readLength(value, path);
  return () => lengthMs;
};

const readErrorTtl: Reader<ErrorTtl> = (value = 0, path) => {
  if (typeof value === "function") {
    return (error, fault) => readLength(value(error, fault), `${path}()`);
  }
  const lengthMs = readLength(value, path);
  // Who refused knows how long that lasts, and may take it back at any moment.
  return (error) => (error instanceof RejectedError ? 0 : lengthMs);
};

/** The readers of a cache's options. */
export const CACHE_READERS = {
  ttl: readTtl,
  max: integer({ min: 1, default: 1_000 }),
  staleWhileRevalidate: duration({ orInfinity: true, default: 0 }),
  staleIfError: duration({ orInfinity: true, default: 0 }),
  errorTtl: readErrorTtl,
  when: callable<When, When>({ default: () => true }),
  name: text({ default: "cache" }),
  classify: readClassify,
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof CacheOptions, Reader<unknown>>;

/** What a cache goes by; times are in milliseconds. */
export type CacheRules = Settled<typeof CACHE_READERS>;

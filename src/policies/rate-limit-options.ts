/** The options of a rate limit. */

import type { Classify } from "../classify/classify.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  duration,
  integer,
  oneOf,
  part,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { readKinds, type FailureKind } from "./failure-kinds.ts";
import { readFaultOfResult, type FaultOfResult } from "./fault-of-result.ts";
import { QUEUE_READERS, type QueueOrder, type WhenFull } from "./queue-order.ts";
import type { RateAlgorithm } from "./rate.ts";
import { readClassify } from "./read-classify.ts";

/** How calls are counted, and how long one waits for its turn. */
export interface RateLimitOptions {
  /** Stands in events and errors. Default `"rate limit"`. */
  readonly name?: string | undefined;
  /** The length of time that the number of calls is for. Default `"1s"`; at least 1 ms. */
  readonly per?: Duration | undefined;
  /**
   * How the calls are counted. `"sliding window"`: in no window of length `per`, wherever it begins,
   * more than `calls` begin. `"token bucket"`: they are let through at an even rate, after a quiet
   * time `burst` at once. `"fixed window"`: windows follow each other from the first call on, each with
   * `calls`; about the border of two of them twice as many may begin. Default: the sliding window; with
   * a `burst`, the token bucket.
   */
  readonly algorithm?: RateAlgorithm | undefined;
  /**
   * How many may begin at once after a quiet time, for the token bucket; 1 spreads all calls evenly.
   * In one `per` up to `burst + calls` may begin. Default: `calls`; at least 1.
   */
  readonly burst?: number | undefined;
  /** The longest that a call waits for its turn; 0 rejects at once. Default `"30s"`; `Infinity` is allowed. */
  readonly wait?: Duration | undefined;
  /** The most calls that wait. Default 1,000. */
  readonly queue?: number | undefined;
  /** Who goes first of those that wait. Default `"oldest first"`. */
  readonly order?: QueueOrder | undefined;
  /**
   * Who is rejected when more calls would wait than may. Default: who would go last, so
   * `"refuse newest"`, or `"refuse oldest"` where the newest goes first.
   */
  readonly whenFull?: WhenFull | undefined;
  /**
   * Failures, and results that `faultOfResult` finds fault with, that take all permits which are left:
   * they say that the other side counts differently. A refusal by a policy inside and the caller's
   * abort do not. Default: none.
   */
  readonly drainOn?: readonly FailureKind[] | undefined;
  /** Tells the fault of a result that is not good, for `drainOn`. The result is answered all the same. */
  readonly faultOfResult?: FaultOfResult | undefined;
  /** Tells the fault of an error, for `drainOn`. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told the `rate_limit.…` events, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

/** The readers of a rate limit's options. */
export const RATE_LIMIT_READERS = {
  name: text({ default: "rate limit" }),
  per: duration({ min: 1, default: 1_000 }),
  algorithm: oneOf(["sliding window", "token bucket", "fixed window"], { default: undefined }),
  burst: integer({ min: 1, default: undefined }),
  wait: duration({ orInfinity: true, default: 30_000 }),
  queue: integer({ min: 0, default: 1_000 }),
  ...QUEUE_READERS,
  drainOn: readKinds,
  faultOfResult: readFaultOfResult,
  classify: readClassify,
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof RateLimitOptions, Reader<unknown>>;

/** What a rate limit was told, read and settled. */
export type RateLimitParts = Settled<typeof RATE_LIMIT_READERS>;

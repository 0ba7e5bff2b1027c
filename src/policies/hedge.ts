/** Begins another attempt beside one that takes long, and takes the first good answer. */

import type { Classify } from "../classify/classify.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  flag,
  integer,
  oneOf,
  part,
  readOptions,
  text,
  type Reader,
} from "../core/options.ts";
import { reactions, type ReactionChanges } from "../core/reactions.ts";
import { systemClock } from "../core/system.ts";
import { withoutStack } from "../core/without-stack.ts";
import type { Discard } from "./hedge-answer.ts";
import { readDelay, type HedgeDelay } from "./hedge-delay.ts";
import { HedgeRun } from "./hedge-run.ts";
import { attemptOf } from "./lazy-attempt.ts";
import type { Policy } from "./policy.ts";
import { readClassify } from "./read-classify.ts";
import { readFaultOfResult, type FaultOfResult } from "./fault-of-result.ts";
import type { RetryAllowance, When } from "./retry-state.ts";
import { teller } from "./tell.ts";
import { place } from "./order.ts";

/** How many attempts may run beside each other, and what ends them. */
export interface HedgeOptions {
  /** Stands in events. Default `"hedge"`. */
  readonly name?: string | undefined;
  /** How often the work may run in all, the first time included. Default 2; from 1 to 100. */
  readonly attempts?: number | undefined;
  /**
   * Asked before each attempt beyond the first; one that is refused is not begun, nor any after it.
   * Default: none, so that a service that is slow for everybody is asked `attempts` times by each.
   */
  readonly budget?: RetryAllowance | undefined;
  /**
   * Whether the work may run again, and twice at once. When false, another attempt begins only after
   * a failure with effect `none`. Default true: whoever writes `hedge` says so.
   */
  readonly repeatable?: boolean | undefined;
  /**
   * Whether the others may go on after this failure. When it says no, the call fails with it at once.
   * Not asked about successes: the first one ends the call. Default: always.
   */
  readonly when?: When | undefined;
  /** Tells the fault of a result that is not good; it counts as a failure. Default: all are good. */
  readonly faultOfResult?: FaultOfResult | undefined;
  /**
   * Handed each result that is not the call's answer, late or not good, to let go of it: to close a
   * connection, to cancel a body. Never the answer itself. What it throws is dropped. Default: nothing is
   * done with them.
   */
  readonly discard?: Discard | undefined;
  /**
   * Whether the attempts that lost are waited for. `abandoned`: the call ends at once, and they end when
   * they will. `awaited`: it ends when all that it began has ended, and has been discarded; the caller's
   * abort, or a limit outside, still ends it at once. Default `"abandoned"`.
   */
  readonly losers?: "abandoned" | "awaited" | undefined;
  /** Tells the fault of an error. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** How often each class is retried; one that never is ends the call. Default: `REACTIONS`. */
  readonly reactions?: ReactionChanges<"retries"> | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told `hedge.started`, `hedge.won` and `attempt.failed`, as it happens. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

const READERS = {
  name: text({ default: "hedge" }),
  attempts: integer({ min: 1, max: 100, default: 2 }),
  budget: part<RetryAllowance, undefined>({ methods: ["deposit", "withdraw"], default: undefined }),
  repeatable: flag({ default: true }),
  when: callable<When, When>({ default: () => true }),
  faultOfResult: readFaultOfResult,
  discard: callable<Discard, undefined>({ default: undefined }),
  losers: oneOf(["abandoned", "awaited"], { default: "abandoned" as const }),
  classify: readClassify,
  reactions: reactions("retries"),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof HedgeOptions, Reader<unknown>>;

/**
 * Makes a policy against slow answers: when an attempt has not answered after `delay`, another begins
 * beside it, and the first good answer wins. **The work runs twice at once, so it must be safe to
 * repeat**; `attempt` tells it which one it is, from 1, so that another may ask another server.
 *
 * The attempts that came too late are aborted through their signals, and what they still answer is
 * handed to `discard`; the signal of the winner never aborts, so the body of a response can still be
 * read. An attempt that fails is no failure of the call while others run, and the next one begins in its
 * place at once, or after its Retry-After. A class that is never retried, such as a bad request, ends the
 * call. When all have failed it ends with the last error of those that may have had an effect, the same
 * object; without any, with the last one.
 *
 * Jeffrey Dean and Luiz André Barroso, "The Tail at Scale", Communications of the ACM 56 (2013), hedge
 * after the 95th percentile: that costs about 5 % more calls. What a delay such as
 * `{ quantile: 0.95 }` learns, it learns for all calls through this policy.
 *
 * @throws {OptionsError} At once, if the delay or an option is unknown or out of range.
 * @example
 * const quick = hedge("200ms");
 * const page = await quick.run(({ signal }) => fetch("http://localhost/", { signal }));
 */
export function hedge(delay: HedgeDelay, options: HedgeOptions = {}): Policy {
  const source = readDelay(delay, "hedge.delay");
  const settled = readOptions("hedge", options, READERS);
  const { name } = settled;
  // Made once, for making one costs more than a call.
  const lost = withoutStack(
    () => new DOMException(`Another attempt of "${name}" ended the call`, "AbortError"),
  );
  const parts = Object.freeze({ ...settled, delay: source, lost, tell: teller(settled.on) });
  return Object.freeze<Policy>({
    ...place("hedge", { ...settled, delay: source.told }),
    name,
    run: (work, given) => new HedgeRun(parts, work, attemptOf(given)).run(),
  });
}

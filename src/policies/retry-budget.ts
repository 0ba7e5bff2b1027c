/** How many retries and hedges there may be in all: the options. The rule is in `attempt-tally.ts`. */

import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  duration,
  number,
  part,
  readOptions,
  text,
  type Reader,
} from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { AttemptTally } from "./attempt-tally.ts";
import { teller } from "./tell.ts";

/** How large a budget is. */
export interface RetryBudgetOptions {
  /** Stands in events. Default `"retry budget"`. */
  readonly name?: string | undefined;
  /** Retries and hedges for each first attempt within the window. Default 0.2; from 0 to 100. */
  readonly ratio?: number | undefined;
  /** Retries and hedges per second besides, for those who call seldom. Default 1; from 0 to 1,000,000. */
  readonly perSecond?: number | undefined;
  /** The length of time within which both are counted. Default `"10s"`; at least `"1s"`. */
  readonly window?: Duration | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told `budget.spent`, as it happens. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

/** What all who retry or hedge calls to one service share, so that they do not multiply its load. */
export interface RetryBudget {
  /** Stands in events. */
  readonly name: string;
  /** How many retries or hedges there may be now. */
  readonly left: number;
  /** A first attempt began. */
  deposit(): void;
  /** Asks for one retry or hedge, and takes it when there is one; else answers false. */
  withdraw(): boolean;
}

const READERS = {
  name: text({ default: "retry budget" }),
  ratio: number({ min: 0, max: 100, default: 0.2 }),
  perSecond: number({ min: 0, max: 1_000_000, default: 1 }),
  window: duration({ min: 1_000, default: 10_000 }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof RetryBudgetOptions, Reader<unknown>>;

/**
 * Makes a budget for the retries and hedges of everybody who calls one service.
 *
 * When the service is down every call is retried, and four attempts are four times the load just when
 * it can bear least. Under a budget retries are at most `ratio` of the first attempts of the last
 * `window`, and `perSecond` besides. It is no policy: hand the same one to every `retry` and `hedge`
 * that is to share it. It never waits, has no timer, and takes the same time however many calls it saw.
 *
 * It tells `budget.spent` when a retry is refused and none was for a whole window before, so once in
 * an outage.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * const budget = retryBudget({ ratio: 0.1, name: "bank" });
 * budget.deposit();
 * if (budget.withdraw()) console.log("one more");
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const {
    name,
    window: windowMs,
    clock,
    on,
    ...share
  } = readOptions("retryBudget", options, READERS);
  const tally = new AttemptTally({ ...share, windowMs });
  const tell = teller(on);
  let refusedAtMs = -Infinity;
  const refuse = (nowMs: number): void => {
    const isNews = nowMs - refusedAtMs >= windowMs;
    refusedAtMs = nowMs;
    if (!isNews) return;
    tell({ type: "budget.spent", policy: name, ...tally.counts(nowMs), windowMs });
  };
  return Object.freeze<RetryBudget>({
    name,
    get left() {
      return tally.left(clock.elapsed());
    },
    deposit: () => tally.deposit(clock.elapsed()),
    withdraw: () => {
      const nowMs = clock.elapsed();
      const isLeft = tally.left(nowMs) > 0;
      if (isLeft) tally.withdraw(nowMs);
      else refuse(nowMs);
      return isLeft;
    },
  });
}

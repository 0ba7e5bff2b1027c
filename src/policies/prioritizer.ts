/** Priorities over many limits. The rules are in `level.ts`, `load-shedding.ts` and what they name. */

import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import {
  callable,
  duration,
  integer,
  number,
  part,
  readOptions,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { show } from "../core/show.ts";
import { systemClock, systemRandom } from "../core/system.ts";
import { readKey } from "./keyed-calls.ts";
import { isLevel, levelAt, MAX_PRIORITY, MIN_PRIORITY, placeOf } from "./level.ts";
import { LevelWindow } from "./level-window.ts";
import { sheddingRate, type Load } from "./load-shedding.ts";
import type { Work } from "./policy.ts";
import { UserUsage } from "./user-usage.ts";

/** When calls of low priority are turned away, and how long usage is remembered. */
export interface PrioritizerOptions {
  /** From how many on that wait for each that may run calls are turned away. Default 1; from 0 to 100. */
  readonly shedFrom?: number | undefined;
  /**
   * With how many that wait for each that may run all are turned away but those of the highest level.
   * Default 2; above `shedFrom`, to 1,000.
   */
  readonly shedAll?: number | undefined;
  /** After how long what a user has used counts half. Default `"1m"`; at least 1 ms. */
  readonly halfLife?: Duration | undefined;
  /** The most users whose usage is known; past it the one who was looked at longest ago goes. Default 10,000. */
  readonly maxUsers?: number | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Gives numbers from 0 up to, not including, 1. Default: the system's dice. */
  readonly random?: Random | undefined;
}

/** Who is turned away first when several limits together have too many calls wait. */
export interface Prioritizer {
  /** Which share of the calls that would have to wait is turned away now, from 0 to 1. */
  readonly rate: number;
  /** Below which level they are; `-Infinity` while none is. */
  readonly threshold: number;
  /**
   * The level of one request, for all calls that it makes, here and, in a header, elsewhere: the
   * priority and a fraction. The less the user has used of late, the higher; without a user it is drawn.
   *
   * @throws {OptionsError} If the priority or the user is none.
   */
  level(priority: number, user?: string): number;
  /** How long works of this user have run of late, in milliseconds. */
  usage(user: string): number;
}

const READERS = {
  shedFrom: number({ min: 0, max: 100, default: 1 }),
  shedAll: number({ min: 0, max: 1_000, default: 2 }),
  halfLife: duration({ min: 1, default: 60_000 }),
  maxUsers: integer({ min: 1, default: 10_000 }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  random: callable<Random, Random>({ default: systemRandom }),
} satisfies Record<keyof PrioritizerOptions, Reader<unknown>>;

/**
 * Makes what several bulkheads and adaptive limits share to turn calls of low priority away first.
 *
 * A call that gets a slot at once is never turned away. One that would have to wait is asked for its
 * level, `at(level)`: the longer all queues together are, the higher it must be. Else it rejects with
 * `BulkheadFullError`, and its work was not started. Of calls with equal priority those whose user has
 * used most of late go first, or without a user a share by chance. There is no timer.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * const shared = prioritizer();
 * const search = adaptiveLimit({ name: "search", prioritizer: shared });
 * const orders = bulkhead(20, { name: "orders", prioritizer: shared });
 * const hits = await search.at(10, "ann").run(({ signal }) => find("kelp", { signal }));
 */
export function prioritizer(options: PrioritizerOptions = {}): Prioritizer {
  const rules = readOptions("prioritizer", options, READERS);
  if (rules.shedAll <= rules.shedFrom)
    throw new OptionsError(
      "prioritizer.shedAll",
      `expected a number above shedFrom (${rules.shedFrom}), received ${rules.shedAll}`,
    );
  return Object.freeze(new SharedPriorities(rules));
}

/** What the limits that share a prioritizer ask and tell it. */
export class SharedPriorities implements Prioritizer {
  readonly #rules: Settled<typeof READERS>;
  readonly #levels = new LevelWindow();
  readonly #usage: UserUsage;
  /** Those that have calls wait; one that has none any more stays until it is looked at. */
  readonly #loads = new Set<Load>();

  constructor(rules: Settled<typeof READERS>) {
    this.#rules = rules;
    this.#usage = new UserUsage(rules.halfLife, rules.maxUsers);
  }

  get rate(): number {
    return this.#rateFor(undefined);
  }

  get threshold(): number {
    return this.#thresholdAt(this.rate);
  }

  level(priority: number, user?: string): number {
    if (!Number.isInteger(priority) || !isLevel(priority))
      throw new OptionsError(
        "prioritizer.level.priority",
        `expected a whole number from ${MIN_PRIORITY} to ${MAX_PRIORITY}, received ${show(priority)}`,
      );
    const drawn = this.#rules.random();
    if (user === undefined) return levelAt(priority, drawn);
    const key = readKey(user, "prioritizer.level.user");
    return levelAt(priority, placeOf(this.#usage.fairnessOf(key, this.#nowMs), drawn));
  }

  usage(user: string): number {
    return this.#usage.of(readKey(user, "prioritizer.usage.user"), this.#nowMs);
  }

  /** Whether a call may wait there; one with no more than a priority is given a level. @internal */
  admits(load: Load, level: number, user: string | undefined): boolean {
    const own = Number.isInteger(level) ? this.level(level, user) : level;
    this.#levels.add(own);
    this.#loads.add(load);
    return own >= this.#thresholdAt(this.#rateFor(load));
  }

  /** The same work, counted as used by this user for as long as it runs. @internal */
  counted<Value>(work: Work<Value>, user: string): Work<Value> {
    return async (attempt) => {
      const beganAtMs = this.#nowMs;
      try {
        return await work(attempt);
      } finally {
        const nowMs = this.#nowMs;
        this.#usage.add(user, nowMs - beganAtMs, nowMs);
      }
    };
  }

  /** The limit that asks counts, though nobody waits there yet: a small one may not speak for it. */
  #rateFor(asking: Load | undefined): number {
    for (const load of this.#loads) {
      if (load.queued === 0 && load !== asking) this.#loads.delete(load);
    }
    return sheddingRate(this.#loads, this.#rules);
  }

  #thresholdAt(rate: number): number {
    return rate === 0 ? -Infinity : this.#levels.quantile(rate);
  }

  get #nowMs(): number {
    return this.#rules.clock.elapsed();
  }
}

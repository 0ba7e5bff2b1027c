/** Turns calls away while a dependency is overloaded. The rule is in `throttling.ts`. */

import type { Classify } from "../classify/classify.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import type { Duration } from "../core/duration.ts";
import { RejectedError, ThrottledError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  duration,
  integer,
  number,
  part,
  readOptions,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { systemClock, systemRandom } from "../core/system.ts";
import { withoutStack } from "../core/without-stack.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import { readIsOverload, type IsOverload } from "./overload.ts";
import type { Policy, RunOptions, Work } from "./policy.ts";
import { readClassify } from "./read-classify.ts";
import { teller } from "./tell.ts";
import { rejectionChance, RequestWindow } from "./throttling.ts";
import { place } from "./order.ts";

/** When a throttle turns calls away, and how many. */
export interface ThrottleOptions {
  /** Stands in events and in the error. Default `"throttle"`. */
  readonly name?: string | undefined;
  /**
   * How far back calls count; longer than a slow call takes. It takes about three of them until all
   * calls come through again after an outage. Default `"30s"` (the book has two minutes); at least 1 ms.
   */
  readonly window?: Duration | undefined;
  /**
   * How many requests there may be for each that is accepted: 1.1 turns calls away as soon as one in
   * ten fails, 2 when more than half of them do. Default 2; from 1 to 100.
   */
  readonly ratio?: number | undefined;
  /**
   * How many requests beyond that are let through in a window: calls under way have no answer yet, and
   * a first burst has none at all. Default 100; 0 is allowed.
   */
  readonly slack?: number | undefined;
  /** The greatest share that is turned away: the others find out when it is over. Default 0.9; from 0 to 1. */
  readonly maxRejection?: number | undefined;
  /**
   * Whether a failure says that the dependency is overloaded; every other one was accepted. Default:
   * those of class `transient`, `degraded` and `timeout`; that holds too where it throws.
   */
  readonly when?: IsOverload | undefined;
  /** Tells the fault of an error. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Gives numbers from 0 up to, not including, 1. Default: the system's dice. */
  readonly random?: Random | undefined;
  /** Told `throttle.rejected`, as it happens. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

/** A throttle is one policy for one dependency: everybody who calls that must share it. */
export interface Throttle extends Policy {
  /** How likely a call is to be turned away now, from 0 to 1. */
  readonly chance: number;
}

const READERS = {
  name: text({ default: "throttle" }),
  window: duration({ min: 1, default: 30_000 }),
  ratio: number({ min: 1, max: 100, default: 2 }),
  slack: integer({ min: 0, default: 100 }),
  maxRejection: number({ min: 0, max: 1, default: 0.9 }),
  when: readIsOverload,
  classify: readClassify,
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  random: callable<Random, Random>({ default: systemRandom }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof ThrottleOptions, Reader<unknown>>;

/**
 * Makes a policy that turns calls away by chance, the more the fewer of the last ones were accepted.
 *
 * Where a breaker is open or closed, a throttle lets through just as much as the dependency takes up:
 * `ratio` requests for each that is accepted. A call counts when it is asked for, so that a dependency
 * that hangs is noticed before its first call has ended. A call that is turned away rejects with
 * `ThrottledError`, and its work was not started. Refusals by our own policies and the caller's abort
 * tell nothing about the dependency, and are taken out of the count.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * const search = throttle({ name: "search" });
 * const hits = await search.run(({ signal }) => find("kelp", { signal }));
 */
export function throttle(options: ThrottleOptions = {}): Throttle {
  const rules = readOptions("throttle", options, READERS);
  const guard = new ThrottleGuard(rules);
  return Object.freeze<Throttle>({
    ...place("throttle", rules),
    name: rules.name,
    get chance() {
      return guard.chance();
    },
    run: (work, given) => guard.run(work, given),
  });
}

type Rules = Settled<typeof READERS>;

/** One window of calls, shared by all calls through one throttle. */
class ThrottleGuard {
  readonly #rules: Rules;
  readonly #window: RequestWindow;
  readonly #tell: Emit;

  constructor(rules: Rules) {
    this.#rules = rules;
    this.#window = new RequestWindow(rules.window);
    this.#tell = teller(rules.on);
  }

  chance(): number {
    this.#window.moveTo(this.#rules.clock.elapsed());
    return rejectionChance(this.#window, this.#rules);
  }

  async run<Value>(work: Work<Value>, given: RunOptions | undefined): Promise<Value> {
    const attempt = attemptOf(given);
    attempt.throwIfAborted();
    const place = this.#request();
    try {
      const value = await attempt.start(work);
      this.#window.accept(place);
      return value;
    } catch (error) {
      this.#fail(place, error, attempt);
      throw error;
    }
  }

  /** Counts a call, and lets it through or throws `ThrottledError`. */
  #request(): number {
    const { name: policy, random } = this.#rules;
    const chance = this.chance();
    const place = this.#window.request();
    // One that is certain to go through throws no dice: so those of others fall as if it were not there.
    if (chance === 0 || random() >= chance) return place;
    this.#tell({ type: "throttle.rejected", policy, chance });
    throw withoutStack(() => new ThrottledError(policy, chance));
  }

  #fail(place: number, error: unknown, attempt: LazyAttempt): void {
    const { when, classify } = this.#rules;
    if (attempt.isAborted || error instanceof RejectedError) this.#window.withdraw(place);
    else if (!when(error, classify(error))) this.#window.accept(place);
  }
}

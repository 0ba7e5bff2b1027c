/** A bulkhead that finds its own limit. The rules by which it does are in `aimd.ts` and `gradient.ts`. */

import type { Classify } from "../classify/classify.ts";
import type { Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import { OptionsError, RejectedError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { integer, part, readOptions, text, type Reader, type Settled } from "../core/options.ts";
import { Admission } from "./admission.ts";
import { aimd } from "./aimd.ts";
import { SLOT_READERS } from "./bulkhead.ts";
import { attemptOf } from "./lazy-attempt.ts";
import type { Estimate, LimitRule, LimitSample } from "./limit-rule.ts";
import { readIsOverload, type IsOverload } from "./overload.ts";
import type { Attempt, Work } from "./policy.ts";
import { readClassify } from "./read-classify.ts";
import type { Prioritizer } from "./prioritizer.ts";
import { queueingOf, type QueueOrder, type WhenFull } from "./queue-order.ts";
import { slotsOf, type Slots } from "./slots.ts";
import { teller } from "./tell.ts";
import { place } from "./order.ts";

/** By which rule and within which bounds the limit moves, and who may wait for how long. */
export interface AdaptiveLimitOptions {
  /** Stands in events and in the error. Default `"adaptive limit"`. */
  readonly name?: string | undefined;
  /** How the limit moves: `aimd()` or `gradient()`. Default `aimd()`. */
  readonly rule?: LimitRule | undefined;
  /** The least limit. Default 1. */
  readonly min?: number | undefined;
  /** The greatest limit. Default 200. */
  readonly max?: number | undefined;
  /** The limit at first. Default 20, or the bound that is nearest to it. */
  readonly initial?: number | undefined;
  /** How many calls may wait for a slot; 0 for none, `Infinity` is allowed. Default 100. */
  readonly queue?: number | undefined;
  /** Who goes first of those that wait with the same priority. Default `"oldest first"`. */
  readonly order?: QueueOrder | undefined;
  /**
   * Who is refused of those with the lowest priority when more calls would wait than may. Default: who
   * would go last, so `"refuse newest"`, or `"refuse oldest"` where the newest goes first.
   */
  readonly whenFull?: WhenFull | undefined;
  /** How long a call may wait for a slot. Default `"5m"`; at least 1 ms; `Infinity` is allowed. */
  readonly queueTimeout?: Duration | undefined;
  /**
   * Whether a failure says that the dependency is overloaded. Default: those of class `transient`,
   * `degraded` and `timeout`; that holds too where it throws.
   */
  readonly when?: IsOverload | undefined;
  /** Tells the fault of an error. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** Says, for several limits together, who may wait while too many do. Default: none, everybody may. */
  readonly prioritizer?: Prioritizer | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Told `limit.changed` and the `bulkhead.…` events, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

const READERS = {
  ...SLOT_READERS,
  name: text({ default: "adaptive limit" }),
  rule: part<LimitRule, LimitRule>({ methods: ["first", "next"], default: aimd() }),
  min: integer({ min: 1, default: 1 }),
  max: integer({ min: 1, default: 200 }),
  initial: integer({ min: 1, default: undefined }),
  when: readIsOverload,
  classify: readClassify,
} satisfies Record<keyof AdaptiveLimitOptions, Reader<unknown>>;

const FIRST_LIMIT = 20;

/**
 * Makes a bulkhead that finds out how many works at once its dependency takes: `limit` grows while
 * calls end well, and falls when they say that it is overloaded. All else is as with `bulkhead`.
 *
 * What moves it is an outcome of the dependency. A refusal by another policy, the caller's abort and
 * a request that is wrong (`fatal`) tell nothing of it, or nothing bad.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range, or the bounds contradict
 * each other.
 * @example
 * const search = adaptiveLimit({ name: "search", max: 50 });
 * const hits = await search.run(({ signal }) => find("kelp", { signal }));
 */
export function adaptiveLimit(options: AdaptiveLimitOptions = {}): Slots {
  const settled = readOptions("adaptiveLimit", options, READERS);
  const { min, max, initial = Math.min(max, Math.max(min, FIRST_LIMIT)) } = settled;
  if (min > max) refuse("min", `max (${max})`, min);
  if (initial < min || initial > max) refuse("initial", `min (${min}) and max (${max})`, initial);
  const rules = { ...settled, initial };
  const guard = new LimitFinder(rules);
  const placed = place("adaptiveLimit", rules);
  return Object.freeze(
    slotsOf(placed, settled, guard.admission, (work, given, standing) =>
      guard.admission.run((attempt) => guard.measure(work, attempt), given, standing),
    ),
  );
}

function refuse(option: string, bounds: string, value: number): never {
  throw new OptionsError(
    `adaptiveLimit.${option}`,
    `expected a number that fits ${bounds}, received ${value}`,
  );
}

type Rules = Settled<typeof READERS> & { readonly initial: number };

/** One limit, shared by all calls through one policy. */
class LimitFinder {
  readonly admission: Admission;
  readonly #rules: Rules;
  readonly #tell: Emit;
  #estimate: Estimate;

  constructor(rules: Rules) {
    this.#rules = rules;
    this.#tell = teller(rules.on);
    this.#estimate = rules.rule.first(rules.initial);
    const { initial: limit } = rules;
    this.admission = new Admission({
      ...rules,
      limit,
      queueing: queueingOf(rules),
      tell: this.#tell,
    });
  }

  /** Runs `work`, which has a slot, and learns from how it ends. */
  async measure<Value>(work: Work<Value>, given: Attempt): Promise<Value> {
    const attempt = attemptOf(given);
    const inFlight = this.admission.running;
    const beganAtMs = this.#rules.clock.elapsed();
    const learn = (isOverload: boolean): void => {
      // The caller gave it up: how it ends, and how long it took to, is no answer any more.
      if (attempt.isAborted) return;
      const endedAtMs = this.#rules.clock.elapsed();
      this.#take(this.#next({ beganAtMs, endedAtMs, inFlight, isOverload }));
    };
    let value: Value;
    try {
      value = await work(attempt);
    } catch (error) {
      if (!(error instanceof RejectedError)) learn(this.#isOverload(error));
      throw error;
    }
    learn(false);
    return value;
  }

  #isOverload(error: unknown): boolean {
    const { when, classify } = this.#rules;
    return when(error, classify(error));
  }

  /** What the rule makes of a call: as before, where a rule of the user's own fails. */
  #next(sample: LimitSample): Estimate {
    try {
      const next = this.#rules.rule.next(this.#estimate, sample);
      if (Number.isFinite(next.limit)) return next;
    } catch {
      // It only watches: a mistake in it must not hide how the call ended.
    }
    return this.#estimate;
  }

  #take(next: Estimate): void {
    const { name: policy, min, max } = this.#rules;
    const limit = Math.min(max, Math.max(min, next.limit));
    this.#estimate = { ...next, limit };
    const from = this.admission.limit;
    const to = Math.floor(limit);
    if (to === from) return;
    this.admission.resize(to);
    this.#tell({ type: "limit.changed", policy, from, to });
  }
}

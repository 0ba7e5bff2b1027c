/** Identical calls that are under way at the same time share one work. */

import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import type { Emit } from "../core/events.ts";
import { callable, duration, part, readOptions, text, type Reader } from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { Flights } from "./flights.ts";
import { readKey, wrapByKey, type KeyOptions } from "./keyed-calls.ts";
import { attemptOf } from "./lazy-attempt.ts";
import type { Policy } from "./policy.ts";
import { teller } from "./tell.ts";
import { place } from "./order.ts";

/** Until when a call is joined, and how it is watched. */
export interface CoalesceOptions {
  /** Stands in events. Default `"coalesce"`. */
  readonly name?: string | undefined;
  /**
   * How long after its begin a call is joined; later ones begin another. For answers that must not be
   * older than that. Default `Infinity`: until it ends.
   */
  readonly joinWithin?: Duration | undefined;
  /** Default: the system's clock. Read only where `joinWithin` is finite. */
  readonly clock?: Clock | undefined;
  /** Told `coalesce.joined`, as it happens. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

/** Calls that share their work, by key. */
export interface Coalesce {
  /**
   * The policy of all calls with this key. Whoever runs work under it while another one's is under way
   * gets the answer of that, so the work must be the same too.
   *
   * @throws {OptionsError} If the key is no text or an empty one.
   */
  for(key: string): Policy;
  /** `call`, where calls with the same key at the same time are one. */
  wrap<Args extends readonly unknown[], Value>(
    call: (...args: Args) => Value | PromiseLike<Value>,
    options: KeyOptions<Args>,
  ): (...args: Args) => Promise<Value>;
  /** How many keys have a call under way. */
  readonly size: number;
}

const READERS = {
  name: text({ default: "coalesce" }),
  joinWithin: duration({ orInfinity: true, default: Infinity }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof CoalesceOptions, Reader<unknown>>;

/**
 * Lets identical calls share one work while it is under way: a hundred callers that ask for one page
 * at once are one request. All get the same answer, the same object, or the same error. Nothing is
 * kept once it has come; that is `cache`.
 *
 * Each caller can leave, by its own signal or its own limits, and rejects at once with the reason. The
 * work's signal aborts when the last one has left, and its `deadline` is the latest of those who
 * wait. Its `attempt`, and the run that it tells its events to, are those of the caller who began it.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range. A call rejects with it where
 * it asks for the key whose work it is part of, and so would wait for itself.
 * @example
 * const pages = coalesce();
 * const page = await pages.for("/news").run(({ signal }) => readPage("/news", { signal }));
 */
export function coalesce(options: CoalesceOptions = {}): Coalesce {
  const rules = readOptions("coalesce", options, READERS);
  const flights = new Flights({ ...rules, owner: "coalesce" });
  const tell = teller(rules.on);
  // One for all keys: a pipeline knows by it that it is the same.
  const placed = place("coalesce", rules);
  const policyFor = (key: string): Policy => {
    readKey(key, "coalesce.for.key");
    return Object.freeze<Policy>({
      ...placed,
      name: rules.name,
      run: async (work, given) => {
        const caller = attemptOf(given);
        caller.throwIfAborted();
        if (flights.has(key)) tell({ type: "coalesce.joined", policy: rules.name, key });
        return flights.share(key, caller, (shared) => work(shared));
      },
    });
  };
  return Object.freeze<Coalesce>({
    for: policyFor,
    wrap: (call, how) => wrapByKey("coalesce.wrap", policyFor, call, how),
    get size() {
      return flights.size;
    },
  });
}

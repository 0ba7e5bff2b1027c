/** One of something for each key, such as a pipeline for each host, bounded in number. */

import { callable, integer, readOptions, required, type Reader } from "../core/options.ts";
import { BoundedMap } from "./bounded-map.ts";
import { readKey } from "./keyed-calls.ts";

/** How many are kept. */
export interface KeyedOptions {
  /** The most that are kept; past it the one that was asked for longest ago goes. Default 10,000. */
  readonly max?: number | undefined;
}

/** What was made for each key. */
export interface Keyed<Made> {
  /** The one for `key`: made when the key is first asked for, the same one from then on. */
  for(key: string): Made;
  /** How many there are now. */
  readonly size: number;
}

const READERS = {
  max: integer({ min: 1, default: 10_000 }),
} satisfies Record<keyof KeyedOptions, Reader<unknown>>;

const readMake = required(
  callable<(key: string) => unknown, undefined>({ default: undefined }),
  "a function",
);

/**
 * Keeps one of something for each key: callers that name the same host share its breaker, budget or
 * whole pipeline, and those of another host have their own.
 *
 * What goes when there are more than `max` keys loses what it knew; calls that are under way in it end
 * as usual.
 *
 * @throws {OptionsError} At once, if `make` is no function or an option is unknown or out of range;
 * from `for`, if the key is no text or an empty one.
 * @example
 * const hosts = keyed((host) => pipeline(retry(), breaker(host), timeout("2s")));
 * await hosts.for("api.example").run(({ signal }) => fetch("https://api.example/", { signal }));
 */
export function keyed<Made>(make: (key: string) => Made, options: KeyedOptions = {}): Keyed<Made> {
  readMake(make, "keyed.make");
  const { max } = readOptions("keyed", options, READERS);
  const kept = new BoundedMap<{ readonly made: Made }>(max);
  const makeOne = (key: string): { readonly made: Made } => {
    const one = { made: make(key) };
    // Making it may have asked for the same key, and whoever did so uses that one.
    const meanwhile = kept.get(key);
    if (meanwhile !== undefined) return meanwhile;
    kept.set(key, one);
    return one;
  };
  return Object.freeze<Keyed<Made>>({
    for: (key) => (kept.get(readKey(key, "keyed.for.key")) ?? makeOne(key)).made,
    get size() {
      return kept.size;
    },
  });
}

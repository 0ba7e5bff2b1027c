/** Breakers by key, such as one for each host, bounded in number. */

import { integer, readOptions, record, required, text, type Reader } from "../core/options.ts";
import type { Breaker } from "./breaker.ts";
import {
  BREAKER_READERS,
  rulesOf,
  type BreakerOptions,
  type BreakerRules,
} from "./breaker-options.ts";
import { readSnapshot, type BreakerSnapshot } from "./breaker-snapshot.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { readKey } from "./keyed-calls.ts";

/** What all of the breakers are told, and how many are kept. */
export interface BreakersOptions extends BreakerOptions {
  /** The most that are kept. Default 10,000. */
  readonly max?: number | undefined;
}

/** A breaker for each key. */
export interface Breakers {
  /** Stands before the key in the names of the breakers: `name/key`. */
  readonly name: string;
  /**
   * The breaker for `key`: made when the key is first asked for, the same one from then on.
   *
   * @throws {OptionsError} If the key is no text or an empty one.
   */
  for(key: string): Breaker;
  /** How many there are now. */
  readonly size: number;
  /** Those that are open or half-open, by key: a copy. */
  notClosed(): ReadonlyMap<string, Breaker>;
  /** What they know, by key, without those that know nothing: a copy, of plain data that JSON keeps. */
  snapshot(): Readonly<Record<string, BreakerSnapshot>>;
  /**
   * Puts the breakers where a snapshot says; the others stay as they are.
   *
   * @throws {OptionsError} If one is no snapshot; all stay as they were.
   */
  restore(snapshots: Readonly<Record<string, BreakerSnapshot>>): void;
}

const READERS = {
  ...BREAKER_READERS,
  max: integer({ min: 1, default: 10_000 }),
} satisfies Record<keyof BreakersOptions, Reader<unknown>>;

const readName = required(text({ default: undefined }), "a name");
const readSnapshots = required(
  record(readSnapshot, { default: undefined }),
  "an object with snapshots",
);

/**
 * Makes breakers by key: one dependency of many, such as one host, opens alone.
 *
 * What goes when there are more than `max` is first what knows nothing (closed, no failures), then
 * what was used longest ago; calls that are under way in it end as usual. 100,000 of them cost little:
 * none has a timer, or a window before there is something in it.
 *
 * @throws {OptionsError} At once, if the name is empty or an option is unknown or out of range.
 * @example
 * const hosts = breakers("host", { failures: 3, pause: "10s" });
 * await hosts.for("api.example").run(({ signal }) => fetch("https://api.example/", { signal }));
 */
export function breakers(name: string, options: BreakersOptions = {}): Breakers {
  const family = readName(name, "breakers.name");
  const { max, ...settled } = readOptions("breakers", options, READERS);
  return new BreakerRegistry(family, max, rulesOf("breakers", settled));
}

/** Two maps, each in the order of last use. A breaker changes over when it learns or forgets. */
class BreakerRegistry implements Breakers {
  readonly name: string;
  readonly #max: number;
  readonly #rules: BreakerRules;
  readonly #blank = new Map<string, CircuitBreaker>();
  readonly #knowing = new Map<string, CircuitBreaker>();

  constructor(name: string, max: number, rules: BreakerRules) {
    this.name = name;
    this.#max = max;
    this.#rules = { ...rules, family: name, changed: (key) => this.#changed(key) };
    Object.freeze(this);
  }

  get size(): number {
    return this.#blank.size + this.#knowing.size;
  }

  for(key: string): Breaker {
    const shelf = this.#shelfOf(readKey(key, "breakers.for.key"));
    const kept = shelf.get(key);
    const breaker = kept ?? new CircuitBreaker(key, this.#rules);
    shelf.delete(key);
    shelf.set(key, breaker);
    if (this.size > this.#max) this.#forgetOne();
    return breaker;
  }

  notClosed(): ReadonlyMap<string, Breaker> {
    const isEach = this.#rules.control?.isIsolated === true;
    const some = isEach ? [...this.#blank, ...this.#knowing] : [...this.#knowing];
    return new Map(some.filter(([, { state }]) => state !== "closed"));
  }

  snapshot(): Readonly<Record<string, BreakerSnapshot>> {
    const entries = [...this.#knowing].map(([key, breaker]) => [key, breaker.snapshot()] as const);
    return Object.fromEntries(entries);
  }

  restore(snapshots: Readonly<Record<string, BreakerSnapshot>>): void {
    const each = readSnapshots(snapshots, "breakers.restore");
    const keys = Object.keys(each);
    // All are read before the first is restored.
    for (const key of keys) readKey(key, "breakers.restore.key");
    for (const key of keys) this.for(key).restore(each[key] as BreakerSnapshot);
  }

  #shelfOf(key: string): Map<string, CircuitBreaker> {
    return this.#knowing.has(key) ? this.#knowing : this.#blank;
  }

  /** The newest is blank and stays: a key that is asked for now matters more than any other. */
  #forgetOne(): void {
    const shelf = this.#blank.size > 1 ? this.#blank : this.#knowing;
    shelf.delete(shelf.keys().next().value as string);
  }

  #changed(key: string): void {
    const shelf = this.#shelfOf(key);
    const breaker = shelf.get(key);
    // One that was forgotten may still have calls under way.
    if (breaker === undefined) return;
    shelf.delete(key);
    (breaker.isBlank ? this.#blank : this.#knowing).set(key, breaker);
  }
}

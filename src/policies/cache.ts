/** Answers that are kept for a while: the shell around the rule in `cache-entry.ts`. */

import type { Emit } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { readOptions } from "../core/options.ts";
import { asGiven } from "./as-given.ts";
import { askAbout } from "./ask-about.ts";
import { BoundedMap } from "./bounded-map.ts";
import { findAnswer, outlastsError, type Entry } from "./cache-entry.ts";
import { CACHE_READERS, type CacheOptions, type CacheRules } from "./cache-options.ts";
import { PASSING } from "./fallback-rule.ts";
import { Flights, type SharedWork } from "./flights.ts";
import { readKey, wrapByKey, type KeyOptions } from "./keyed-calls.ts";
import { attemptOf, type LazyAttempt } from "./lazy-attempt.ts";
import type { Policy, Work } from "./policy.ts";
import { teller } from "./tell.ts";
import { place } from "./order.ts";

/** Answers by key. */
export interface Cache {
  /**
   * The policy of all calls with this key. Whoever runs work under it gets what another's work
   * answered, so the work must be the same too.
   *
   * @throws {OptionsError} If the key is no text or an empty one.
   */
  for(key: string): Policy;
  /** `call`, with its answers kept by key. */
  wrap<Args extends readonly unknown[], Value>(
    call: (...args: Args) => Value | PromiseLike<Value>,
    options: KeyOptions<Args>,
  ): (...args: Args) => Promise<Value>;
  /**
   * Forgets a key, as after a write. A call for it that is under way answers those who wait, and its
   * answer is not kept.
   */
  delete(key: string): void;
  /** Forgets all keys, each as `delete` does. */
  clear(): void;
  /** How many keys are kept; those whose time is over are among them until they are asked for or go. */
  readonly size: number;
}

/**
 * Keeps answers by key. While one is fresh, the work is not run. Callers that miss the same key at
 * the same time share one work, as with `coalesce`.
 *
 * The answer is handed out as it is, **the same object to all**: freeze it, or do not change it.
 * Failures are thrown on and not kept, unless `errorTtl` says so. There is no timer: what is too old
 * is found so when it is asked for.
 *
 * What renews an answer unseen belongs to nobody's call: no signal or deadline of those that got the
 * old answer ends it, so put a `timeout` inside. Callers that find that answer too old join it, and it
 * ends when the last of them has left. When it fails, the event `cache.refresh_failed` tells.
 *
 * @throws {OptionsError} At once, if there is no `ttl`, or an option is unknown or out of range. A
 * call rejects with it where `ttl` or `errorTtl` is a function that answers no duration, and where it
 * asks for the key whose work it is part of, and so would wait for itself.
 * @example
 * const users = cache({ ttl: "1m", staleIfError: "1h" });
 * const guarded = pipeline(users.for("42"), retry(), timeout("2s"));
 * const user = await guarded.run(({ signal }) => readUser(42, { signal }));
 */
export function cache<Value = unknown>(options: CacheOptions<Value>): Cache {
  const rules = readOptions("cache", options, CACHE_READERS);
  const answers = new KeptAnswers(rules);
  const ttl = asGiven(options.ttl, rules.ttl);
  const errorTtl = asGiven(options.errorTtl, rules.errorTtl);
  // One for all keys: a pipeline knows by it that it is the same.
  const placed = place("cache", { ...rules, ttl, errorTtl });
  const policyFor = (key: string): Policy => {
    readKey(key, "cache.for.key");
    return Object.freeze<Policy>({
      ...placed,
      name: answers.name,
      run: (work, given) => answers.run(key, work, attemptOf(given)),
    });
  };
  return Object.freeze<Cache>({
    for: policyFor,
    wrap: (call, how) => wrapByKey("cache.wrap", policyFor, call, how),
    delete: (key) => answers.delete(key),
    clear: () => answers.clear(),
    get size() {
      return answers.size;
    },
  });
}

/** What is there for a key that nothing is known of. */
const NOTHING: Entry = Object.freeze({});

class KeptAnswers {
  readonly #rules: CacheRules;
  readonly #entries: BoundedMap<Entry>;
  readonly #flights: Flights;
  readonly #tell: Emit;

  constructor(rules: CacheRules) {
    this.#rules = rules;
    this.#entries = new BoundedMap(rules.max);
    this.#flights = new Flights({ owner: "cache", joinWithin: Infinity, clock: rules.clock });
    this.#tell = teller(rules.on);
  }

  get name(): string {
    return this.#rules.name;
  }

  get size(): number {
    return this.#entries.size;
  }

  async run<Value>(key: string, work: Work<Value>, caller: LazyAttempt): Promise<Value> {
    caller.throwIfAborted();
    const { name: policy, clock } = this.#rules;
    const entry = this.#entries.get(key) ?? NOTHING;
    const found = findAnswer(entry, clock.elapsed(), this.#rules);
    if (found === undefined) {
      this.#tell({ type: "cache.missed", policy, key });
      return this.#flights.share(key, caller, this.#asking(key, work));
    }
    const isValue = "value" in found;
    this.#tell({ type: "cache.hit", policy, key, isStale: isValue && found.isStale });
    // Whoever was told may have cancelled the call.
    caller.throwIfAborted();
    if (!isValue) throw found.error;
    if (found.isDue) this.#flights.beginUnseen(key, caller, this.#asking(key, work));
    // Whoever names the same key has said that the answer is the same.
    return found.value as Value;
  }

  delete(key: string): void {
    this.#entries.delete(key);
    this.#flights.drop(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#flights.dropAll();
  }

  #asking<Value>(key: string, work: Work<Value>): SharedWork<Value> {
    return async (shared, isCurrent) => {
      let value: Value;
      try {
        value = await work(shared);
      } catch (error) {
        // Forgotten meanwhile, or nobody waits any more: then it is no failure of anything kept.
        if (!isCurrent()) throw error;
        return this.#insteadOf(error, key, isCurrent) as Value;
      }
      if (isCurrent()) this.#keep(key, value, isCurrent);
      return value;
    };
  }

  #keep(key: string, value: unknown, isCurrent: () => boolean): void {
    const { clock, staleWhileRevalidate, staleIfError } = this.#rules;
    const ttlMs = this.#askTtl(key, value);
    // Whoever was asked may have made the cache forget the key.
    if (ttlMs === undefined || !isCurrent()) return;
    const lastsMs = ttlMs + Math.max(staleWhileRevalidate, staleIfError);
    // One that answers nobody would only take another one's room.
    if (lastsMs === 0) this.#entries.delete(key);
    else this.#entries.set(key, { kept: { value, freshUntilMs: clock.elapsed() + ttlMs } });
  }

  /** How long an answer is fresh; `undefined` when it is not to be kept. */
  #askTtl(key: string, value: unknown): number | undefined {
    const { when, ttl } = this.#rules;
    try {
      return when(value) ? ttl(value) : undefined;
    } catch (mistake) {
      // Unseen, it would be heard of by nobody.
      this.#tellFailed(key, mistake);
      throw mistake;
    }
  }

  /** Tells that what is kept was not renewed, if anything is. */
  #tellFailed(key: string, error: unknown): Fault {
    const { name: policy, classify } = this.#rules;
    const fault = classify(error);
    if (this.#entries.get(key)?.kept !== undefined) {
      this.#tell({ type: "cache.refresh_failed", policy, key, fault, error });
    }
    return fault;
  }

  /** What is answered when the work failed by `error`. Throws it where nothing is. */
  #insteadOf(error: unknown, key: string, isCurrent: () => boolean): unknown {
    const { name: policy, clock, errorTtl } = this.#rules;
    const { kept } = this.#entries.get(key) ?? NOTHING;
    const fault = this.#tellFailed(key, error);
    const passes = PASSING.includes(fault.class);
    const nowMs = clock.elapsed();
    const keptMs = askAbout(`The errorTtl of "${policy}"`, error, () => errorTtl(error, fault));
    // Whoever was told or asked may have made the cache forget the key.
    if (!isCurrent()) throw error;
    if (keptMs > 0) {
      this.#entries.set(key, { kept, failure: { error, passes, untilMs: nowMs + keptMs } });
    }
    if (passes && outlastsError(kept, nowMs, this.#rules)) return kept.value;
    throw error;
  }
}

/** Calls under way by key: of those that are the same, one is made, and all have its answer. */

import type { Clock } from "../core/clock.ts";
import { OptionsError } from "../core/errors.ts";
import { show } from "../core/show.ts";
import { Flight } from "./flight.ts";
import type { LazyAttempt } from "./lazy-attempt.ts";

/**
 * The work of a shared call. `isCurrent` tells whether it still stands for its key: whether nobody
 * dropped it, everybody left, or another one took its place.
 */
export type SharedWork<Value> = (
  shared: LazyAttempt,
  isCurrent: () => boolean,
) => Value | PromiseLike<Value>;

/** Until when a call is joined. */
export interface JoinRules {
  /** Whose they are, for a message. */
  readonly owner: string;
  /** How long after its begin, in milliseconds. */
  readonly joinWithin: number;
  readonly clock: Clock;
}

/** What is under way. It needs no bound of its own: no more than what callers have begun. */
export class Flights {
  readonly #flights = new Map<string, Flight<unknown>>();
  readonly #rules: JoinRules;

  constructor(rules: JoinRules) {
    this.#rules = rules;
  }

  /** How many there are. */
  get size(): number {
    return this.#flights.size;
  }

  /** Whether there is one for `key`, which a call would join. */
  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  /**
   * Joins the call for `key`, or begins it.
   *
   * @throws The reason, if the caller was aborted.
   * @throws {OptionsError} If it would join the call whose work it is part of: both would wait for ever.
   */
  share<Value>(key: string, caller: LazyAttempt, work: SharedWork<Value>): Promise<Value> {
    // Whoever was told of the call may have cancelled it.
    caller.throwIfAborted();
    // Whoever names the same key has said that the answer is the same.
    const underWay = this.#find(key) as Flight<Value> | undefined;
    if (underWay?.isAround === true) {
      const asked = `the work of the key ${show(key)} asks for that key, and would wait for itself`;
      throw new OptionsError(`${this.#rules.owner}.for.key`, asked);
    }
    if (underWay !== undefined) return underWay.join(caller);
    const flight = this.#add<Value>(key);
    const answer = flight.join(caller);
    this.#begin(key, flight, caller, work);
    return answer;
  }

  /** Begins the call for `key` while nobody waits for it, unless there is one. What it throws is lost. */
  beginUnseen<Value>(key: string, caller: LazyAttempt, work: SharedWork<Value>): void {
    if (this.has(key)) return;
    this.#begin(key, this.#add<Value>(key), caller, work);
  }

  /** Lets nobody join any more. Whoever waits is answered as if nothing had been. */
  drop(key: string): void {
    this.#flights.delete(key);
  }

  /** Drops all. */
  dropAll(): void {
    this.#flights.clear();
  }

  /** One that was begun too long ago goes on for those who wait for it, and nobody else joins it. */
  #find(key: string): Flight<unknown> | undefined {
    const flight = this.#flights.get(key);
    const isOpen =
      flight !== undefined && this.#nowMs() - flight.begunAtMs < this.#rules.joinWithin;
    return isOpen ? flight : undefined;
  }

  #add<Value>(key: string): Flight<Value> {
    const flight = new Flight<Value>(this.#nowMs(), () => {
      if (this.#isCurrent(key, flight)) this.#flights.delete(key);
    });
    this.#flights.set(key, flight as Flight<unknown>);
    return flight;
  }

  #begin<Value>(
    key: string,
    flight: Flight<Value>,
    first: LazyAttempt,
    work: SharedWork<Value>,
  ): void {
    flight.begin(first, (shared) => work(shared, () => this.#isCurrent(key, flight)));
  }

  /** Time is read only where it matters. */
  #nowMs(): number {
    return this.#rules.joinWithin === Infinity ? 0 : this.#rules.clock.elapsed();
  }

  #isCurrent(key: string, flight: object): boolean {
    return this.#flights.get(key) === flight;
  }
}

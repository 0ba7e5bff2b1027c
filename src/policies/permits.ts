/**
 * Who may run and who waits: a number of permits, and one line of those that want one. No clock, no
 * promises, no callbacks; `admission.ts` owns those, and asks here who is next.
 *
 * The line is ordered by priority, the highest first, and among equals by who came first, or last
 * where the newest goes first. When it is full, a newcomer takes the place of one of the lowest
 * priority, if that is lower than its own: else those that matter least would keep out those that matter
 * most by being there. Of those and the newcomer, where it is no higher, the newest is refused, or the
 * oldest.
 *
 * Entering costs a step for each one of lower priority that is overtaken, or, where not the last one
 * is the next to make room or the newest goes first, for each of higher priority. Everything else
 * costs the same however long the line is.
 */

import type { Queueing } from "./queue-order.ts";

/** One place in the line, with whom it is kept for. */
export class Place<Holder> {
  readonly holder: Holder;
  readonly priority: number;
  /** @internal */
  ahead: Place<Holder> | undefined;
  /** @internal */
  behind: Place<Holder> | undefined;

  constructor(holder: Holder, priority: number) {
    this.holder = holder;
    this.priority = priority;
  }
}

/** How many permits there are, how many are taken, and the line before them. */
export class Permits<Holder> {
  readonly #maxWaiting: number;
  readonly #queueing: Queueing;
  #limit: number;
  #taken = 0;
  #waiting = 0;
  #first: Place<Holder> | undefined;
  #last: Place<Holder> | undefined;

  constructor(limit: number, maxWaiting: number, queueing: Queueing) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
    this.#queueing = queueing;
  }

  get limit(): number {
    return this.#limit;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Takes a permit when one is free. Nobody is overtaken, if each change was followed by `next`. */
  tryTake(): boolean {
    if (this.#taken >= this.#limit) return false;
    this.#taken++;
    return true;
  }

  /** Gets in line. Answers whom there is no room for: nobody, the newcomer, or whom it displaced. */
  enter(place: Place<Holder>): Place<Holder> | undefined {
    const refused = this.#waiting < this.#maxWaiting ? undefined : this.#oneTooMany(place);
    if (refused === place) return place;
    if (refused !== undefined) this.leave(refused);
    this.#insert(place);
    return refused;
  }

  /** Gets out of line; only for one that stands in it. */
  leave(place: Place<Holder>): void {
    const { ahead, behind } = place;
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
    this.#waiting--;
  }

  /** Who is to go now, if anybody: out of line, and with a permit. To be asked until nobody is. */
  next(): Place<Holder> | undefined {
    const first = this.#first;
    if (first === undefined || !this.tryTake()) return undefined;
    this.leave(first);
    return first;
  }

  /** Gives back a permit that was taken. */
  giveBack(): void {
    this.#taken--;
  }

  /** Changes how many permits there are. Those that are taken stay so, even if they are too many. */
  resize(limit: number): void {
    this.#limit = limit;
  }

  /** Who is refused when this one comes to a full line. */
  #oneTooMany(place: Place<Holder>): Place<Holder> {
    const { isNewestFirst, refusesOldest } = this.#queueing;
    const last = this.#last;
    if (last === undefined || last.priority > place.priority) return place;
    if (last.priority === place.priority && !refusesOldest) return place;
    // The last one is the oldest of its priority where the newest goes first, else the newest.
    return isNewestFirst === refusesOldest
      ? last
      : (this.#firstUpTo(last.priority) as Place<Holder>);
  }

  /** Who goes first of those whose priority is no higher than this. */
  #firstUpTo(priority: number): Place<Holder> | undefined {
    let place = this.#first;
    while (place !== undefined && place.priority > priority) place = place.behind;
    return place;
  }

  #insert(place: Place<Holder>): void {
    const ahead = this.#aheadOf(place.priority);
    const behind = ahead === undefined ? this.#first : ahead.behind;
    place.ahead = ahead;
    place.behind = behind;
    if (ahead === undefined) this.#first = place;
    else ahead.behind = place;
    if (behind === undefined) this.#last = place;
    else behind.ahead = place;
    this.#waiting++;
  }

  /** Behind whom a newcomer of this priority stands; `undefined` when it is the first. */
  #aheadOf(priority: number): Place<Holder> | undefined {
    if (this.#queueing.isNewestFirst) {
      const behind = this.#firstUpTo(priority);
      return behind === undefined ? this.#last : behind.ahead;
    }
    let ahead = this.#last;
    while (ahead !== undefined && ahead.priority < priority) ahead = ahead.ahead;
    return ahead;
  }
}

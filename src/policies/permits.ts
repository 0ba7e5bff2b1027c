/**
 * Who may run and who waits: a number of permits, and one line of those that want one. No clock, no
 * promises, no callbacks; `admission.ts` owns those, and asks here who is next.
 *
 * The line is ordered by priority, the highest first, and among equals by who came first. When it is
 * full, a newcomer takes the place of the last one, if that has a lower priority: else those that
 * matter least would keep out those that matter most by being there.
 *
 * Entering costs a step for each one of lower priority that is overtaken, and everything else the
 * same however long the line is.
 */

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
  #limit: number;
  #taken = 0;
  #waiting = 0;
  #first: Place<Holder> | undefined;
  #last: Place<Holder> | undefined;

  constructor(limit: number, maxWaiting: number) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
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
    const last = this.#last;
    const isFull = this.#waiting >= this.#maxWaiting;
    if (isFull && (last === undefined || last.priority >= place.priority)) return place;
    if (isFull) this.leave(last as Place<Holder>);
    this.#insert(place);
    return isFull ? last : undefined;
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

  #insert(place: Place<Holder>): void {
    let ahead = this.#last;
    while (ahead !== undefined && ahead.priority < place.priority) ahead = ahead.ahead;
    const behind = ahead === undefined ? this.#first : ahead.behind;
    place.ahead = ahead;
    place.behind = behind;
    if (ahead === undefined) this.#first = place;
    else ahead.behind = place;
    if (behind === undefined) this.#last = place;
    else behind.ahead = place;
    this.#waiting++;
  }
}

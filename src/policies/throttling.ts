/**
 * Adaptive throttling as in "Handling Overload" (Betsy Beyer and others, Site Reliability
 * Engineering, 2016, chapter 21, "Client-Side Throttling"): a client that is turned away too often
 * turns calls away itself, each by chance, before they cost the dependency anything.
 *
 *     chance = max(0, (requests − K × accepts) / (requests + 1))
 *
 * Requests are all calls that were asked for, also those turned away here; accepts those that the
 * dependency took up. No clock, no dice; `throttle.ts` owns those.
 */

/** The calls of a window. */
export interface Counts {
  readonly requests: number;
  readonly accepts: number;
}

/** What throttling goes by. */
export interface ThrottleRules {
  /** K: how many requests there may be for each accept. */
  readonly ratio: number;
  /** How many requests beyond that are let through: what is under way has no answer yet. */
  readonly slack: number;
  /** The greatest chance. */
  readonly maxRejection: number;
}

/** How likely the next call is to be turned away, from 0 to 1. With a slack of 0 it is the book's. */
export function rejectionChance({ requests, accepts }: Counts, rules: ThrottleRules): number {
  const excess = requests - rules.ratio * accepts - rules.slack;
  return Math.min(rules.maxRejection, Math.max(0, excess / (requests + 1)));
}

/** The more parts, the more evenly calls leave the window. */
const PARTS = 20;

interface Part {
  /** Which length of time it counts, numbered through. */
  number: number;
  requests: number;
  accepts: number;
}

/**
 * Counts the calls of a sliding window, in parts. A call counts from its start on, and its accept in
 * the part where it began: so however slow a dependency is, its accepts and its requests are in the
 * window together, and leave it together.
 */
export class RequestWindow implements Counts {
  readonly #partMs: number;
  readonly #parts: readonly Part[];
  #current = 0;
  #requests = 0;
  #accepts = 0;

  constructor(windowMs: number) {
    this.#partMs = windowMs / PARTS;
    this.#parts = Array.from({ length: PARTS }, () => ({ number: -1, requests: 0, accepts: 0 }));
  }

  get requests(): number {
    return this.#requests;
  }

  get accepts(): number {
    return this.#accepts;
  }

  /** Lets go of what is older than the window. Time must only grow. */
  moveTo(nowMs: number): void {
    const number = Math.floor(nowMs / this.#partMs);
    // As nearly always: many calls come within one part.
    if (number === this.#current) return;
    this.#current = number;
    for (const part of this.#parts) {
      if (part.number > number - PARTS) continue;
      this.#requests -= part.requests;
      this.#accepts -= part.accepts;
      part.requests = part.accepts = 0;
    }
  }

  /** Counts a call that is asked for now, and answers where. */
  request(): number {
    const part = this.#part(this.#current);
    if (part.number !== this.#current) part.number = this.#current;
    part.requests++;
    this.#requests++;
    return this.#current;
  }

  /** The call that was counted there was taken up. */
  accept(number: number): void {
    if (!this.#isCounted(number)) return;
    this.#part(number).accepts++;
    this.#accepts++;
  }

  /** The call that was counted there never came to the dependency, or told nothing about it. */
  withdraw(number: number): void {
    if (!this.#isCounted(number)) return;
    this.#part(number).requests--;
    this.#requests--;
  }

  #isCounted(number: number): boolean {
    return number > this.#current - PARTS;
  }

  #part(number: number): Part {
    return this.#parts[number % PARTS] as Part;
  }
}

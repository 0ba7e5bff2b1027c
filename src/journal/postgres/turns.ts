/**
 * Keeps the order in which writes were asked for, where it matters: several connections would answer
 * them in any order.
 */

/** Lets work on one thing begin in the order in which it was asked for. */
export class Turns {
  /** The last work on each thing; who awaits it bounds how many there are. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #pending = new Set<Promise<unknown>>();

  /** Does `work` once all earlier work on `thing` has settled, however. */
  inTurn<Value>(thing: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#last.get(thing);
    const done = before === undefined ? work() : before.then(work, work);
    this.#last.set(thing, done);
    const forget = (): void => {
      if (this.#last.get(thing) === done) this.#last.delete(thing);
    };
    done.then(forget, forget);
    return this.noted(done);
  }

  /** Counts `work` among what `settled` waits for. */
  noted<Value>(work: Promise<Value>): Promise<Value> {
    this.#pending.add(work);
    const forget = (): void => void this.#pending.delete(work);
    work.then(forget, forget);
    return work;
  }

  /** Resolves when all that was asked for by now has settled. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }
}

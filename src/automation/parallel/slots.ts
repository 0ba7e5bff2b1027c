/** So many at a time, and the others one after the other in the order in which they asked. */

/** See the header. */
export class Slots {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Waits for a slot and takes it. */
  async enter(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  /** Gives a slot back: to whoever waits longest. */
  leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free++;
    else next();
  }

  /** Runs `work` in a slot. */
  async use<Value>(work: () => Promise<Value>): Promise<Value> {
    await this.enter();
    try {
      return await work();
    } finally {
      this.leave();
    }
  }
}

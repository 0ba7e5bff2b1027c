/** One work after the other, though they are begun side by side: else nobody could tell whose doing a change is. */

import { Slots } from "../automation/parallel/slots.ts";
import type { Clock } from "../core/clock.ts";

/** How long one work keeps those beside it from beginning, in milliseconds. */
const TURN_MS = 2_000;

/** See the header. Work that takes long lets the others begin, for it may wait for them. */
export class Turns {
  readonly #clock: Clock;
  readonly #slots = new Slots(1);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does `work` when it is its turn, but after `mostMs` milliseconds whosever turn it is. */
  async take<Value>(work: () => Promise<Value>, mostMs: number): Promise<Value> {
    const late = Promise.withResolvers<void>();
    const stopWaiting = this.#clock.after(Math.min(mostMs, TURN_MS * 10), late.resolve);
    const entering = this.#slots.enter();
    await Promise.race([entering, late.promise]);
    stopWaiting();
    const isOver = Promise.withResolvers<void>();
    const stopTurn = this.#clock.after(TURN_MS, isOver.resolve);
    void Promise.all([entering, isOver.promise]).then(() => this.#slots.leave());
    try {
      return await work();
    } finally {
      stopTurn();
      isOver.resolve();
    }
  }
}

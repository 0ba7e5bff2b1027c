/** The slot of one call: held until the call has settled and all work that it started has. */

import type { WorkWatch } from "./work-watch.ts";

/** Told of the end of a slot, at most once each, in this order. */
export interface SlotOwner {
  /** The call was given up, and its work runs on in the slot. */
  abandoned(slot: Slot): void;
  /** Nothing runs in the slot any more. */
  freed(slot: Slot): void;
}

/** One call's slot. It watches the call's work. */
export class Slot implements WorkWatch {
  readonly #owner: SlotOwner;
  /** What runs in it: the call itself, and all works that it started and that have not settled. */
  #running = 1;
  /** When the call was given up, by the owner's clock; `undefined` when it was not. */
  abandonedAtMs: number | undefined;

  constructor(owner: SlotOwner) {
    this.#owner = owner;
  }

  began(): void {
    // What work starts after it has settled runs without a slot: that is somebody else's now.
    if (this.#running > 0) this.#running++;
  }

  ended(): void {
    this.#running--;
    if (this.#running === 0) this.#owner.freed(this);
  }

  /** The call has settled. */
  callEnded(): void {
    if (this.#running > 1) this.#owner.abandoned(this);
    this.ended();
  }
}

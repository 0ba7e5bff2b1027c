/** What could not be healed of a command, for the alert: a human is to look at it. */

import type { HoldfastEvent } from "../../core/events.ts";

/** One remedy that failed, or whose budget is spent. */
export interface Unhealed {
  readonly remedy: string;
  readonly target: string;
  /** What it was for. */
  readonly fault: string;
  /** What it did all the same, in order. */
  readonly deeds: readonly string[];
  /** What it saw. */
  readonly because: string;
  /** What a human is to do. */
  readonly advice?: string | undefined;
}

/** More than that nobody reads; each step has a few remedies. */
const MOST = 20;

/** Keeps the last word of each remedy, as long as it is that a human is needed. */
export class UnhealedList {
  readonly #byRemedy = new Map<string, Unhealed>();

  /** A sink of events. */
  readonly sink = (event: HoldfastEvent): void => {
    const { type } = event;
    if (type !== "heal.failed" && type !== "heal.skipped" && type !== "heal.completed") return;
    const { remedy, target, fault } = event;
    const key = `${remedy} ${target}`;
    if (type === "heal.completed") this.#byRemedy.delete(key);
    else if (type === "heal.failed" || event.isExhausted === true) {
      const deeds = type === "heal.failed" ? event.deeds : [];
      const { because, advice } = event;
      this.#byRemedy.set(key, { remedy, target, fault: fault.code, deeds, because, advice });
    }
  };

  /** In the order in which they first failed. */
  get all(): readonly Unhealed[] {
    return [...this.#byRemedy.values()].slice(0, MOST);
  }
}

/** The abort listeners of a signal, and where they were added. */

import { getEventListeners } from "node:events";
import { placeHere, type Place } from "./trace.ts";

/** An abort listener that somebody added and did not take away. */
export interface AddedListener {
  /** Unknown when it was not added by `addEventListener`. */
  readonly place: Place | undefined;
}

/** Looks at one signal until it is closed. */
export interface ListenerWatch {
  /** The listeners that were not there at the beginning. */
  readonly added: readonly AddedListener[];
  close(): void;
}

/** Begins to note who listens for the abort of `signal`. */
export function watchListeners(signal: AbortSignal): ListenerWatch {
  const before = new Set(getEventListeners(signal, "abort"));
  const places = new Map<unknown, Place>();
  const own = Object.getOwnPropertyDescriptor(signal, "addEventListener");
  const add = signal.addEventListener.bind(signal);
  // On this signal alone: a global patch would meet all that run beside it.
  signal.addEventListener = (...given: Parameters<AbortSignal["addEventListener"]>) => {
    places.set(given[1], placeHere());
    add(...given);
  };
  return {
    get added() {
      return getEventListeners(signal, "abort")
        .filter((listener) => !before.has(listener))
        .map((listener) => ({ place: places.get(listener) }));
    },
    close: () => {
      if (own === undefined) Reflect.deleteProperty(signal, "addEventListener");
      else Object.defineProperty(signal, "addEventListener", own);
    },
  };
}

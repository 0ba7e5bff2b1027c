/** What it costs to keep many of something: bytes, and timers that go on without end. */

import { createHook } from "node:async_hooks";
import type { Case } from "./compare.ts";
import { heapAfterCollection } from "./heap.ts";

/** Makes one of something for each key. */
export interface Kept {
  /** Answers what keeps them all. */
  readonly make: (keys: readonly string[]) => unknown;
  /** Gives up what was made, where it does not go by itself. */
  readonly letGo?: ((made: unknown) => void) | undefined;
}

/** Memory is the same each time, to within a few in a hundred. */
const ROUNDS = 1;

/** Enough to tell how many timers each has. */
const TIMED_KEYS = 100;

/** The bytes of one of `count`, and the timers that making it starts. Needs `--expose-gc`. */
export function kept(name: string, count: number, { make, letGo }: Kept): Case {
  const keys = Array.from({ length: count }, (_, index) => `host-${index}.example`);
  let timers = NaN;
  return {
    name,
    rounds: ROUNDS,
    cost: async () => {
      if (Number.isNaN(timers)) timers = await timersOf({ make, letGo }, keys.slice(0, TIMED_KEYS));
      const before = heapAfterCollection();
      const made = await make(keys);
      const bytes = (heapAfterCollection() - before) / count;
      // It was kept until here: what nobody reads any more may be collected.
      letGo?.(made);
      return bytes;
    },
    cells: (cost) => [cost.median, timers],
  };
}

async function timersOf({ make, letGo }: Kept, keys: readonly string[]): Promise<number> {
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, type) => void (type === "Timeout" && timers.add(id)),
    destroy: (id) => void timers.delete(id),
  }).enable();
  const made = await make(keys);
  // A timer that was stopped is told a turn later.
  await new Promise((resolve) => setImmediate(resolve));
  hook.disable();
  letGo?.(made);
  return timers.size / keys.length;
}

/** A bulkhead by hand. */

import { IDLE, type Guard } from "./attempt.ts";

/** At most `limit` at once; the others wait, however many they are, in the order in which they came. */
export function bulkheadByHand(limit: number): Guard {
  const waiting: (() => void)[] = [];
  let free = limit;
  return async (work) => {
    if (free === 0) await new Promise<void>((begin) => waiting.push(begin));
    else free--;
    try {
      return await work(IDLE);
    } finally {
      const begin = waiting.shift();
      // Handed on, and not freed in between: a newcomer would be let in before the one that waits.
      if (begin === undefined) free++;
      else begin();
    }
  };
}

/** Which of several failures was the usual one: a pure rule over the history of a call. */

import type { AttemptRecord } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";

/**
 * The fault that most attempts of a call ended with, and of several that are equally frequent the latest;
 * `undefined` where nothing failed. Faults with one class and one code are the same; of those the last
 * is answered. A history goes back 20 attempts, and so does this.
 *
 * The last error is what a caller can act on, and what `run` throws. This is for the message to people: after
 * five times "service unavailable" and one cut connection, it is the service.
 *
 * @example
 * const ended = await retry().attempt(() => "done");
 * console.log(mostFrequentFault(ended.history)?.code); // undefined
 */
export function mostFrequentFault(history: readonly AttemptRecord[]): Fault | undefined {
  const counts = new Map<string, number>();
  let usual: Fault | undefined;
  let most = 0;
  for (const { fault } of history) {
    const kind = `${fault.class} ${fault.code}`;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    if (count < most) continue;
    most = count;
    usual = fault;
  }
  return usual;
}

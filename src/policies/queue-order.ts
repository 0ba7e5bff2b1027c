/** Who goes first of those that wait, and who makes room when no more may wait. */

import { oneOf } from "../core/options.ts";

/**
 * Who goes first of those that wait. `"oldest first"` is fair. `"newest first"` answers at least some
 * while their callers still want it, where a long queue would answer all too late.
 */
export type QueueOrder = "oldest first" | "newest first";

/** Who is refused when one more call comes than may wait: that one, or whoever waits longest. */
export type WhenFull = "refuse newest" | "refuse oldest";

/** Readers of the options that all policies with a queue of limited length have. */
export const QUEUE_READERS = {
  order: oneOf<QueueOrder, QueueOrder>(["oldest first", "newest first"], {
    default: "oldest first",
  }),
  whenFull: oneOf(["refuse newest", "refuse oldest"], { default: undefined }),
};

/** How a queue goes. */
export interface Queueing {
  readonly isNewestFirst: boolean;
  readonly refusesOldest: boolean;
}

/** What the options say together: who would be served last makes room, if nothing else is said. */
export function queueingOf(options: {
  readonly order: QueueOrder;
  readonly whenFull: WhenFull | undefined;
}): Queueing {
  const isNewestFirst = options.order === "newest first";
  const { whenFull = isNewestFirst ? "refuse oldest" : "refuse newest" } = options;
  return { isNewestFirst, refusesOldest: whenFull === "refuse oldest" };
}

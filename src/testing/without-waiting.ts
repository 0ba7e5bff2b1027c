/** Policies that do not wait, for tests of what has them inside. */

import { hasten } from "../core/haste.ts";
import { integer, readOptions, type Reader } from "../core/options.ts";

/** What else is changed while nothing waits. */
export interface WithoutWaitingOptions {
  /** How often work may run at most under a `retry`, the first time included. Default `Infinity`. */
  readonly attempts?: number | undefined;
}

/** Waits take no time, until this is told to stop or disposed of. */
export interface WithoutWaiting extends Disposable {
  stop(): void;
}

const READERS = {
  attempts: integer({ min: 1, orInfinity: true, default: Infinity }),
} satisfies Record<keyof WithoutWaitingOptions, Reader<unknown>>;

/**
 * Has the policies of this process wait no longer, whether they were made before or after: a `retry`
 * between two attempts, a call for its turn under a `rateLimit`, and one before a closed `gate`. To
 * breakers, limits and gates that time has passed: who was to wait for the end of a breaker's pause
 * may probe. Events tell the waits that there would have been. Those that have begun go on.
 *
 * Time limits, `total`, the delay of a `hedge` and the latency of `chaos` stay real, for they are
 * about the work. Policies with a `clock` of their own, other than the machine's, take no notice.
 *
 * It is one switch for all that runs in the process. Several may hold it at once: it is off when the
 * last has stopped, and the fewest attempts count.
 *
 * @throws {OptionsError} If an option is unknown or out of range.
 * @example
 * using _ = withoutWaiting({ attempts: 2 });
 * await retry().run(({ attempt }) => attempt);
 */
export function withoutWaiting(options: WithoutWaitingOptions = {}): WithoutWaiting {
  const { attempts } = readOptions("withoutWaiting", options, READERS);
  const stop = hasten({ attempts });
  return { stop, [Symbol.dispose]: stop };
}

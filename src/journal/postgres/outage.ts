/**
 * Waits out an outage of the database: a server that restarts, a standby that takes over, a
 * connection that breaks.
 */

import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/dice.ts";

/** A broken connection is usually made anew at once; a server takes seconds to come back. */
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;

/**
 * How long to wait after so many failures in a row, in milliseconds. Between half and all of a bound
 * that doubles, so that many processes do not come back at one moment.
 *
 * @param random From 0 up to, not including, 1.
 */
export function pauseMs(failures: number, random: number): number {
  const boundMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return boundMs * (0.5 + random / 2);
}

/** How long to wait, and for what. */
export interface Patience {
  /** From the first failure on, in milliseconds; the attempts' own time counts. */
  readonly limitMs: number;
  /** Whether an error may be over soon, and the work may be repeated after it. */
  readonly isOutage: (error: unknown) => boolean;
  readonly clock: Pick<Clock, "elapsed" | "sleep">;
  readonly random: Random;
}

/** Does the work, and again after each outage until `limitMs` is over. Rejects with its last error. */
export async function waitOut<Value>(
  work: (attempt: number) => Promise<Value>,
  { limitMs, isOutage, clock, random }: Patience,
): Promise<Value> {
  let beganAtMs: number | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!isOutage(error)) throw error;
      beganAtMs ??= clock.elapsed();
      const waitMs = pauseMs(attempt, random());
      if (clock.elapsed() + waitMs > beganAtMs + limitMs) throw error;
      await clock.sleep(waitMs);
    }
  }
}

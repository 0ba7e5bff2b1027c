/**
 * A switch for tests: while it is on, policies on the machine's clock do not wait, in the whole process.
 * `holdfast/testing` turns it; policies ask it when they would wait, and never before.
 *
 * What was not waited is remembered, and added to the time of what goes by moments: so a breaker lets
 * probe whoever was to wait for the end of its pause, and calls under a rate limit begin one after the
 * other. How long something takes is measured by the clock itself: limits stay real.
 *
 * It is asked by policies and not built into the clock, for a clock's other waits are of another kind:
 * a heartbeat without them would never let go of the processor.
 */

import type { Clock } from "./clock.ts";
import { backgroundClock, systemClock } from "./system.ts";

/** What else is changed while nothing waits. */
export interface Haste {
  /** How often work may run in all. */
  readonly attempts: number;
}

const hastes = new Set<Haste>();
let skippedMs = 0;

/** Turns the switch on; the answer takes that back. While several have, the fewest attempts hold. */
export function hasten({ attempts }: Haste): () => void {
  // Its own for each call, so that one who takes it back does not do so for another.
  const own = { attempts };
  hastes.add(own);
  return () => void hastes.delete(own);
}

/** What is really to be waited now, of a wait by this clock. */
export function leftToWait(waitMs: number, clock: Clock): number {
  if (hastes.size === 0 || !isMachines(clock)) return waitMs;
  skippedMs += waitMs;
  return 0;
}

/** How often work may run at most now, under a policy with this clock. */
export function mostAttempts(clock: Clock): number {
  let most = Infinity;
  if (isMachines(clock)) for (const { attempts } of hastes) most = Math.min(most, attempts);
  return most;
}

/** By the clock that they are for: any number of breakers share one. */
const known = new WeakMap<Clock, Clock>();

/** A clock for moments that calls wait for: it goes on by what was not waited, too. */
export function momentsOf(clock: Clock): Clock {
  if (!isMachines(clock)) return clock;
  const moments = known.get(clock) ?? skipping(clock);
  known.set(clock, moments);
  return moments;
}

/** How much of the moments that calls wait for was not waited. */
export function skippedMsOf(clock: Clock): number {
  return isMachines(clock) ? skippedMs : 0;
}

function skipping(clock: Clock): Clock {
  return {
    ...clock,
    elapsed: () => clock.elapsed() + skippedMs,
    after: (ms, run) => {
      if (hastes.size === 0) return clock.after(ms, run);
      return clock.after(0, () => {
        skippedMs += ms;
        run();
      });
    },
  };
}

function isMachines(clock: Clock): boolean {
  return clock === systemClock || clock === backgroundClock;
}

/**
 * How many calls are turned away when too many wait, as a pure rule: none while few wait, all but
 * those of the highest level when the queues are as long as they should ever be, and in between the
 * more the more wait. As in failsafe-go's prioritizer it goes by all queues together.
 */

/** A policy that has calls wait. */
export interface Load {
  /** How many may run at once. */
  readonly limit: number;
  /** How many wait. */
  readonly queued: number;
  /** How many may wait at most. */
  readonly maxQueued: number;
}

/** When calls are turned away. */
export interface SheddingRules {
  /** From how many on that wait, as a multiple of the limits. */
  readonly shedFrom: number;
  /** With how many all are. */
  readonly shedAll: number;
}

/** Which share of the calls that would have to wait is to be turned away, from 0 to 1. */
export function sheddingRate(loads: Iterable<Load>, { shedFrom, shedAll }: SheddingRules): number {
  let queued = 0;
  let most = 0;
  for (const load of loads) {
    // One that is paused is not overloaded.
    if (load.limit === 0) continue;
    queued += load.queued;
    // A queue that is shorter is as full with fewer.
    most += Math.min(load.maxQueued, load.limit * shedAll);
  }
  const few = (most * shedFrom) / shedAll;
  return queued <= few ? 0 : Math.min(1, (queued - few) / (most - few));
}

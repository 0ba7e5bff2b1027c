/** Keeps a run's lease while the run goes on. */

import { LeaseLostError } from "../../core/errors.ts";
import { breakOff, type World } from "../world.ts";

/** Renewals that may fail in a row. The lease lasts three, so one is left to stop in. */
const MAX_FAILURES = 2;

/**
 * Renews every `everyMs` milliseconds until the answer is called. Halts the run at once when the
 * lease is lost, and when the journal cannot be written twice in a row: from then on another
 * process may take the run over.
 */
export function keepLease(world: World, everyMs: number): () => void {
  const stopped = new AbortController();
  void beat(world, everyMs, stopped.signal);
  return () => stopped.abort();
}

async function beat(world: World, everyMs: number, stopped: AbortSignal): Promise<void> {
  let failures = 0;
  while (!stopped.aborted) {
    try {
      await world.clock.sleep(everyMs, stopped);
      await world.book.renew();
      failures = 0;
    } catch (error) {
      if (stopped.aborted) return;
      failures++;
      if (error instanceof LeaseLostError || failures >= MAX_FAILURES)
        return breakOff(world, error);
    }
  }
}

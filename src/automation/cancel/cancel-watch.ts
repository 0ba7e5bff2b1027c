/** Looks whether somebody wants a run to end while the run goes on. */

import { cancelledBy, type CancelRequest } from "./cancel-request.ts";
import { emit, type World } from "../world.ts";

/**
 * How often the owner of a run looks, in milliseconds. It is what a human waits for at the most, and
 * one read of one row.
 */
export const CANCEL_POLL_MS = 1_000;

/** Looks until the answer is called, and calls the run back when it finds a request. */
export function watchForCancel(world: World): () => void {
  const stopped = new AbortController();
  void watch(world, stopped.signal);
  return () => stopped.abort();
}

async function watch(world: World, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    try {
      await world.clock.sleep(CANCEL_POLL_MS, stopped);
      const request = await world.book.findCancelRequest();
      if (stopped.aborted) return;
      if (request !== undefined) return recall(world, request);
    } catch {
      // The end of the watch; or the journal could not be read, which its heartbeat sees to.
    }
  }
}

function recall(world: World, request: CancelRequest): void {
  tellOfRequest(world, request);
  world.halt.recall(cancelledBy(world.book.run.id, request));
}

/** Says that the run ends because somebody asked for it. */
export function tellOfRequest(world: World, { by, reason: why }: CancelRequest): void {
  emit(world, {}, { type: "run.cancel_requested", by, why });
}

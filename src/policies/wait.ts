/** A wait that an abort ends. */

import type { Clock } from "../core/clock.ts";
import type { AbortSource } from "./abort-source.ts";

/**
 * Waits `ms` milliseconds by the clock, or rejects with the reason as soon as `source` is aborted. No
 * timer and no listener is left once this has settled.
 */
export async function waitUnder(
  source: AbortSource | undefined,
  ms: number,
  clock: Clock,
): Promise<void> {
  if (source === undefined) return clock.sleep(ms);
  if (source.isAborted) throw source.reason;
  // Its own signal, for on the caller's every sleep would leave a listener of its own.
  const ended = new AbortController();
  const end = (reason: unknown): void => ended.abort(reason);
  source.listen(end);
  try {
    return await clock.sleep(ms, ended.signal);
  } finally {
    source.ignore(end);
  }
}

/** What signals do to a run: the first stops it, and one that comes later kills the process. */

import { StoppedBySignal } from "../automation/cancel/cancellation.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { World } from "./command.ts";
import type { Complain } from "./run-output.ts";

/**
 * Signals that come this soon after the first are taken for the same one: npm and shells hand on a
 * Ctrl-C that has reached the whole group of processes already.
 */
const SAME_SIGNAL_MS = 500;

/** Listens for signals until `end` is called. */
export interface Interruption {
  /** Aborts at the first one, with `StoppedBySignal`. */
  readonly signal: AbortSignal;
  readonly end: () => void;
}

/** See the header. */
export function listenForSignals(
  world: World,
  complain: Complain,
  says = "steps under way are being ended. A second signal kills.\n",
): Interruption {
  const controller = new AbortController();
  let firstAtMs: number | undefined;
  const end = world.onInterrupt((signal) => {
    const nowMs = world.clock.elapsed();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      complain(`Stopping on ${signal.name}: ${says}`, "WARNING");
      controller.abort(new StoppedBySignal(signal));
    } else if (nowMs - firstAtMs >= SAME_SIGNAL_MS) {
      world.exit(EXIT.signal + signal.number);
    }
  });
  return { signal: controller.signal, end };
}

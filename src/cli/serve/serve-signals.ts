/** What signals do to a server: the first stops it, a later one interrupts its runs, and a third kills. */

import type { Signal } from "../../automation/cancel/cancellation.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { Logger } from "../../core/logger.ts";
import type { World } from "../command.ts";

/** As for runs: what comes this soon after is the same signal, handed on by a shell or by npm. */
const SAME_SIGNAL_MS = 500;

/** What is done. */
export interface Reactions {
  /** On SIGHUP. */
  readonly reload: () => void;
  readonly interrupt: () => void;
  readonly log: Logger;
}

/** Listens for signals until `end` is called. */
export interface ServerSignals {
  /** Aborts at the first, with the signal. */
  readonly stopping: AbortSignal;
  isInterrupted(): boolean;
  readonly end: () => void;
}

/** See the header. */
export function listenForServer(
  world: World,
  { reload, interrupt, log }: Reactions,
): ServerSignals {
  const controller = new AbortController();
  let newestAtMs = -Infinity;
  let isInterrupted = false;
  function stop(signal: Signal): void {
    const nowMs = world.clock.elapsed();
    const isSame = nowMs - newestAtMs < SAME_SIGNAL_MS;
    if (isSame) return;
    newestAtMs = nowMs;
    if (!controller.signal.aborted) {
      log.warning(
        `Stopping on ${signal.name}: runs under way may end. A second signal interrupts them`,
      );
      controller.abort(signal);
    } else if (isInterrupted) {
      world.exit(EXIT.signal + signal.number);
    } else {
      log.warning(
        "Interrupting runs under way: the next start goes on with them. A third signal kills",
      );
      isInterrupted = true;
      interrupt();
    }
  }
  const end = world.onInterrupt((signal) => {
    if (signal.name === "SIGHUP") reload();
    else stop(signal);
  });
  return { stopping: controller.signal, isInterrupted: () => isInterrupted, end };
}

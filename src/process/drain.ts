/**
 * Reads what is left in a command's pipes once it has ended.
 *
 * `close` would wait for whoever holds them: a daemon that the command started keeps them open for as
 * long as it lives. So after `exit` the pipes are read until they are quiet, and then let go of.
 */

import type { Clock } from "../core/clock.ts";
import type { OutputPump } from "./output-pump.ts";

/** What the command itself wrote is in the pipe by now, so nothing has to be waited for but our turn. */
const QUIET_MS = 50;

/** For how long a daemon is listened to that goes on writing. */
const LONGEST_MS = 2_000;

/** What draining looks at. */
export interface Draining {
  readonly pumps: readonly OutputPump[];
  readonly clock: Clock;
  /** When something was last heard, by `clock.elapsed()`. */
  readonly heardAtMs: () => number;
  /** Whether a reader that is slow is waited for: what the command wrote is meant for it. */
  readonly isPatient: boolean;
}

/** Settles when all is read, or nothing more is to be waited for. Never rejects. */
export async function drain({ pumps, clock, heardAtMs, isPatient }: Draining): Promise<void> {
  const all = Promise.all(pumps.map((pump) => pump.ended)).then(() => true);
  const untilMs = clock.elapsed() + LONGEST_MS;
  const isDone = new AbortController();
  try {
    while (pumps.some((pump) => !pump.isEnded)) {
      const lookedAtMs = clock.elapsed();
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      if (await Promise.race([all, clock.sleep(QUIET_MS, isDone.signal).then(() => false)])) return;
      // A machine that stood still meanwhile fires the timer before it reads: let it read first.
      await new Promise((resolve) => setImmediate(resolve));
      const isHeldBack = isPatient && pumps.some((pump) => pump.isHeldBack);
      const isQuiet = heardAtMs() < lookedAtMs;
      if (!isHeldBack && (isQuiet || clock.elapsed() >= untilMs)) return;
    }
  } finally {
    isDone.abort();
    for (const pump of pumps) pump.close();
  }
}

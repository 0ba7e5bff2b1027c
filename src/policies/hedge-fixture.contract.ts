/** What the tests of the hedge have in common: attempts that end as they are told to. */

import type { Attempt, Clock } from "../index.ts";

/** How one attempt ends, and after how long. */
export type End = readonly [afterMs: number, end: unknown];

/** A connection that was cut: it may have had its effect. */
export const reset = (): Error =>
  Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

/** Nobody listens: nothing happened. */
export const refused = (): Error => Object.assign(new Error("connect"), { code: "ECONNREFUSED" });

/** The error that a call ends with. */
export const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/**
 * Work whose attempts end one as the other was told to, whatever becomes of their signals; and what it
 * saw of them.
 */
export function scripted(clock: Clock, ...ends: readonly End[]) {
  const begunAtMs: number[] = [];
  const seen: Attempt[] = [];
  const work = async (attempt: Attempt): Promise<unknown> => {
    const [afterMs, end] = ends[begunAtMs.length] as End;
    begunAtMs.push(clock.elapsed());
    seen.push(attempt);
    await clock.sleep(afterMs);
    if (end instanceof Error) throw end;
    return end;
  };
  const aborted = (): boolean[] => seen.map(({ signal }) => signal.aborted);
  return { work, begunAtMs, seen, aborted };
}

/** In milliseconds: longer than any test waits. */
export const HOUR = 3_600_000;

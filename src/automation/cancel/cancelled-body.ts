/** Bounds how long a task's function may go on after its run was halted. */

import { onAbort } from "./on-abort.ts";
import type { Scope } from "../scope.ts";
import { loggerAt } from "../world.ts";

/** How long a function may take outside of steps, once its last step has ended, in milliseconds. */
const GRACE_MS = 5_000;

/**
 * What `body` answers. When the run is halted or cancelled and the function waits for something of its own that
 * does not end, it is given up after a grace, and the answer rejects with the reason of that. Steps and rollbacks under way are waited for as long as they take: they have bounds of
 * their own.
 */
export async function unlessStuck<Value>(scope: Scope, body: Promise<Value>): Promise<Value> {
  const { halt } = scope.world;
  const ended = new AbortController();
  const stuck = Promise.withResolvers<never>();
  const giveUp = () => {
    giveUpAfterGrace(scope, ended.signal).then(stuck.reject, () => {
      // It ended within the grace.
    });
  };
  const unlinks = [halt.halted, halt.recalled].map((told) => onAbort(told, giveUp));
  try {
    return await Promise.race([body, stuck.promise]);
  } finally {
    for (const unlink of unlinks) unlink();
    ended.abort();
  }
}

/** Resolves to why the function is given up; rejects when it ended before. */
async function giveUpAfterGrace(scope: Scope, ended: AbortSignal): Promise<unknown> {
  const { world } = scope;
  await scope.quiet();
  await world.clock.sleep(GRACE_MS, ended);
  loggerAt(world, { task: scope.name }).warning(
    "The function did not end after the run was stopped, and is given up; hand it run.signal",
  );
  const { halted, recalled } = world.halt;
  return halted.aborted ? halted.reason : recalled.reason;
}

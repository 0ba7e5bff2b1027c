/** What becomes of work, or of an undo, that was aborted: it may end within its grace. */

import type { Step } from "./step.ts";

/** How it ended within the grace; `running` is what did not. */
type LateEnd<Value> = { readonly value: Value } | "failed" | "running";

/** Waits for `working` within the step's grace. What goes on after that is told of. */
export async function lateEnd<Value>(step: Step, working: Promise<Value>): Promise<LateEnd<Value>> {
  const { grace: graceMs } = step.settled;
  const isOver = new AbortController();
  const ended = working.then(
    (value) => ({ value }),
    () => "failed" as const,
  );
  const patience = step.scope.world.clock.sleep(graceMs, isOver.signal).then(
    () => "running" as const,
    () => "failed" as const,
  );
  const end = await Promise.race([ended, patience]);
  isOver.abort();
  if (end === "running") step.emit({ type: "attempt.abandoned", graceMs });
  return end;
}

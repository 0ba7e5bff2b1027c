/** How a run ends: its exit code, from its tasks. Pure. */

import { EXIT, mostUrgent } from "../core/exit-codes.ts";
import type { TaskCount } from "../core/events.ts";
import type { Reactions } from "../core/reactions.ts";
import type { TaskResult } from "../policies/task-result.ts";

/** A task's result, and whether its failure counts. */
export interface TaskEnd {
  readonly result: TaskResult<unknown>;
  readonly mayFail: boolean;
}

/**
 * The exit code that one failed task calls for. What is still there to be seen to comes first; a
 * rollback that succeeded says more than the class of the fault.
 */
export function exitCodeOf(result: TaskResult<unknown>, reactions: Reactions): number {
  if (result.ok) return EXIT.ok;
  if (result.rollback === "incomplete") return EXIT.rollbackIncomplete;
  if (result.fault.code === "VERIFY_FAILED") return EXIT.verificationFailed;
  if (result.rollback === "complete") return EXIT.rolledBack;
  return reactions[result.fault.class].exitCode;
}

/** The exit code of the whole run. A rollback that is incomplete counts even where failure may be. */
export function exitCodeOfRun(ends: readonly TaskEnd[], reactions: Reactions): number {
  const codes = ends.map(({ result, mayFail }) => {
    const code = exitCodeOf(result, reactions);
    return mayFail && code !== EXIT.rollbackIncomplete ? EXIT.ok : code;
  });
  return mostUrgent(codes.filter((code) => code !== EXIT.ok));
}

/** How many tasks succeeded, of how many. */
export function countTasks(ends: readonly TaskEnd[]): TaskCount {
  return { succeeded: ends.filter(({ result }) => result.ok).length, total: ends.length };
}

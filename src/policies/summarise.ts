/** Several task results in one line. */

import type { TaskFailure, TaskResult } from "./task-result.ts";

/** How several tasks ended. */
export interface Summary {
  readonly succeeded: number;
  readonly total: number;
  /** Whether every task succeeded. */
  readonly ok: boolean;
  /** For people: `"12/14 tasks succeeded"`. */
  readonly text: string;
  /** Those that failed, in the order in which they were given. */
  readonly failed: readonly TaskFailure[];
}

/**
 * Counts results.
 *
 * @example
 * summarise(await Promise.all([attemptTask("a", a), attemptTask("b", b)])).text; // "2/2 tasks succeeded"
 */
export function summarise(results: readonly TaskResult[]): Summary {
  const total = results.length;
  const failed = results.filter((result) => !result.ok);
  const succeeded = total - failed.length;
  return {
    succeeded,
    total,
    ok: failed.length === 0,
    text: `${succeeded}/${total} tasks succeeded`,
    failed,
  };
}

/** Which tasks another one comes after: the rules, without promises. */

import { AutomationError } from "../core/errors.ts";
import type { TaskResult } from "../policies/task-result.ts";

/**
 * Refuses what `task` cannot wait for. What it comes after must have been declared before it: so
 * nothing can wait for itself, not even by way of others.
 *
 * @throws {AutomationError} For the first name that is not among `declared`.
 */
export function checkAfter(
  task: string,
  after: readonly string[],
  declared: ReadonlySet<string>,
): void {
  const unknown = after.find((name) => name === task || !declared.has(name));
  if (unknown === undefined) return;
  throw new AutomationError(
    unknown === task
      ? `Task "${task}" comes after itself`
      : `Task "${task}" comes after "${unknown}", and no task of that name was declared before it; declare tasks in the order in which they depend on each other`,
  );
}

/** The tasks that failed, by name. */
export function failedOf(results: readonly TaskResult[]): readonly string[] {
  return results.filter(({ ok }) => !ok).map(({ name }) => name);
}

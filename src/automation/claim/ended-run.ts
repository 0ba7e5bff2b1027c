/** Whether a run that has ended can be rolled back: the rule, without a journal. */

import type { RunRecord, StepRecord } from "../../core/journal.ts";
import { needsUndo } from "../step-record.ts";

/** A run that has ended. */
export interface Ended {
  readonly run: RunRecord;
  readonly steps: readonly StepRecord[];
  /** The run that did it again, and took over what it left. */
  readonly retriedBy: string | undefined;
}

/** Why it must not be rolled back; `undefined` when something of it is left that can be. */
export function refusalOfRollback({ run, steps, retriedBy }: Ended): string | undefined {
  if (retriedBy !== undefined) {
    return `run ${retriedBy} did it again, and took over what it had done; roll that one back`;
  }
  if (run.status === "succeeded") return "it succeeded, and what succeeded is kept";
  const isLeft = run.status === "abandoned" ? steps.some(needsUndo) : steps.some(isIncomplete);
  return isLeft ? undefined : "nothing of it is left that could be undone";
}

/** Whether the rollback of a task, or of an item of a map, left something behind. */
function isIncomplete({ kind, undo }: StepRecord): boolean {
  return (kind === "task" || kind === "map") && undo === "failed";
}

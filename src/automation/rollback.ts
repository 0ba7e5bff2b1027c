/** Takes back what a failed task did: the undos of its steps, in reverse order of their start. */

import { UndoFailedError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import type { StepRecord } from "../core/journal.ts";
import type { RollbackOutcome } from "../policies/task-result.ts";
import { OWN_TASK, stepLabel } from "./book.ts";
import type { Scope } from "./scope.ts";
import { isInDoubt, isOpenChild, needsUndo } from "./step-record.ts";
import type { Step } from "./step.ts";
import { undoStep, type UndoOutcome } from "./undo.ts";
import { emit } from "./world.ts";

/** Why there is a rollback. */
export interface Reason {
  readonly fault: Fault;
  readonly error: unknown;
}

/**
 * Undoes the steps of `scope` one after the other. One that stays failed does not keep the others
 * from being undone. Rejects only when the journal fails.
 */
export async function rollBack(scope: Scope, reason: Reason): Promise<RollbackOutcome> {
  const { world } = scope;
  const { where } = scope;
  const steps = scope.steps.toSorted((a, b) => b.record.position - a.record.position);
  const undoable = steps.filter(({ record }) => needsUndo(record));
  const lost = unreachable(scope);
  if (undoable.length + lost.length > 0) {
    emit(world, where, { type: "rollback.started", steps: undoable.length, ...reason });
  }
  const failed = [...lost];
  let undone = 0;
  for (const step of undoable) {
    const outcome = await tryUndo(step, scope);
    if (outcome === "failed") failed.push(step.label);
    if (outcome === "undone") undone++;
  }
  if (failed.length === 0) {
    if (undoable.length > 0) {
      emit(world, where, { type: "rollback.completed", steps: undone });
    }
    return steps.some(({ record }) => record.undo === "done") ? "complete" : "none";
  }
  const error = new UndoFailedError(failed, reason.error);
  emit(world, where, { type: "rollback.failed", steps: failed, error });
  return "incomplete";
}

/** A failed undo is told of by its own events. */
async function tryUndo(step: Step, scope: Scope): Promise<UndoOutcome | "failed"> {
  try {
    return await undoStep(step, scope.world);
  } catch {
    scope.world.halt.checkWritable();
    return "failed";
  }
}

/** What is recorded, has to be taken back, and was not reached by the code yet. */
export function unreached({ name, prefix, world: { book } }: Scope): readonly StepRecord[] {
  const own = book
    .unvisited(name)
    .filter((record) => record.name.startsWith(prefix))
    .filter((record) => needsUndo(record) || isOpenChild(record));
  if (name !== OWN_TASK || prefix !== "") return own;
  // Tasks that succeeded are kept.
  const tasks = book.unvisitedTasks().filter((task) => !book.isCompleted(task));
  return [
    ...own,
    ...book.openMaps().filter(({ task }) => tasks.includes(task)),
    ...tasks.flatMap((task) => book.stepsOf(task).filter(needsUndo)),
  ];
}

/** What is recorded and cannot be taken back: the code no longer reaches it, or nobody knows how. */
function unreachable(scope: Scope): string[] {
  const { book, decisions } = scope.world;
  const labelOf = ({ task, name }: StepRecord) => stepLabel(task, name);
  const unknown = book
    .stepsOf(scope.name)
    .filter(({ name }) => name.startsWith(scope.prefix))
    .filter((record) => record.undo === "none" && isInDoubt(record))
    // What may be done any number of times leaves nothing behind that matters, as when it is finished.
    .filter(({ name }) => !scope.steps.find((step) => step.name === name)?.settled.repeatable)
    // A human looked, and it did not happen.
    .filter((record) => decisions[labelOf(record)] !== "absent");
  return [...unreached(scope), ...unknown].map(labelOf);
}

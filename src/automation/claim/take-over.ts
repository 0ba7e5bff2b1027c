/** What a run that is done again takes over from the one that failed: the rule, without a journal. */

import { InputError, RunRefusedError } from "../../core/errors.ts";
import type { RunRecord, StepKind, StepRecord } from "../../core/journal.ts";
import { stepLabel } from "../book.ts";
import { isForUndo } from "../resource/held.ts";
import { isInDoubt, needsUndo } from "../step-record.ts";

/** The run that is done again, and from which step on. */
export interface Retried {
  readonly run: RunRecord;
  /** In the order of their positions. */
  readonly steps: readonly StepRecord[];
  /** As people name it: a step, or a task. Default: the first step that failed or was not finished. */
  readonly from?: string | undefined;
}

/** What the new run begins with. */
export interface TakenOver {
  /** The records, as those of the new run. */
  readonly steps: readonly StepRecord[];
  /** The step that it is done again from; missing when all had succeeded. */
  readonly from?: string | undefined;
  /** How many finished steps are among them. */
  readonly count: number;
  /** The steps before that one that are done again, for they were undone. */
  readonly undone: readonly string[];
}

/** How the steps and tasks of a run are named on the command line. */
export function labelsOf(steps: readonly StepRecord[]): readonly string[] {
  return steps.filter(({ task, name }) => task !== "" || name !== "").map(labelOf);
}

/**
 * Finished steps that are in effect and come before the first one are taken over as they are, with
 * their keys and values; so is a task that succeeded, as a whole. Locks, temporary places and cleanups
 * ended with the old run, and are begun anew. What comes later, was kept and can
 * be undone is handed over as if it had been cut off: it is undone before it is done anew.
 *
 * @throws {InputError} When there is no such step, or two of that name.
 * @throws {RunRefusedError} When something is still there that should have been rolled back first.
 */
export function takeOver(runId: string, { run, steps, from }: Retried): TakenOver {
  const first = from === undefined ? firstOpen(steps) : named(run, steps, from);
  const firstAt = first?.position ?? Infinity;
  const wholeTasks = new Set(
    steps
      .filter(
        ({ kind, status, position }) =>
          kind === "task" && status === "completed" && position < firstAt,
      )
      .map(({ task }) => task)
      .filter((task) => task !== first?.task),
  );
  const isKept = (step: StepRecord) =>
    wholeTasks.has(step.task) || (step.position < firstAt && isInEffect(step) && !isOfOneRun(step));
  const kept = steps.filter(isKept);
  checkNothingApart(run, steps, isKept);
  const rest = steps.filter((step) => !isKept(step) && step.kind !== "task");
  const later = rest.filter(needsUndo);
  for (const step of rest) checkGone({ run, steps, from }, step);
  return {
    steps: [...kept, ...later.map(cutOff)].map((step) => ({ ...step, runId })),
    ...(first === undefined ? {} : { from: labelOf(first) }),
    count: kept.filter(({ kind }) => !BESIDE_STEPS.includes(kind)).length,
    undone: rest.filter(({ position, undo }) => position < firstAt && undo === "done").map(labelOf),
  };
}

/** What maps and children did is not among the steps, so it could be neither kept nor taken back. */
function checkNothingApart(
  run: RunRecord,
  steps: readonly StepRecord[],
  isKept: (step: StepRecord) => boolean,
): void {
  const apart = steps.find(
    (step) => step.kind === "map" || (step.kind === "child" && !isKept(step)),
  );
  if (apart === undefined) return;
  throw new RunRefusedError(
    run.id,
    `Run ${run.id} has the ${apart.kind} ${JSON.stringify(labelOf(apart))}, which cannot be done again from a step; start the automation anew`,
  );
}

function named(run: RunRecord, steps: readonly StepRecord[], from: string): StepRecord {
  const [found, another] = steps.filter((step) => labelOf(step) === from);
  if (found === undefined) {
    const known = labelsOf(steps).map((label) => JSON.stringify(label));
    throw new InputError(
      `Run ${run.id} has no step ${JSON.stringify(from)}; it has ${known.join(", ") || "none"}`,
    );
  }
  if (another === undefined) return found;
  throw new InputError(
    `Two steps of run ${run.id} are called ${JSON.stringify(from)}, one of them in a task; name the one before`,
  );
}

function firstOpen(steps: readonly StepRecord[]): StepRecord | undefined {
  const own = steps.filter(({ kind }) => kind !== "task" && kind !== "cleanup");
  return (
    own.find(({ status }) => status === "failed") ??
    own.find(({ kind, status }) => kind !== "resource" && status === "begun")
  );
}

/** What stands in the journal among the steps and is none. */
const BESIDE_STEPS: readonly StepKind[] = ["task", "resource", "cleanup"];

/** What was kept to take a step back belongs to that step, and goes with it. */
function isOfOneRun(record: StepRecord): boolean {
  return record.kind === "cleanup" || (record.kind === "resource" && !isForUndo(record));
}

function isInEffect({ kind, status, undo }: StepRecord): boolean {
  if (kind === "task" || status !== "completed") return false;
  return undo === "none" || undo === "registered";
}

/** Undone before it is done anew, as any step whose end was not seen. */
function cutOff(step: StepRecord): StepRecord {
  const { endedAtMs: _, toldBy: __, ...rest } = step;
  return { ...rest, status: "begun", effect: "unknown" };
}

/** What could not be taken back, or may have happened, must be seen to before it is done again. */
function checkGone({ run, steps, from }: Retried, step: StepRecord): void {
  const label = JSON.stringify(labelOf(step));
  const task = steps.find(({ kind, task: name }) => kind === "task" && name === step.task);
  const isLeft = run.status === "abandoned" || (task !== undefined && task.status !== "completed");
  if (needsUndo(step) && isLeft) {
    throw new RunRefusedError(
      run.id,
      `Step ${label} of run ${run.id} is still in effect; roll that run back, then do it again`,
    );
  }
  if (from === undefined && step.undo === "none" && isInDoubt(step)) {
    throw new RunRefusedError(
      run.id,
      `Nobody saw whether step ${label} of run ${run.id} happened; look, then say from which step on it is done again`,
    );
  }
}

function labelOf({ task, name }: StepRecord): string {
  return stepLabel(task, name);
}

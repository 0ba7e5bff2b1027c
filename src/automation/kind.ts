/** Whether the journal and the code mean the same by a name. */

import { ReplayMismatchError } from "../core/errors.ts";
import type { StepKind, StepRecord } from "../core/journal.ts";
import { stepLabel } from "./book.ts";
import type { World } from "./world.ts";

/** Stops the run, and throws, when `record` is of another kind than the code makes it. */
export function checkKind({ halt }: World, record: StepRecord, wanted: StepKind): void {
  const { runId, task, name, kind } = record;
  if (kind === wanted) return;
  const error = new ReplayMismatchError(
    runId,
    `Run ${runId} recorded "${stepLabel(task, name)}" as a ${kind}, and the code makes it a ${wanted}`,
  );
  halt.stop(error);
  throw error;
}

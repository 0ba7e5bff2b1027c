/** `holdfast retry`: does a finished run again, from a step on. */

import { labelsOf } from "../automation/claim/take-over.ts";
import type { Journal, RunRecord } from "../core/journal.ts";
import { UsageError, type Command } from "./command.ts";
import { ONE_RUN, requireRun, RUN_IN_HELP } from "./find-run.ts";
import { FILE_FLAG, loadFileOf } from "./go-on.ts";
import { nearest } from "./nearest.ts";
import { onStage, OUTPUT_FLAGS, perform, type Stage } from "./perform.ts";

/** See the header. */
export const retry: Command = {
  name: "retry",
  usage: "RUN|last [--from STEP] [--file FILE] [--log FILE] [--json]",
  details: `${RUN_IN_HELP}

The new run has the same input. Steps that are finished, still in effect and come before STEP
are taken over with their keys and values; everything from STEP on is done anew, and so is
what was undone. From then on the new run is the one that can be rolled back. Exit codes are
those of holdfast run.`,
  positionals: ONE_RUN,
  flags: {
    from: {
      type: "string",
      value: "STEP",
      summary:
        "The first step that is done anew: step, task/step or a task; default the first that failed",
    },
    ...FILE_FLAG,
    ...OUTPUT_FLAGS,
  },
  examples: [
    { line: "holdfast retry last", does: "From the step that failed" },
    { line: "holdfast retry 01k9x3 --from upload", does: "From a certain step" },
  ],
  run: (args, world) => onStage(args, world, doAgain),
};

async function doAgain(stage: Stage): Promise<number> {
  const { args, world } = stage;
  const journal = await stage.openJournal();
  try {
    const run = await requireRun(journal, args.positionals[0] ?? "");
    const from = args.text("from");
    if (from !== undefined) await checkStep(journal, run, from);
    const loaded = await loadFileOf(run, args, { world, journal });
    const options = { retryOf: { runId: run.id, from } };
    return (await perform(stage, { loaded, journal, options })).exitCode;
  } finally {
    await journal.close();
  }
}

async function checkStep(journal: Journal, { id }: RunRecord, from: string): Promise<void> {
  const known = labelsOf(await journal.readSteps(id));
  if (known.includes(from)) return;
  const near = nearest(from, known);
  const advice = near === undefined ? `holdfast show ${id} lists them` : `did you mean ${near}?`;
  throw new UsageError(`--from: run ${id} has no step ${JSON.stringify(from)}; ${advice}`);
}

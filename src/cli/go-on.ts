/** Goes on with a run that the journal knows: forward, or back. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Choice } from "../automation/claim/unfinished.ts";
import type { Journal, RunRecord } from "../core/journal.ts";
import type { Arguments, Flags, World } from "./command.ts";
import { EXEC_CODE } from "./exec/code.ts";
import { requireRun } from "./find-run.ts";
import type { LoadedAutomation } from "./load-automation.ts";
import { loadToRun } from "./load-to-run.ts";
import { AutomationFileError } from "./load-error.ts";
import { perform, type Stage } from "./perform.ts";
import { readDecisions } from "./run-input.ts";

/** The flag that says where the automation of a run is now. */
export const FILE_FLAG = {
  file: {
    type: "string",
    value: "FILE",
    summary: "The automation's file, where it is no longer at the place that the run recorded",
  },
} as const satisfies Flags;

/** Goes on with the run that is named, and answers the exit code. */
export async function goOn(stage: Stage, unfinished: Exclude<Choice, "fresh">): Promise<number> {
  const { args, world } = stage;
  const decisions = readDecisions(args.texts("decide"));
  const journal = await stage.openJournal();
  try {
    const run = await requireRun(journal, args.positionals[0] ?? "");
    const loaded = await loadFileOf(run, args, { world, journal });
    const options = { runId: run.id, unfinished, decisions };
    return (await perform(stage, { loaded, journal, options })).exitCode;
  } finally {
    await journal.close();
  }
}

/** Loads the automation of a run from where the run recorded it, or from `--file`. */
export async function loadFileOf(
  run: RunRecord,
  args: Arguments,
  { world, journal }: { readonly world: World; readonly journal: Journal },
): Promise<LoadedAutomation> {
  if (run.codeHash === EXEC_CODE) {
    // It came from a command line, which the journal holds.
    const { loadExec } = await import("./exec/load-exec.ts");
    return loadExec(run, world, journal);
  }
  const given = args.text("file");
  if (given !== undefined) return loadToRun(given, args, world);
  if (run.file === undefined) {
    throw new AutomationFileError(
      `of run ${run.id}`,
      "the run was started from code, and recorded none",
      "Name the file with --file FILE.",
    );
  }
  if (!existsSync(resolve(world.cwd, run.file))) {
    throw new AutomationFileError(
      run.file,
      `run ${run.id} was started from it, and it is not there any more`,
      "If it was moved, say where it is now: --file FILE",
    );
  }
  return loadToRun(run.file, args, world);
}

/** `holdfast rollback`: takes back what a certain run did. */

import type { Command } from "./command.ts";
import { ONE_RUN, RUN_IN_HELP } from "./find-run.ts";
import { FILE_FLAG, goOn } from "./go-on.ts";
import { DECIDE_FLAG, onStage, OUTPUT_FLAGS } from "./perform.ts";

/** See the header. */
export const rollback: Command = {
  name: "rollback",
  usage: "RUN|last [--decide STEP=absent|JSON] [--file FILE] [--log FILE] [--json]",
  details: `${RUN_IN_HELP}

What its unfinished tasks did is undone; tasks that succeeded are kept. Of a run whose
rollback was incomplete, the undos that are missing are tried again, and those that are done
are passed over. A run that succeeded is refused, and so is one that was done again by
holdfast retry, for the new run has what it did. Exit codes are those of holdfast run: 80
when all was taken back, 81 when something is left, 1 when there was nothing to take back.`,
  positionals: ONE_RUN,
  flags: { ...DECIDE_FLAG, ...FILE_FLAG, ...OUTPUT_FLAGS },
  examples: [
    { line: "holdfast rollback last", does: "Take back the newest run" },
    {
      line: "holdfast rollback 01k9x3",
      does: "Once more, after the cause of exit code 81 was mended",
    },
  ],
  run: (args, world) => onStage(args, world, (stage) => goOn(stage, "rollback")),
};

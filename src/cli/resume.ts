/** `holdfast resume`: goes on with a certain run. */

import type { Command } from "./command.ts";
import { ONE_RUN, RUN_IN_HELP } from "./find-run.ts";
import { FILE_FLAG, goOn } from "./go-on.ts";
import { DECIDE_FLAG, onStage, OUTPUT_FLAGS } from "./perform.ts";

/** See the header. */
export const resume: Command = {
  name: "resume",
  usage: "RUN|last [--decide STEP=absent|JSON] [--file FILE] [--log FILE] [--json]",
  details: `${RUN_IN_HELP}

The run goes on with its own input and the code as it is now: finished steps are not done
again. One that somebody has cancelled is rolled back. One that has ended is refused: start
it anew with holdfast run, or do it again with holdfast retry. Exit codes are those of
holdfast run.`,
  positionals: ONE_RUN,
  flags: { ...DECIDE_FLAG, ...FILE_FLAG, ...OUTPUT_FLAGS },
  examples: [
    { line: "holdfast resume last", does: "Go on with the newest run" },
    {
      line: "holdfast resume 01k9x3 --decide charge=absent",
      does: "After somebody looked: the charge was not made",
    },
  ],
  run: (args, world) => onStage(args, world, (stage) => goOn(stage, "resume")),
};

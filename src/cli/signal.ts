/** `holdfast signal`: sends a value to a run that waits for it, or will. */

import { UsageError, type Command } from "./command.ts";
import { ONE_RUN, RUN_IN_HELP } from "./find-run.ts";
import { send } from "./send.ts";

/** See the header. */
export const signal: Command = {
  name: "signal",
  usage: "RUN NAME [JSON]",
  details: `${RUN_IN_HELP} NAME
is the signal's, task/name for one that a task waits for. A signal may be sent before the run
comes to wait for it; the first one counts.`,
  positionals: { ...ONE_RUN, min: 2, max: 3 },
  flags: {},
  examples: [
    { line: "holdfast signal last go", does: "Without a value" },
    { line: `holdfast signal 01k9x3 rows '{"count":3}'`, does: "With one" },
  ],

  run(args, world) {
    const [run = "", name = "", json] = args.positionals;
    const value = readValue(json);
    return send("signal", run, world, async ({ id }) => ({
      runId: id,
      name,
      value,
      told: `sent ${name} to run ${id}`,
    }));
  },
};

function readValue(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    throw new UsageError(`the value is not JSON: ${JSON.stringify(json)}; text stands in "quotes"`);
  }
}

/** `holdfast exec`: guards any command. */

import { OptionsError } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { Remedy } from "../core/remedy.ts";
import { REMEDY_LIMITS, REMEDY_NAMES } from "../heal/names.ts";
import { UsageError, type Arguments, type Command, type World } from "./command.ts";
import { GUARDING_FLAGS, readAsked, readAskedGuarding } from "./exec/flags.ts";
import { brokenBy, EXEC_EXIT } from "./exec/outcome.ts";
import type { ExecPlan } from "./exec/plan.ts";
import { remediesOf } from "./exec/remedies.ts";

/** See the header. */
export const exec: Command = {
  name: "exec",
  usage: "[flags] -- COMMAND [ARGUMENT…]",
  details: `
COMMAND is run as it stands, without a shell, with our own standard streams: its output is
its own, and what holdfast says goes to the standard error. Without --attempts, --retry-on or
--heal it is run once.

Commands that flags name are lines for sh. They are run in the same directory and environment,
and write to the standard error. --verify, --undo, --cleanup and --alert find HOLDFAST_NAME and
HOLDFAST_RUN_ID in their environment; the last two HOLDFAST_OUTCOME and HOLDFAST_EXIT_CODE.

Exit codes: the command's own; 128+n where signal n ended it or us; 124 a time limit is over;
125 holdfast itself failed; 126 it cannot be executed; 127 it was not found; 65 it ended with 0
and its verification failed; 69 the lock is held; 75 the breaker is open; with --undo 80 failed
and undone, 81 failed and the undo failed; 2 wrong flags; 77 a sandbox is required that
is not there or does not keep all of it; 78 a wrong profile.`,
  positionals: { min: 0, max: Infinity, mayBeEmpty: true },
  flags: {
    ...GUARDING_FLAGS,
    profile: {
      type: "string",
      value: "NAME",
      summary: "Flags from holdfast.config.ts, found upward or in ~/.config/holdfast",
    },
    "print-profile": { type: "boolean", summary: "Print what flags and profile come to, as JSON" },
    report: { type: "string", value: "FILE", summary: "Write how it ended to FILE, as JSON" },
    log: { type: "string", value: "FILE", summary: "Append JSON log lines to FILE" },
    "log-format": {
      type: "string",
      value: "text|json",
      summary: "What holdfast says on the standard error: lines (the default) or JSON log lines",
      choices: ["text", "json"],
    },
  },
  tables: {
    "Remedies for --heal": [
      ...REMEDY_NAMES.map(
        ({ name, summary, options }) => [name, `${summary}: ${options.join(" ")}`] as const,
      ),
      [
        "all of them",
        `How often at most, how soon again, how long, for which more faults: ${REMEDY_LIMITS.join(" ")}`,
      ],
    ],
  },
  examples: [
    {
      line: "holdfast exec --attempts 5 --timeout 1h -- ./backup.sh",
      does: "Up to five times, an hour in all",
    },
    {
      line: "holdfast exec --lock nightly --lock-wait skip -- ./sync.sh",
      does: "Not while another one runs",
    },
    {
      line: "holdfast exec --quiet-on-success --alert 'mail -s failed ops' -- ./report.sh",
      does: "In a crontab: silent unless it fails",
    },
  ],

  async run(args, world) {
    const unguard = guardEnd(world);
    try {
      return await guard(args, world);
    } finally {
      unguard();
    }
  },
};

async function guard(args: Arguments, world: World): Promise<number> {
  if (args.has("print-profile")) return printProfile(args, world);
  const plan = await readAsked(args, world);
  if (plan.user !== undefined || plan.read.length + plan.write.length > 0) {
    const { checkPlaces, checkUser } = await import("./exec/places.ts");
    checkUser(plan);
    checkPlaces(plan);
  }
  const remedies = await remediesAsked(plan);
  try {
    const { performExec } = await import("./exec/perform-exec.ts");
    return await performExec({ plan, remedies, args, world });
  } catch (error) {
    return complainOf(error, world);
  }
}

/** Those of a profile have been looked at by then: what is wrong stands on the command line. */
async function remediesAsked(plan: ExecPlan): Promise<readonly Remedy[]> {
  try {
    return await remediesOf(plan, "--heal");
  } catch (error) {
    throw error instanceof OptionsError ? new UsageError(error.message) : error;
  }
}

/**
 * Code of a profile, or of ours, that ends the process with 0 while the command was not followed to its
 * end would pass for a success. The answer ends that.
 */
function guardEnd(world: World): () => void {
  const onExit = (exitCode: number): void => {
    if (exitCode !== 0) return;
    process.exitCode = EXEC_EXIT.broken;
    world.complain(
      "holdfast: the process was ended before the command was; does the profile's file call process.exit?\n",
    );
  };
  process.once("exit", onExit);
  return () => void process.off("exit", onExit);
}

async function printProfile(args: Arguments, world: World): Promise<number> {
  const { data } = await readAskedGuarding(args, world);
  const { redactor } = await import("../core/redact.ts");
  const shown = redactor({ env: world.env }).value(data);
  world.print(`${JSON.stringify(shown, undefined, 2)}\n`);
  return EXIT.ok;
}

/** Whatever keeps us from running or following the command has one code, apart from what users mend. */
async function complainOf(error: unknown, world: World): Promise<number> {
  if (error instanceof UsageError) throw error;
  const { complaintOf } = await import("./complaint.ts");
  world.complain(complaintOf(error, world.env).text);
  return brokenBy(error).exitCode;
}

/** Runs an automation for all commands that do so: its output, its signals, its journal, its end. */

import { execute, type ExecuteOptions } from "../automation/execute.ts";
import type { RunResult } from "../automation/run.ts";
import type { Journal } from "../core/journal.ts";
import { UsageError, type Arguments, type Flags, type Served, type World } from "./command.ts";
import { complaintOf, uncaughtComplaint } from "./complaint.ts";
import { listenForSignals } from "./interruption.ts";
import type { LoadedAutomation } from "./load-automation.ts";
import { complainer, openOutput, type Complain } from "./run-output.ts";
import { runAsJson, summaryOf } from "./run-summary.ts";
import { openScreen, type Screen } from "./screen.ts";

/** The flags of every command that runs an automation. */
export const OUTPUT_FLAGS = {
  log: { type: "string", value: "FILE", summary: "Append JSON log lines to FILE" },
  "log-format": {
    type: "string",
    value: "text|json",
    summary:
      "What goes to the standard error: progress lines (text, the default) or JSON log lines",
    choices: ["text", "json"],
  },
  json: { type: "boolean", summary: "Print the summary as JSON" },
} as const satisfies Flags;

/** The flag of every command that goes on with a run. */
export const DECIDE_FLAG = {
  decide: {
    type: "string",
    value: "STEP=absent|JSON",
    summary: "Say of a step in doubt that it did not happen, or what it answered",
    multiple: true,
  },
} as const satisfies Flags;

/** What a command that runs an automation is given. */
export interface Stage {
  readonly args: Arguments;
  readonly world: World;
  readonly screen: Screen;
  readonly complain: Complain;
}

/** Lets `act` run an automation, and says what it failed by. */
export async function onStage(
  args: Arguments,
  world: World,
  act: (stage: Stage) => Promise<number>,
): Promise<number> {
  const screen = await openScreen(args, world);
  const complain = complainer(args, world, screen);
  const stopWatching = world.onUncaught((error) => {
    const { text, exitCode } = uncaughtComplaint(error, world.env);
    complain(text, "CRITICAL");
    world.exit(exitCode);
  });
  try {
    return await act({ args, world, screen, complain });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { text, exitCode } = complaintOf(error, world.env);
    complain(text, "ERROR");
    return exitCode;
  } finally {
    screen.close();
    stopWatching();
  }
}

/** What is run, and how. */
export interface Work {
  readonly loaded: LoadedAutomation;
  readonly journal: Journal;
  readonly options: Pick<
    ExecuteOptions,
    "input" | "decisions" | "unfinished" | "runId" | "newRunId" | "scheduledForMs" | "retryOf"
  >;
}

/** Runs it to its end, and prints the summary. */
export async function perform(stage: Stage, work: Work): Promise<RunResult> {
  const { args, world, screen, complain } = stage;
  const { automation, file, codeHash } = work.loaded;
  const output = await openOutput(stage, automation.name);
  const interruption = listenForSignals(world, complain);
  try {
    const result = await execute(automation, {
      ...work.options,
      journal: work.journal,
      file,
      codeHash,
      sinks: output.sinks,
      signal: withServer(interruption.signal, world.served),
      env: world.env,
      clock: world.clock,
    });
    screen.close();
    world.print(
      args.has("json")
        ? runAsJson(result, world.env)
        : summaryOf(result, { env: world.env, calledAs: await world.calledAs() }),
    );
    return result;
  } finally {
    interruption.end();
    output.close();
  }
}

/** A run that a server started is interrupted when the server's process has ended, too. */
function withServer(signal: AbortSignal, served: Served | undefined): AbortSignal {
  return served === undefined ? signal : AbortSignal.any([signal, served.serverGone]);
}

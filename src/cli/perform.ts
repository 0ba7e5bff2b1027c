/** Runs an automation for all commands that do so: its output, its signals, its journal, its end. */

import { execute, type ExecuteOptions } from "../automation/execute.ts";
import type { RunResult } from "../automation/run.ts";
import type { Journal } from "../core/journal.ts";
import { redactor } from "../core/redact.ts";
import { eventStream, type Stream } from "../core/stream.ts";
import { UsageError, type Arguments, type Flags, type Served, type World } from "./command.ts";
import { complaintOf, uncaughtComplaint } from "./complaint.ts";
import { dryRunAsJson, dryRunSummary } from "./dry-run-summary.ts";
import { listenForSignals } from "./interruption.ts";
import type { LoadedAutomation } from "./load-automation.ts";
import { SANDBOX_FLAG } from "./load-to-run.ts";
import { pruneAtEnd } from "./prune-runs.ts";
import { complainer, openFlagged, openOutput, type Complain } from "./run-output.ts";
import { runAsJson, summaryOf } from "./run-summary.ts";
import { openScreen, type Screen } from "./screen/screen.ts";

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
  ...SANDBOX_FLAG,
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

/** Where a command's words come from, and where its output goes. */
export interface Surface {
  readonly args: Arguments;
  readonly world: World;
  readonly screen: Screen;
  readonly complain: Complain;
}

/** What a command that runs an automation is given. */
export interface Stage extends Surface {
  /** Opens the journal, whose own events go where those of the run go. */
  openJournal(file?: string): Promise<Journal>;
  /** Where the journal's own events go, once there is a run. */
  readonly told: { stream?: Stream };
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
    const told: Stage["told"] = {};
    const openJournal = (file?: string) =>
      world.openJournal(file, (event) => told.stream?.(event, {}));
    return await act({ args, world, screen, complain, openJournal, told });
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
    | "input"
    | "decisions"
    | "unfinished"
    | "runId"
    | "newRunId"
    | "scheduledForMs"
    | "retryOf"
    | "dryRun"
  >;
}

/** Runs it to its end, and prints the summary. */
export async function perform(stage: Stage, work: Work): Promise<RunResult> {
  const { args, world, screen, complain } = stage;
  const { automation, file, codeHash } = work.loaded;
  const isDryRun = work.options.dryRun === true;
  const output = isDryRun
    ? openFlagged(stage, automation.name)
    : await openOutput(stage, automation.name);
  const stream = eventStream({
    clock: world.clock,
    redactor: redactor({ env: world.env }),
    sinks: output.sinks,
  });
  stage.told.stream = (event, where) => stream(event, { automation: automation.name, ...where });
  const interruption = listenForSignals(world, complain);
  try {
    const run = work.loaded.execute ?? execute;
    const result = await run(automation, {
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
    const isJson = args.has("json");
    if (isDryRun) {
      world.print((isJson ? dryRunAsJson : dryRunSummary)(result, world.env));
      return result;
    }
    world.print(
      isJson
        ? runAsJson(result, world.env)
        : summaryOf(result, { env: world.env, calledAs: await world.calledAs() }),
    );
    await pruneAtEnd(work.journal, world);
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

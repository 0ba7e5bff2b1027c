/** `holdfast run`: runs an automation to its end, or takes it up where it was cut off. */

import { execute } from "../automation/execute.ts";
import type { Choice } from "../automation/unfinished.ts";
import { redactor } from "../core/redact.ts";
import { eventStream } from "../core/stream.ts";
import { UsageError, type Arguments, type Command, type World } from "./command.ts";
import { complaintOf, uncaughtComplaint } from "./complaint.ts";
import { listenForSignals } from "./interruption.ts";
import { loadAutomation } from "./load-automation.ts";
import { readDecisions, readInput } from "./run-input.ts";
import { pruneAtEnd } from "./prune-runs.ts";
import { complainer, openOutput, type Complain } from "./run-output.ts";
import { runAsJson, summaryOf } from "./run-summary.ts";

const CHOICES: readonly Choice[] = ["resume", "rollback", "fresh"];

/** See the header. */
export const run: Command = {
  name: "run",
  summary: "Run an automation, or resume it where it was cut off",
  usage: "FILE [--input JSON|@FILE] [--resume|--rollback|--fresh] [--log FILE] [--json]",
  details: `
FILE is a TypeScript or JavaScript file whose default export is an automation. It may
import "holdfast" without having it installed. Progress goes to the standard error; the
standard output gets the summary alone.

A run that was cut off is resumed: finished steps are not done again. With other input or
changed code it takes --resume, --rollback or --fresh. Ctrl-C stops gracefully, and the
next start goes on; a second Ctrl-C kills.

Exit codes: 0 all tasks succeeded; 1 failed, nothing to roll back; 2 usage; 65 verification
failed; 69 another process runs it; 70 a bug, or an error that nobody caught; 74 journal;
75 gave up, worth trying later; 78 bad automation file or configuration; 80 failed and rolled
back; 81 rollback incomplete; 82 a human decides; 128+n ended by signal n.`,
  positionals: { min: 1, max: 1 },
  flags: {
    input: {
      type: "string",
      value: "JSON|@FILE",
      summary: "What the automation works on; journaled, so no secrets",
    },
    resume: {
      type: "boolean",
      summary: "Go on with a run that was cut off, with its own input and the code as it is now",
    },
    rollback: {
      type: "boolean",
      summary: "Take back what a run that was cut off did; tasks that succeeded are kept",
    },
    fresh: { type: "boolean", summary: "Leave what a run that was cut off did, and start anew" },
    decide: {
      type: "string",
      value: "STEP=absent|JSON",
      summary: "Say of a step in doubt that it did not happen, or what it answered",
      multiple: true,
    },
    log: { type: "string", value: "FILE", summary: "Append JSON log lines to FILE" },
    "log-format": {
      type: "string",
      value: "text|json",
      summary:
        "What goes to the standard error: progress lines (text, the default) or JSON log lines",
      choices: ["text", "json"],
    },
    json: { type: "boolean", summary: "Print the summary as JSON" },
  },
  examples: [
    { line: "holdfast run nightly.ts", does: "Run it" },
    { line: `holdfast run nightly.ts --input '{"directory":"/srv/data"}'`, does: "With input" },
    {
      line: "holdfast run nightly.ts --log /var/log/nightly.jsonl",
      does: "With a log for Elasticsearch or Splunk",
    },
    {
      line: "holdfast run nightly.ts --resume --decide charge=absent",
      does: "After somebody looked: the charge was not made",
    },
  ],

  async run(args, world) {
    const complain = complainer(args, world);
    const stopWatching = world.onUncaught((error) => {
      const { text, exitCode } = uncaughtComplaint(error, world.env);
      complain(text, "CRITICAL");
      world.exit(exitCode);
    });
    try {
      return await perform(args, world, complain);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const { text, exitCode } = complaintOf(error, world.env);
      complain(text, "ERROR");
      return exitCode;
    } finally {
      stopWatching();
    }
  },
};

async function perform(args: Arguments, world: World, complain: Complain): Promise<number> {
  const choice = readChoice(args);
  const input = readInput(args.text("input"), world.cwd);
  const decisions = readDecisions(args.texts("decide"));
  if (choice === "fresh" && args.texts("decide").length > 0) {
    throw new UsageError("--fresh and --decide exclude each other");
  }
  const [name = ""] = args.positionals;
  const { automation, file, codeHash } = await loadAutomation(name, world.cwd);
  const output = openOutput(args, world, { automation: automation.name, complain });
  const stream = eventStream({
    clock: world.clock,
    redactor: redactor({ env: world.env }),
    sinks: output.sinks,
  });
  const where = { automation: automation.name };
  const journal = await world.openJournal((event) => stream(event, where));
  const interruption = listenForSignals(world, complain);
  try {
    const result = await execute(automation, {
      journal,
      input,
      decisions,
      file,
      codeHash,
      sinks: output.sinks,
      signal: interruption.signal,
      unfinished: choice,
      env: world.env,
      clock: world.clock,
    });
    world.print(
      args.has("json")
        ? runAsJson(result, world.env)
        : summaryOf(result, { file: name, env: world.env, calledAs: await world.calledAs() }),
    );
    await pruneAtEnd(journal, world);
    return result.exitCode;
  } finally {
    interruption.end();
    await journal.close();
    output.close();
  }
}

function readChoice(args: Arguments): Choice | undefined {
  const given = CHOICES.filter((choice) => args.has(choice));
  if (given.length > 1) throw new UsageError(`--${given.join(" and --")} exclude each other`);
  return given[0];
}

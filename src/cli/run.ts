/** `holdfast run`: runs an automation to its end, or takes it up where it was cut off. */

import type { Choice } from "../automation/claim/unfinished.ts";
import { UsageError, type Arguments, type Command } from "./command.ts";
import { loadToRun } from "./load-to-run.ts";
import { DECIDE_FLAG, onStage, OUTPUT_FLAGS, perform, type Stage } from "./perform.ts";
import { readDecisions, readInput } from "./run-input.ts";
import { orderedRun } from "./ordered-run.ts";

const CHOICES: readonly Choice[] = ["resume", "rollback", "fresh"];

/** See the header. */
export const run: Command = {
  name: "run",
  usage: "FILE [--input JSON|@FILE] [--resume|--rollback|--fresh|--dry-run] [--log FILE] [--json]",
  details: `
FILE is a TypeScript or JavaScript file whose default export is an automation. It may
import "holdfast" without having it installed. Progress goes to the standard error; the
standard output gets the summary alone.

A run that was cut off is resumed: finished steps are not done again. With other input or
changed code it takes --resume, --rollback or --fresh. Ctrl-C stops gracefully, and the
next start goes on; a second Ctrl-C kills.

Exit codes: 0 all tasks succeeded; 1 failed, nothing to roll back; 2 usage; 65 verification
failed; 69 another process runs it; 70 a bug, or an error that nobody caught; 74 journal;
75 gave up, worth trying later; 77 not permitted; 78 bad automation file or configuration; 80 failed and rolled
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
    "dry-run": {
      type: "boolean",
      summary: "Do only the reads, and tell what would be done; nothing is journaled",
    },
    ...DECIDE_FLAG,
    ...OUTPUT_FLAGS,
  },
  examples: [
    { line: "holdfast run nightly.ts", does: "Run it" },
    { line: `holdfast run nightly.ts --input '{"directory":"/srv/data"}'`, does: "With input" },
    {
      line: "holdfast run nightly.ts --log /var/log/nightly.jsonl",
      does: "With a log for Elasticsearch or Splunk",
    },
    { line: "holdfast run nightly.ts --dry-run", does: "Look what it would do" },
    {
      line: "holdfast run nightly.ts --resume --decide charge=absent",
      does: "After somebody looked: the charge was not made",
    },
  ],

  run: (args, world) => onStage(args, world, runFile),
};

async function runFile(stage: Stage): Promise<number> {
  const { args, world } = stage;
  const unfinished = readChoice(args);
  const input = readInput(args.text("input"), world.cwd);
  const decisions = readDecisions(args.texts("decide"));
  if (unfinished === "fresh" && args.texts("decide").length > 0) {
    throw new UsageError("--fresh and --decide exclude each other");
  }
  const dryRun = args.has("dry-run");
  if (dryRun && (unfinished !== undefined || args.texts("decide").length > 0)) {
    throw new UsageError("--dry-run begins nothing, so there is nothing to choose or to decide");
  }
  const loaded = await loadToRun(args.positionals[0] ?? "", args, world);
  const journal = await stage.openJournal(loaded.file);
  try {
    const ordered = await orderedRun(world.served, loaded.automation, journal);
    const options = { input, decisions, unfinished, dryRun, ...ordered };
    return (await perform(stage, { loaded, journal, options })).exitCode;
  } finally {
    await journal.close();
  }
}

function readChoice(args: Arguments): Choice | undefined {
  const given = CHOICES.filter((choice) => args.has(choice));
  if (given.length > 1) throw new UsageError(`--${given.join(" and --")} exclude each other`);
  return given[0];
}

/** A world for the tests of commands: what they print and complain of is kept. */

import type { Journal } from "../core/journal.ts";
import { journalWith } from "../journal/journal-with.contract.ts";
import { memoryJournal } from "../journal/memory.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { readArguments } from "./arguments.ts";
import type { Command, World } from "./command.ts";

/** A world, and what was written in it. */
export interface FakeWorld extends World {
  readonly clock: VirtualClock;
  readonly printed: string[];
  readonly complained: string[];
}

/** @param journal Closing it is left to the test. */
export function fakeWorld(
  parts: { journal?: Journal; env?: World["env"]; logs?: string } = {},
): FakeWorld {
  const clock = new VirtualClock();
  const { journal = memoryJournal({ clock }), env = {}, logs = "/nowhere/logs" } = parts;
  const printed: string[] = [];
  const complained: string[] = [];
  return {
    env,
    cwd: "/",
    clock,
    printed,
    complained,
    print: (text) => void printed.push(text),
    complain: (text) => void complained.push(text),
    hasColours: false,
    columns: Infinity,
    terminal: undefined,
    outputClosed: new AbortController().signal,
    logDirectory: async () => logs,
    calledAs: async () => "holdfast",
    openJournal: async () => journalWith(journal, { close: async () => undefined }),
    onInterrupt: () => () => undefined,
    onUncaught: () => () => undefined,
    exit: () => undefined,
  };
}

/** Runs a command as its line has it, and answers what came of it. */
export async function runCommand(command: Command, words: readonly string[], world: FakeWorld) {
  const call = readArguments(command, words);
  if (call.help) throw new Error("help was asked for");
  const exitCode = await command.run(call.args, world);
  return { exitCode, stdout: world.printed.join(""), stderr: world.complained.join("") };
}

/** What an overview says of it. */
export const SAMPLE_SUMMARY = "Show every kind of flag: it's a sample";

/** A command with a flag of every kind. */
export const SAMPLE: Command = {
  name: "sample",
  usage: "FILE [--input JSON|@FILE] [--tag TAG] [--mode MODE] [--quiet]",
  details: "\nWhat FILE is.",
  positionals: { min: 1, max: 1 },
  flags: {
    input: { type: "string", value: "JSON|@FILE", summary: "What to work on" },
    tag: { type: "string", value: "TAG", summary: "A tag", multiple: true },
    mode: { type: "string", value: "MODE", summary: "How", choices: ["fast", "safe", "dry"] },
    quiet: { type: "boolean", summary: "Say nothing" },
  },
  examples: [
    { line: "holdfast sample a.ts", does: "Sample it" },
    { line: "holdfast sample a.ts --quiet", does: "Quietly" },
  ],
  run: async () => 0,
};

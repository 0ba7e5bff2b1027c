/** `holdfast learn`: runs an automation once, and proposes the permissions that it needs. */

import { statSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { permissionsBlock, proposePermissions } from "../advise/learn.ts";
import { PERMISSION_NAMES, type SettledPermissions } from "../core/permissions.ts";
import { stateHome } from "../journal/home.ts";
import { stateOf, type TooManyUses, type Use } from "../process/uses.ts";
import type { Command, World } from "./command.ts";
import { onStage, OUTPUT_FLAGS, perform, type Stage } from "./perform.ts";
import { ownReads, temporaryOf } from "./permitted/permitted-argv.ts";
import type { PermittedFacts } from "./permitted/permitted-messages.ts";
import { lookAt, permittedAutomation } from "./permitted/permitted.ts";
import { printable } from "./printable.ts";
import { readInput } from "./run-input.ts";

/** See the header. */
export const learn: Command = {
  name: "learn",
  usage: "FILE [--input JSON|@FILE] [--check] [--json]",
  details: `
Runs FILE as "holdfast run --fresh" does, with all its effects and without any limit, and
sees which files, programs, addresses and variables it uses. The smallest permissions that
allow those are printed, to be pasted into the options of automation(). What was not used
in this run is not among them: choose an input that reaches every step.

What programs do that it starts is not seen, but for the paths that they are given: look
through what is proposed for these. --check runs FILE once more, kept to what is proposed.

Exit codes: those of "holdfast run", of the second run with --check; 77 there means that
something is lacking, and it is said what.`,
  positionals: { min: 1, max: 1 },
  flags: {
    input: { type: "string", value: "JSON|@FILE", summary: "What the automation works on" },
    check: {
      type: "boolean",
      summary: "Run it once more, kept to what is proposed; its effects happen twice",
    },
    ...OUTPUT_FLAGS,
    json: { type: "boolean", summary: "Print what is proposed as JSON" },
    "require-sandbox": {
      type: "boolean",
      summary: "With --check: only where the kernel can keep it to them (exit code 77)",
    },
  },
  examples: [
    { line: "holdfast learn nightly.ts", does: "Which permissions does it need?" },
    {
      line: `holdfast learn nightly.ts --input '{"directory":"/srv/data"}' --check`,
      does: "And are these enough?",
    },
  ],

  run: (args, world) =>
    // The standard output is for what is proposed alone.
    onStage(args, { ...world, print: (text) => world.complain(text) }, (stage) =>
      learnFile(stage, world),
    ),
};

async function learnFile(stage: Stage, outside: World): Promise<number> {
  const { args, world } = stage;
  const file = resolve(world.cwd, args.positionals[0] ?? "");
  const input = readInput(args.text("input"), world.cwd);
  const require = args.has("require-sandbox");
  const facts = await lookAt(file, { world, require });
  const runs = { stage, file, facts, input };
  const uses: Use[] = [];
  let isComplete = true;
  const onUse = (use: Use | TooManyUses) => {
    if (use.of !== "more") return void uses.push(use);
    isComplete = false;
    world.complain(tooMany(use));
  };
  const exitCode = await runOnce(runs, { world, require, onUse });
  const permissions = propose(uses, file, { world, declared: facts.permissions });
  const unused = unusedOf(facts.permissions, permissions);
  if (args.has("json"))
    outside.print(asJson({ automation: facts.name, permissions, unused, isComplete }));
  else outside.print(printable(`${permissionsBlock(permissions)}\n`));
  for (const { permission, value } of unused) {
    world.complain(printable(`Declared and not seen to be used: ${permission} ${value}\n`));
  }
  if (exitCode !== 0 || !args.has("check")) return exitCode;
  world.complain("Once more, kept to these\n");
  return runOnce({ ...runs, facts: { ...facts, permissions } }, { world, require });
}

function tooMany({ most }: TooManyUses): string {
  return `WARNING It used more than ${most} different things; what came after these is not in the proposal. --check says what lacks\n`;
}

interface Runs {
  readonly stage: Stage;
  readonly file: string;
  readonly facts: PermittedFacts;
  readonly input: unknown;
}

async function runOnce(
  { stage, file, facts, input }: Runs,
  options: Parameters<typeof permittedAutomation>[2],
): Promise<number> {
  const loaded = permittedAutomation(file, facts, options);
  const journal = await stage.openJournal(file);
  try {
    const work = { loaded, journal, options: { input, unfinished: "fresh" as const } };
    return (await perform({ ...stage, args: withoutJson(stage) }, work)).exitCode;
  } finally {
    await journal.close();
  }
}

/** The summaries are for people: one document is enough. */
function withoutJson({ args }: Stage): Stage["args"] {
  return { ...args, has: (flag) => flag !== "json" && args.has(flag) };
}

interface Known {
  readonly world: World;
  readonly declared: SettledPermissions | undefined;
}

function propose(uses: readonly Use[], file: string, { world, declared }: Known) {
  const proposed = proposePermissions(uses, {
    // `$` looks for a terminal, and for trees of processes; it does without.
    ownReads: [...ownReads(file), ...(uses.some(({ of }) => of === "run") ? ["/proc"] : [])],
    ownWrites: [temporaryOf(file, stateHome(world.env)), "/dev/tty"],
    home: homedir(),
    look,
  });
  // What programs read of the environment, nobody sees.
  const handedToPrograms = proposed.run.length > 0 ? (declared?.env ?? []) : [];
  return { ...proposed, env: [...new Set([...proposed.env, ...handedToPrograms])].toSorted() };
}

function look(path: string) {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : stateOf(stats);
}

function unusedOf(declared: SettledPermissions | undefined, proposed: SettledPermissions) {
  return PERMISSION_NAMES.flatMap((permission) =>
    (declared?.[permission] ?? [])
      .filter((value) => !proposed[permission].includes(value))
      .map((value) => ({ permission, value })),
  );
}

function asJson(document: object): string {
  return `${JSON.stringify({ schema: 1, ...document }, undefined, 2)}\n`;
}

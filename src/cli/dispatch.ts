/**
 * Finds the command that was asked for, runs it, and turns whatever it throws into an exit code. For
 * start-up's sake it loads what it needs only when it needs it.
 */

import { EXIT } from "../core/exit-codes.ts";
import { UsageError, type Command, type Listing, type World } from "./command.ts";

/** What the command line consists of. */
export interface Program {
  readonly version: string;
  /** Where the journal is kept, or why nowhere. */
  stateHome(): Promise<string>;
  readonly commands: Readonly<Record<string, Listing>>;
}

/** Runs one command line and answers its exit code. Never rejects. */
export async function dispatch(
  words: readonly string[],
  program: Program,
  world: World,
): Promise<number> {
  try {
    return await run(words, program, world);
  } catch (error) {
    return complainOf(error, world);
  }
}

async function run(words: readonly string[], program: Program, world: World): Promise<number> {
  const [first, ...rest] = words;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    const [helped] = rest;
    if (helped !== undefined && !helped.startsWith("-"))
      return run([helped, "--help"], program, world);
    const { overview } = await import("./help.ts");
    const text = overview(program.commands, await program.stateHome(), world.columns);
    if (first !== undefined) world.print(text);
    else world.complain(text);
    return first === undefined ? EXIT.usage : EXIT.ok;
  }
  if (first === "--version" || first === "-V") {
    world.print(`${program.version}\n`);
    return EXIT.ok;
  }
  return runCommand(await findCommand(first, program), rest, world);
}

async function findCommand(name: string, { commands }: Program): Promise<Listing> {
  const listing = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (listing !== undefined) return listing;
  const { nearest } = await import("./nearest.ts");
  const isFlag = name.startsWith("-");
  const near = nearest(name, isFlag ? ["--help", "--version"] : Object.keys(commands));
  if (near !== undefined) {
    throw new UsageError(
      `${isFlag ? "unknown flag" : "there is no command"} ${name}; did you mean ${near}?`,
    );
  }
  if (isFlag) throw new UsageError(`unknown flag ${name}; a command's own flags stand after it`);
  throw new UsageError(`there is no command ${JSON.stringify(name)}; holdfast --help lists them`);
}

async function runCommand(
  { summary, load }: Listing,
  words: readonly string[],
  world: World,
): Promise<number> {
  const command = await load();
  try {
    const { readArguments } = await import("./arguments.ts");
    const call = readArguments(command, words);
    if (!call.help) return await command.run(call.args, world);
    const { commandHelp } = await import("./help.ts");
    world.print(commandHelp(command, summary, world.columns));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return complainOf(error, world, command);
  }
}

async function complainOf(error: unknown, world: World, command?: Command): Promise<number> {
  const { complaintOf } = await import("./complaint.ts");
  const { text, exitCode } = complaintOf(error, world.env, command);
  world.complain(text);
  return exitCode;
}

/**
 * Keeps a command to what it was allowed: by bubblewrap where that can be had, else by what
 * sandbox-level.ts says, else not at all. It answers which it was, and what that does not hold.
 */

import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { OptionsError, SandboxError } from "../core/errors.ts";
import { isWithin, type Permissions } from "../core/permissions.ts";
import { bubblewrapWords, SYSTEM, type Bound, type Limits } from "./bubblewrap.ts";
import { findMachine, isSuperuser, type Who } from "./machine.ts";
import { definedOf, handedOn } from "./sandbox-env.ts";
import { heldBy, unheldBy, type Machine, type SandboxLevel } from "./sandbox-level.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** How a command is wrapped. */
export interface WrapOptions {
  /** What the command would be given without any limit. */
  readonly env: Env;
  /** Absolute. */
  readonly cwd: string;
  /** Rejects with `SandboxError` where bubblewrap cannot be had. Default false. */
  readonly require?: boolean | undefined;
  /** What it needs to start and nobody has to name: read, and at any level. Default: nothing. */
  readonly alsoRead?: readonly string[] | undefined;
  /** The same of programs. Default: none. */
  readonly alsoRun?: readonly string[] | undefined;
  /** Whether it is cut off from the terminal. Default false: then prompts and Ctrl-C work. */
  readonly ownSession?: boolean | undefined;
  /** The user that it is run as. Default: that of this process. */
  readonly who?: Who | undefined;
  /** What can be had here. Default: it is tried. */
  readonly machine?: Machine | undefined;
}

/** A command as it is started. */
export interface WrappedCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly level: SandboxLevel;
  /** In words, for the log: what it is kept to where that is not all; empty inside bubblewrap. */
  readonly held: readonly string[];
  /** What was asked for and is not kept. Empty when all of it is. */
  readonly unheld: readonly string[];
  /** Why the level is not the best one; empty when it is. */
  readonly lacks: string;
}

/**
 * Wraps `argv`. A part of `permissions` that is `undefined` is not limited; an empty list allows
 * nothing. Where only `read` is given, nothing may be written; where only `write` is, everything may be
 * read.
 *
 * Rejects with `SandboxError` when `require` is not met, and with `OptionsError` for a path to be
 * written, or a program, that is not there.
 */
export async function wrapCommand(
  argv: readonly string[],
  permissions: Permissions,
  options: WrapOptions,
): Promise<WrappedCommand> {
  const machine = options.machine ?? (await findMachine(options.who));
  const { level, lacks } = machine;
  if (options.require === true && level !== "bubblewrap") throw new SandboxError(lacks);
  const { env: named } = permissions;
  const env = named === undefined ? definedOf(options.env) : handedOn(options.env, named);
  const kept = { env, level, unheld: unheldBy(machine, permissions), lacks };
  if (level !== "bubblewrap") {
    const noNet = permissions.net?.length === 0 ? machine.noNet : [];
    const words = [...noNet, ...machine.rights, ...argv];
    return { ...kept, argv: words, held: heldBy(machine, permissions) };
  }
  const { cwd, ownSession = false, who } = options;
  const start = { cwd, ownSession, isRoot: isSuperuser(who) };
  const words = bubblewrapWords(limitsOf(permissions, options), start);
  return { ...kept, argv: [...words, ...argv], held: [] };
}

function limitsOf(
  { read, write, run, net }: Permissions,
  { env, alsoRead = [], alsoRun = [] }: WrapOptions,
): Limits {
  const written = write?.map((path, index) => place(path, `permissions.write[${index}]`));
  const isLimited = read !== undefined || write !== undefined;
  const readable = read === undefined ? undefined : [...read, ...alsoRead].flatMap(placesOf);
  return {
    read: readable,
    write: isLimited ? (written ?? []) : undefined,
    links: linksTo([...(read ?? []), ...(write ?? [])], [...(readable ?? []), ...(written ?? [])]),
    run:
      run === undefined
        ? undefined
        : [...run, ...alsoRun].flatMap((program, index) =>
            programFile(program, env, `permissions.run[${index}]`),
          ),
    hasNet: net === undefined || net.length > 0,
  };
}

/** Where a link leads is what is allowed, so that nobody leads it elsewhere later. */
function place(path: string, option: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new OptionsError(
      option,
      `${path} is not there; make it first, or name the directory in which it will be (${(error as Error).message})`,
    );
  }
}

/** What is not there cannot be read either. */
function placesOf(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

/** A path that leads through a link is asked for by that name; what is seen anyway has it. */
function linksTo(named: readonly string[], seen: readonly string[]): Bound[] {
  const links: Bound[] = [];
  for (const at of named) {
    const [source] = placesOf(at);
    const isThere = isWithin(at, [...seen, ...SYSTEM, ...links.map((link) => link.at)]);
    if (source !== undefined && source !== at && !isThere) links.push({ source, at });
  }
  return links;
}

function programFile(program: string, { PATH = "" }: Env, option: string): Bound[] {
  const places = program.startsWith("/")
    ? [program]
    : PATH.split(delimiter).map((directory) => join(directory, program));
  const found = places.find(isProgram);
  if (found === undefined) throw new OptionsError(option, `there is no program ${program}`);
  return [{ source: realpathSync(found), at: found }];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Keeps a command to what it was allowed: by bubblewrap where that can be had, else by taking its way
 * to more rights (`setpriv --no-new-privs`), else not at all. It answers which it was, and what that
 * does not hold.
 */

import { spawn } from "node:child_process";
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { OptionsError, SandboxError } from "../core/errors.ts";
import type { Permissions } from "../core/permissions.ts";
import { bubblewrapWords, findBubblewrapFailure, type Bound, type Limits } from "./bubblewrap.ts";
import { definedOf, handedOn } from "./sandbox-env.ts";
import { unheldBy } from "./sandbox-level.ts";
import type { SandboxLevel } from "./sandbox-level.ts";

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
  /** What can be had here. Default: it is tried, once in a process. */
  readonly machine?: Machine | undefined;
}

/** What of this can be had on a machine, and why not. */
export interface Machine {
  readonly level: SandboxLevel;
  /** Why it is not bubblewrap; empty when it is. */
  readonly lacks: string;
}

/** A command as it is started. */
export interface WrappedCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly level: SandboxLevel;
  /** In words, for the log: what was asked for and is not kept. Empty when all of it is. */
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
  const machine = options.machine ?? (await findMachine());
  const { level, lacks } = machine;
  if (options.require === true && level !== "bubblewrap") throw new SandboxError(lacks);
  const { env: named } = permissions;
  const env = named === undefined ? definedOf(options.env) : handedOn(options.env, named);
  const unheld = unheldBy(level, permissions);
  if (level !== "bubblewrap") {
    const before = level === "no-new-privs" ? ["setpriv", "--no-new-privs", "--"] : [];
    return { argv: [...before, ...argv], env, level, unheld, lacks };
  }
  const limits = limitsOf(permissions, options);
  const words = bubblewrapWords(limits, {
    cwd: options.cwd,
    ownSession: options.ownSession ?? false,
    isRoot: process.getuid?.() === 0,
  });
  return { argv: [...words, ...argv], env, level, unheld, lacks };
}

function limitsOf(
  { read, write, run, net }: Permissions,
  { env, alsoRead = [], alsoRun = [] }: WrapOptions,
): Limits {
  const written = write?.map((path, index) => place(path, `permissions.write[${index}]`));
  const isLimited = read !== undefined || write !== undefined;
  return {
    read: read === undefined ? undefined : [...read, ...alsoRead].flatMap(placesOf),
    write: isLimited ? (written ?? []) : undefined,
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

let machine: Promise<Machine> | undefined;

/** What can be had here; it is tried out once. */
export function findMachine(): Promise<Machine> {
  machine ??= tryMachine();
  return machine;
}

/** The least that needs all that is asked of bubblewrap later. */
const TRIAL = bubblewrapWords(
  { hasNet: false },
  { cwd: "/", ownSession: false, isRoot: process.getuid?.() === 0 },
);

async function tryMachine(): Promise<Machine> {
  const trial = await runBriefly([...TRIAL, "true"]);
  if (trial.exitCode === 0) return { level: "bubblewrap", lacks: "" };
  const lacks = whyNot(trial);
  const other = await runBriefly(["setpriv", "--no-new-privs", "--", "true"]);
  return { level: other.exitCode === 0 ? "no-new-privs" : "none", lacks };
}

function whyNot({ exitCode, stderr }: Brief): string {
  if (exitCode === undefined) return "bubblewrap is not installed (bwrap is not on the PATH)";
  const failure = findBubblewrapFailure(stderr);
  if (failure?.cause === "no user namespaces") {
    return `user namespaces are not allowed here (${failure.line})`;
  }
  return `bubblewrap does not work here (${failure?.line ?? `it ended with ${exitCode}`})`;
}

interface Brief {
  /** Missing when it could not be started. */
  readonly exitCode: number | undefined;
  readonly stderr: string;
}

function runBriefly([program = "", ...words]: readonly string[]): Promise<Brief> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", () => resolve({ exitCode: undefined, stderr }));
    child.once("close", (code) => resolve({ exitCode: code ?? -1, stderr }));
  });
}

/**
 * Runs an automation that has permissions, in a process of its own that is kept to them. This process
 * alone writes the journal, the logs and the terminal.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { constants } from "node:os";
import { automation } from "../../automation/automation.ts";
import { StoppedBySignal } from "../../automation/cancel/cancellation.ts";
import type { ExecuteOptions } from "../../automation/execute.ts";
import type { RunResult } from "../../automation/run.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { Journal } from "../../core/journal.ts";
import { packError, unpackError } from "../../core/packed-error.ts";
import type { SettledPermissions } from "../../core/permissions.ts";
import { keptTo } from "../../journal/kept-to.ts";
import { answerCall } from "../../journal/remote.ts";
import { stateHome } from "../../journal/home.ts";
import { thisProcess } from "../../journal/owner.ts";
import { MARK_VARIABLE } from "../../process/leftover-record.ts";
import { guard } from "../../process/watchdog.ts";
import { definedOf, heldBack } from "../../process/sandbox-env.ts";
import type { TooManyUses, Use } from "../../process/uses.ts";
import type { SandboxLevel } from "../../process/sandbox-level.ts";
import { findMachine } from "../../process/machine.ts";
import { wrapCommand, type WrappedCommand } from "../../process/sandbox.ts";
import { ProcessEndedError, UncaughtError } from "../child-end.ts";
import type { World } from "../command.ts";
import { killGroup } from "../kill-group.ts";
import type { LoadedAutomation } from "../load-automation.ts";
import { compileCacheOf, learnWords, nodeWords, ownReads, temporaryOf } from "./permitted-argv.ts";
import { keptBy, levelEvent } from "./permitted-level.ts";
import {
  unpackResult,
  type FromPermitted,
  type PermittedFacts,
  type PermittedJob,
  type ToPermitted,
} from "./permitted-messages.ts";

/** How it is kept. */
export interface PermittedOptions {
  /** Of the command that starts it. */
  readonly world: World;
  /** Whether it is not started where the kernel cannot keep it. */
  readonly require: boolean;
  /** Lets it do everything, and is told what it used. Default: it is kept to its permissions. */
  readonly onUse?: ((use: Use | TooManyUses) => void) | undefined;
}

/** Nothing but to be read: what a file may do before it has said what it needs. */
const NOTHING: SettledPermissions = { read: [], write: [], run: [], net: [], env: [] };

/**
 * What the file says of itself, found out in a process that may do nothing but read its project.
 * Rejects with `AutomationFileError` or `PermissionDeniedError`.
 */
export async function lookAt(file: string, options: PermittedOptions): Promise<PermittedFacts> {
  const started = await startProcess(file, NOTHING, { ...options, onUse: undefined });
  tell(started.child, { ask: "look", file });
  return converse(started, options.world, (message) =>
    "facts" in message ? { end: message.facts } : undefined,
  );
}

/** The automation as the commands know it; its function is in the other process. */
export function permittedAutomation(
  file: string,
  facts: PermittedFacts,
  options: PermittedOptions,
): LoadedAutomation {
  const { name, codeHash, permissions = NOTHING, schedule } = facts;
  const known = automation(name, { permissions }, () => {
    throw new Error("it runs in a process of its own");
  });
  const settled = { ...known.settled, schedule };
  return {
    automation: Object.freeze({ ...known, settled }),
    file,
    codeHash,
    rehearsal: undefined,
    execute: (_, given) => executePermitted({ file, name, permissions }, given, options),
  };
}

interface Permitted {
  readonly file: string;
  readonly name: string;
  readonly permissions: SettledPermissions;
}

async function executePermitted(
  { file, name, permissions }: Permitted,
  given: ExecuteOptions & { readonly journal: Journal },
  options: PermittedOptions,
): Promise<RunResult> {
  const { input, decisions, unfinished, runId, newRunId, scheduledForMs, retryOf } = given;
  const { codeHash, dryRun, journal, sinks = [], signal } = given;
  const started = await startProcess(file, permissions, options);
  // Other code than ours may speak from there.
  const kept = keptTo(journal, name);
  const job: PermittedJob = {
    ask: "run",
    file,
    // Whether the owner lives is asked of this process: the other one ends with it.
    options: {
      input,
      decisions,
      unfinished,
      runId,
      newRunId,
      scheduledForMs,
      retryOf,
      codeHash,
      dryRun,
      owner: thisProcess(),
    },
    permissions,
    heldBack: heldBack(options.world.env, permissions.env),
    renewEveryMs: journal.renewEveryMs,
    kept: keptBy(started.wrapped, permissions, ownReads(file)),
    learns: options.onUse !== undefined,
  };
  const level = levelEvent(started.wrapped, options.world);
  if (!job.learns) for (const sink of sinks) sink(level);
  const { child } = started;
  // Whatever comes first is taken for the job.
  tell(child, job);
  const abort = () => tell(child, abortMessage(signal?.reason));
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await converse(started, options.world, (message) => {
      if ("use" in message) options.onUse?.(message.use);
      if ("event" in message) for (const sink of sinks) sink(message.event);
      if ("call" in message) {
        const { id, call } = message;
        void answerCall(kept, call).then((answer) => tell(child, { id, answer }));
      }
      return "result" in message ? { end: unpackResult(message.result, unpackError) } : undefined;
    });
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function abortMessage(reason: unknown): ToPermitted {
  const signal = reason instanceof StoppedBySignal ? reason.signal : undefined;
  return { abort: packError(reason), signal };
}

interface Started {
  readonly child: ChildProcess;
  readonly wrapped: WrappedCommand;
  /** Once it has ended. */
  readonly release: () => void;
}

async function startProcess(
  file: string,
  permissions: SettledPermissions,
  options: PermittedOptions,
): Promise<Started> {
  const { cwd, env } = options.world;
  const home = stateHome(env);
  const own = { NODE_COMPILE_CACHE: compileCacheOf(file, home), TMPDIR: temporaryOf(file, home) };
  const wrapped =
    options.onUse === undefined
      ? await wrapNode(file, permissions, { ...options, own: Object.values(own) })
      : { ...UNHELD, argv: learnWords(), env: definedOf(env) };
  const [program = "", ...words] = wrapped.argv;
  const mark = randomUUID();
  refuseDebugger();
  // The sandbox ends with this process; without one, the programs of its steps would live on.
  const guarded = wrapped.level === "bubblewrap" ? undefined : guard(mark);
  const child = spawn(program, words, {
    cwd,
    env: { ...wrapped.env, ...own, [MARK_VARIABLE]: mark },
    detached: true,
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  if (child.pid === undefined) guarded?.release();
  else guarded?.names(child.pid, true);
  return { child, wrapped, release: () => guarded?.release() };
}

/** By this signal anybody of our user has Node open its debugger, and so has us do what they like. */
function refuseDebugger(): void {
  if (process.listenerCount("SIGUSR1") === 0) process.on("SIGUSR1", () => undefined);
}

/** Where somebody learns what is used, everything is done. */
const UNHELD = { level: "none", held: [], unheld: [], lacks: "" } as const;

interface Wrapping extends PermittedOptions {
  /** Directories of its own, to be written. */
  readonly own: readonly string[];
}

/** Node's own model within bubblewrap, where that can be had. */
async function wrapNode(
  file: string,
  permissions: SettledPermissions,
  { world: { cwd, env }, require, own }: Wrapping,
): Promise<WrappedCommand> {
  const alsoRead = ownReads(file);
  const allowed = { ...permissions, write: [...permissions.write, ...own] };
  const inside = ownInside((await findMachine()).level, permissions);
  const words = nodeWords({ ...allowed, write: [...allowed.write, ...inside.write] }, [
    ...alsoRead,
    ...inside.read,
  ]);
  return wrapCommand(words, allowed, {
    env,
    cwd,
    require,
    alsoRead,
    alsoRun: [process.execPath],
    // Ctrl-C is told to it by this process, which has to know of it first.
    ownSession: true,
  });
}

/**
 * What is the sandbox's own, and is gone with it: its temporary directory, and its table of processes,
 * by which `$` finds the trees of commands. Outside of one, /proc holds the secrets of others.
 */
function ownInside(level: SandboxLevel, { run }: SettledPermissions) {
  if (level !== "bubblewrap") return { read: [], write: [] };
  return { read: run.length > 0 ? ["/proc"] : [], write: ["/dev/shm"] };
}

/** Who is gone hears nothing. */
function tell(child: ChildProcess, message: ToPermitted | PermittedJob): void {
  if (child.connected) child.send(message, () => undefined);
}

/** Listens until the process has said how it ended. */
async function converse<End>(
  { child, release }: Started,
  world: World,
  hear: (message: FromPermitted) => { readonly end: End } | undefined,
): Promise<End> {
  child.stdout?.setEncoding("utf8").on("data", (text: string) => world.print(text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => world.complain(text));
  const killAtExit = () => killGroup(child);
  process.once("exit", killAtExit);
  let ending: { readonly end: End } | { readonly error: unknown } | undefined;
  child.on("message", (message: FromPermitted) => {
    if ("failed" in message) ending ??= { error: unpackError(message.failed) };
    if ("uncaught" in message)
      ending ??= { error: new UncaughtError(unpackError(message.uncaught)) };
    ending ??= hear(message);
  });
  try {
    const exitCode = await exitCodeOf(child);
    if (ending === undefined) throw new ProcessEndedError(exitCode);
    if ("error" in ending) throw ending.error;
    return ending.end;
  } finally {
    process.off("exit", killAtExit);
    // What its steps have left running.
    killGroup(child);
    release();
  }
}

/** All that it said and printed has been heard by then. */
function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve(code ?? EXIT.signal + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}

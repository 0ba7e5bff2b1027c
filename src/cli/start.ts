/** Makes the real world, runs the command line in it, and ends the process with its exit code. */

import { constants } from "node:os";
import { dirname } from "node:path";
import type { Signal } from "../automation/cancel/cancellation.ts";
import type { Journal } from "../core/journal.ts";
import { EXIT } from "../core/exit-codes.ts";
import { systemClock } from "../core/system.ts";
import type { Terminal, World } from "./command.ts";
import { dispatch, type Program } from "./dispatch.ts";
import { readVersion } from "./version.ts";

/** The signals that ask a process to stop; each has a handler only while a run listens. */
const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs the command line and ends the process, even where an automation left a socket or a timer open.
 *
 * @param commands Those that there are.
 * @param changes Parts of the world that are not the real ones, for tests.
 */
export async function start(
  words: readonly string[],
  commands: Program["commands"],
  changes: Partial<World> = {},
): Promise<void> {
  hideWarnings();
  const output = watchStreams();
  const world = { ...realWorld(), outputClosed: output.closed, ...changes };
  const exitCode = await dispatch(words, programOf(world, commands), world);
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  process.exit(exitCode === EXIT.ok && output.isLost ? EXIT.failed : exitCode);
}

function programOf({ env }: World, commands: Program["commands"]): Program {
  return { version: readVersion(), stateHome: () => nameStateHome(env), commands };
}

/** A wrong `HOLDFAST_HOME` keeps nobody from reading the help, which says what is wrong with it. */
async function nameStateHome(env: World["env"]): Promise<string> {
  try {
    const { stateHome } = await import("../journal/home.ts");
    return stateHome(env);
  } catch (error) {
    return (error as Error).message;
  }
}

function realWorld(): Omit<World, "outputClosed"> {
  const { env } = process;
  return {
    env,
    cwd: process.cwd(),
    clock: systemClock,
    print: (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(text),
    // A stream that is no terminal has neither of the two.
    hasColours: process.stderr.isTTY === true && process.stderr.hasColors(env),
    // A terminal that does not know how wide it is says 0.
    columns: process.stdout.columns || Infinity,
    terminal: process.stderr.isTTY === true ? terminalOf(process.stderr) : undefined,
    async logDirectory() {
      const { logDirectory } = await import("../journal/home.ts");
      return logDirectory(env);
    },
    async calledAs() {
      const { calledAs } = await import("./called-as.ts");
      return calledAs(process.argv[1] ?? "", env);
    },
    async openJournal(file, on): Promise<Journal> {
      const { openJournal } = await import("./open-journal.ts");
      const beside = file === undefined ? [] : [dirname(file)];
      return openJournal(env, [...beside, process.cwd(), import.meta.dirname], on);
    },
    onInterrupt: listenForInterrupts,
    onUncaught(tell) {
      process.on("uncaughtException", tell);
      return () => void process.off("uncaughtException", tell);
    },
    exit: (exitCode) => process.exit(exitCode),
  };
}

/** The terminal that both streams may write to, and an automation's own output too. */
function terminalOf(stderr: NodeJS.WriteStream): Terminal | undefined {
  // One that does not know how wide it is cannot be redrawn.
  if (!(stderr.columns > 0)) return undefined;
  const streams = process.stdout.isTTY === true ? [stderr, process.stdout] : [stderr];
  return {
    columns: () => stderr.columns,
    onWrite(before) {
      const ends = streams.map((stream) => listenForWrites(stream, before));
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

function listenForWrites(stream: NodeJS.WriteStream, before: (text: string) => void): () => void {
  const write = stream.write.bind(stream) as (...words: unknown[]) => boolean;
  const listening = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
    before(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("latin1"));
    return write(chunk, ...rest);
  };
  stream.write = listening;
  return () => {
    stream.write = write;
  };
}

function listenForInterrupts(onSignal: (signal: Signal) => void): () => void {
  const handlers = STOPPING.map((name) => {
    const handler = () => onSignal({ name, number: constants.signals[name] });
    process.on(name, handler);
    return { name, handler };
  });
  return () => {
    for (const { name, handler } of handlers) process.off(name, handler);
  };
}

/**
 * What users can do nothing about: that `node:sqlite` and the stripping of types are experimental, and
 * that Node had to find out by itself whether a file is an ES module. What it could not load at all
 * is told by the error.
 */
function hideWarnings(): void {
  const others = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning: Error & { readonly code?: string }) => {
    const isHidden =
      warning.name === "ExperimentalWarning" ||
      warning.code === "MODULE_TYPELESS_PACKAGE_JSON" ||
      warning.message.startsWith("Failed to load the ES module");
    if (!isHidden) for (const tell of others) tell(warning);
  });
}

/**
 * What cannot be told, for the disk under the output is full, must not end the run that it is about.
 * `holdfast runs | head` is no failure at all: whoever reads has read enough.
 */
function watchStreams(): { readonly isLost: boolean; readonly closed: AbortSignal } {
  const closing = new AbortController();
  const output = { isLost: false, closed: closing.signal };
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    closing.abort();
    // Told once: each further write fails as well.
    if (error.code === "EPIPE" || output.isLost) return;
    output.isLost = true;
    process.stderr.write(`holdfast: the output cannot be written: ${error.message}\n`);
  });
  process.stderr.on("error", () => undefined);
  return output;
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.write("", () => resolve());
  });
}

/**
 * What a supervisor tells over its pipe, a line each: `held` that it holds whatever it will start, `began`
 * that the command runs, `failed` with the number of an error in its place, and `ended` with exit code
 * and signal. Its own exit could not tell these apart.
 */

import type { ChildProcess } from "node:child_process";
import { constants as system } from "node:os";
import type { Duplex } from "node:stream";

/** Where the pipe is, for the supervisor. */
const PIPE = 3;

/** How a command's own process ended. */
export interface Exit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** It could not be started. */
  readonly startError?: string | undefined;
  /** It was its supervisor that ended, and it may run on itself. */
  readonly isLost?: boolean | undefined;
}

const LOST: Exit = { exitCode: undefined, signal: "SIGKILL", isLost: true };

/** The supervisor could hold nothing, and has started nothing. */
export class UnheldError extends Error {}

/** See the header. Nothing of it rejects unless it says so. */
export interface SupervisorReport {
  /** Settles once it holds the tree. Rejects with `UnheldError` when it does not. */
  readonly held: Promise<void>;
  /** Settles once the command runs, or never will. */
  readonly begun: Promise<void>;
  /** Once the command has ended, or could not be started. Never settles where it is not held. */
  readonly exited: Promise<Exit>;
  /** Once the supervisor itself has ended: nobody of the tree lives then, when it was hung up on. */
  readonly gone: Promise<void>;
}

/** Listens to it from now on. */
export function listen(supervisor: ChildProcess): SupervisorReport {
  const pipe = supervisor.stdio[PIPE] as Duplex;
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<Exit>();
  const gone = Promise.withResolvers<void>();
  let isHeld = false;
  const take = (line: string): void => {
    const [word = "", ...numbers] = line.split(" ");
    if (word === "held") isHeld = true;
    if (word === "held") held.resolve();
    else if (word === "began") begun.resolve();
    else exited.resolve(parseExit(word, numbers.map(Number)));
  };
  let rest = "";
  pipe.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
  pipe
    .on("error", () => undefined)
    .once("close", () => {
      held.reject(new UnheldError("the supervisor could not hold the command"));
      begun.resolve();
      if (isHeld) exited.resolve(LOST);
      gone.resolve();
    });
  return {
    held: held.promise,
    begun: begun.promise,
    exited: exited.promise,
    gone: gone.promise,
  };
}

/** Whoever is left is init's then. */
export function letGo(supervisor: ChildProcess): void {
  supervisor.kill("SIGKILL");
  leave(supervisor);
}

/** Nothing more is to be heard of it. */
export function leave(supervisor: ChildProcess): void {
  supervisor.stdio[PIPE]?.destroy();
}

/** It ends whoever has not ended when asked to, and then itself. */
export function hangUp(supervisor: ChildProcess): void {
  (supervisor.stdio[PIPE] as Duplex).end("asked\n");
}

/** What is told of an end. @internal */
export function parseExit(word: string, [first = 0, second = 0]: readonly number[]): Exit {
  if (word === "failed") {
    const startError = nameOf(system.errno, first) ?? "UNKNOWN";
    return { exitCode: undefined, signal: undefined, startError };
  }
  if (second === 0) return { exitCode: first, signal: undefined };
  // Signals of one's own have numbers only.
  return { exitCode: undefined, signal: nameOf(system.signals, second) ?? `SIG${second}` };
}

function nameOf(numbers: object, number: number): string | undefined {
  return Object.entries(numbers).find(([, each]) => each === number)?.[0];
}

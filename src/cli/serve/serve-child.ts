/** Starts processes for `holdfast serve`, each in a process group of its own. */

import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Child } from "../../automation/schedule/serving.ts";
import type { Clock } from "../../core/clock.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { World } from "../command.ts";
import { killGroup } from "../kill-group.ts";
import type { Instruction } from "./served.ts";

/** Where its output goes: whole lines, without their ends. */
export interface Lines {
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
}

/** How long output is read that is still on its way when the process has ended. */
const DRAIN_MS = 1_000;

/** A line that is longer is cut: a process that writes no line ends must not fill the memory. */
const LONGEST_LINE = 256 * 1_024;

/** A process that was started, and what it says to the server. */
export interface ServedChild extends Child {
  readonly answer: Promise<string>;
}

/** Starts a process and tells it what to do. */
export function startServed(
  instruction: Instruction,
  { env, cwd, clock }: Pick<World, "env" | "cwd" | "clock">,
  lines: Lines,
): ServedChild {
  const entry = import.meta.url.endsWith(".ts") ? "./served.ts" : "./served.js";
  const child = spawn(process.execPath, [fileURLToPath(new URL(entry, import.meta.url))], {
    cwd,
    env: { ...env },
    // A group of its own: a Ctrl-C in the server's terminal is for the server to deal with.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const ended = endOf(child, clock, lines);
  const signal: Child["signal"] = (name) =>
    name === "SIGKILL" ? killGroup(child) : void child.kill(name);
  // Where no descriptor is left, no process was started, and no pipe was made.
  if (!child.stdio) return { answer: Promise.resolve(""), ended, signal };
  const [, stdout, stderr, pipe] = child.stdio as unknown as [null, Readable, Readable, Duplex];
  readLines(stdout, lines.stdout);
  readLines(stderr, lines.stderr);
  const answer = readAll(pipe);
  // It may have ended before it listened.
  pipe.on("error", () => undefined);
  pipe.write(`${JSON.stringify(instruction)}\n`);
  return { answer, ended, signal };
}

async function endOf(child: ChildProcess, clock: Clock, lines: Lines): Promise<number> {
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const exitCode = await new Promise<number>((resolve) => {
    child.once("exit", (code, signal) =>
      resolve(code ?? EXIT.signal + (signal === null ? 0 : constants.signals[signal])),
    );
    child.once("error", (error) => {
      lines.stderr(`holdfast: no process could be started: ${error.message}`);
      resolve(EXIT.gaveUp);
    });
  });
  // What its steps have left running would hold its output open, and nobody would know of it.
  killGroup(child);
  const over = new AbortController();
  await Promise.race([closed, clock.sleep(DRAIN_MS, over.signal).catch(() => undefined)]);
  over.abort();
  return exitCode;
}

function readAll(from: Readable): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    from.setEncoding("utf8").on("data", (part: string) => (text += part));
    from.on("close", () => resolve(text));
  });
}

function readLines(from: Readable, take: (line: string) => void): void {
  let rest = "";
  from.setEncoding("utf8").on("data", (part: string) => {
    const lines = (rest + part).split("\n");
    rest = (lines.pop() ?? "").slice(0, LONGEST_LINE);
    for (const line of lines) take(line);
  });
  from.on("end", () => {
    if (rest !== "") take(rest);
  });
}

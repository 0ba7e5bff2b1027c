/** Starts the command line in processes of their own, each test in a place of its own. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { shellWord } from "../src/core/shell-word.ts";

const MAIN = join(import.meta.dirname, "../src/cli/main.ts");
const CALLED = `node ${shellWord(MAIN)}`;

/** Far more than any of these takes on a busy machine. */
const LIMIT_MS = 25_000;

const ROOT = mkdtempSync(join(tmpdir(), "holdfast command line ü "));
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(ROOT, { recursive: true });
});

/** The path of an automation that tests share. */
export function fixture(name: string): string {
  return join(import.meta.dirname, "fixtures/cli", name);
}

/** Where one test is at home. */
export interface Place {
  readonly root: string;
  readonly home: string;
  /** What the automation did, one word per line: the fixtures are told of it by their input. */
  readonly ledger: string;
  did(): string[];
  /** Writes a file there, with its directories, and answers its path. */
  file(name: string, content: string | Buffer): string;
}

export function place(): Place {
  const root = mkdtempSync(join(ROOT, "place-"));
  const ledger = join(root, "ledger");
  writeFileSync(ledger, "");
  return {
    root,
    home: join(root, "home"),
    ledger,
    did: () => readFileSync(ledger, "utf8").split("\n").slice(0, -1),
    file(name, content) {
      const path = join(root, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
  };
}

/** How a process ended. */
export interface Ended {
  /** As a shell has it: 128 and the signal's number when a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once `text` was written to the standard error. Rejects when the process ended before. */
  heard(text: string): Promise<void>;
}

type Env = Readonly<Record<string, string>>;

/** What is rarely said of a start. */
interface Starting {
  readonly limitMs?: number | undefined;
  /** What is started in place of `src/cli/main.ts`. */
  readonly entry?: string | undefined;
}

/**
 * Starts `holdfast`, or another entry to it, and kills it when it does not end by itself within
 * `limitMs`.
 */
export function start(
  at: Place,
  words: readonly string[],
  env: Env = {},
  { limitMs = LIMIT_MS, entry = MAIN }: Starting = {},
): Running {
  const child = spawn(process.execPath, [entry, ...words], {
    cwd: at.root,
    // Nothing of the tests' own surroundings, whose secrets and settings are none of its business.
    env: { PATH: process.env["PATH"] ?? "", HOME: at.root, HOLDFAST_HOME: at.home, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limitMs,
    killSignal: "SIGKILL",
  });
  children.add(child);
  child.once("close", () => children.delete(child));
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    child,
    ended: closed.then(([code, signal]) => ({
      exitCode: code ?? NUMBERS[signal ?? ""] ?? -1,
      stdout,
      stderr,
    })),
    async heard(text) {
      while (!stderr.includes(text)) {
        const more = await Promise.race([once(child.stderr, "data"), closed.then(() => undefined)]);
        if (more === undefined && !stderr.includes(text)) throw new Error(`Never heard: ${stderr}`);
      }
    },
  };
}

const NUMBERS: Readonly<Record<string, number>> = { SIGINT: 130, SIGKILL: 137, SIGTERM: 143 };

/** Runs `holdfast` to its end. */
export function holdfast(
  at: Place,
  words: readonly string[],
  env?: Env,
  limitMs?: number,
): Promise<Ended> {
  return start(at, words, env, { limitMs }).ended;
}

/**
 * `text` without what differs from run to run: names of runs, times, lengths, the test's place, and
 * what stands for `holdfast` in commands that people copy.
 */
export function steady(text: string, at: Place): string {
  return text
    .replaceAll(at.root, "PLACE")
    .replaceAll(`HOLDFAST_HOME='PLACE/home' ${CALLED}`, "holdfast")
    .replaceAll(/\b01[0-9a-hjkmnp-tv-z]{24}\b/g, "RUN")
    .replaceAll(/\b\d\d:\d\d:\d\d\b/g, "TIME")
    .replaceAll(/\b\d+(\.\d+)? m?s\b/g, "LENGTH");
}

/** Starts the command line in processes of their own, and hears them to their end. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

const CHECKOUT = resolve(import.meta.dirname, "../..");

/** What users start. */
export const HOLDFAST = join(CHECKOUT, "src/cli/main.ts");

/** The same, but dying. */
export const VICTIM = join(CHECKOUT, "test/crash/victim.ts");

/** Far more than any of these takes on a busy machine: a run takes a second. */
const LIMIT_MS = 120_000;

const LAST_STRIKE = { signal: "SIGKILL", afterMs: LIMIT_MS } as const;

/** How a process ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from its first sign of life to its end. */
  readonly livedMs: number;
}

/** What a process is started with. */
export interface Start {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Sends it a signal so many milliseconds after its first sign of life. Two minutes end it in any case. */
  readonly strike?: { readonly signal: NodeJS.Signals; readonly afterMs: number } | undefined;
}

/** Runs one process to its end. Rejects when it does not come to one. */
export async function run(entry: string, start: Start): Promise<Ended> {
  const { words, env, cwd, strike } = start;
  const child = spawn(process.execPath, [entry, ...words], {
    cwd,
    env: { ...env, PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
    // In a group of its own: Ctrl-C stops the script after what is under way, and not that as well.
    detached: true,
  });
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const over = new AbortController();
  let bornAtMs = performance.now();
  const killing = Promise.race([once(child.stderr, "data"), ended]).then(async () => {
    bornAtMs = performance.now();
    for (const { signal, afterMs } of [strike, LAST_STRIKE].filter((one) => one !== undefined)) {
      await sleep(afterMs, undefined, { signal: over.signal });
      child.kill(signal);
    }
  });
  const [exitCode, signal] = await ended;
  over.abort();
  // Whether it came to that is told by the signal.
  await killing.catch(() => undefined);
  const livedMs = performance.now() - bornAtMs;
  if (livedMs >= LIMIT_MS) throw new Error(`No end within ${LIMIT_MS} ms: ${stderr.join("")}`);
  return { exitCode, signal, stdout: stdout.join(""), stderr: stderr.join(""), livedMs };
}

function collect(stream: Readable): string[] {
  const parts: string[] = [];
  stream.setEncoding("utf8").on("data", (part: string) => parts.push(part));
  return parts;
}

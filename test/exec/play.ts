/** Plays one case with the real `holdfast exec`, and tells what was not as it must be. */

import { spawn, type ChildProcess } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { closeSync, createReadStream, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { chunksOf, digestOf } from "./bytes.ts";
import type { Case } from "./case.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const SUBJECT = join(import.meta.dirname, "subject.ts");
const PEAK = join(import.meta.dirname, "report-peak.ts");

/** What holdfast itself may take at most, in KiB, whatever passes through it. */
export const MOST_KIB = 220 * 1_024;

/** Far more than any of them takes: one that hangs is a failure. */
const LIMIT_MS = 180_000;

/** How it went. */
export interface Played {
  /** Empty when all was as it must be. */
  readonly problems: readonly string[];
  /** The most memory that holdfast had. */
  readonly peakKib: number;
  readonly bytes: number;
}

/** @param directory Of this case alone; its files are removed. @param home For the state of holdfast. */
export async function play(one: Case, directory: string, home: string): Promise<Played> {
  const files = { stdout: join(directory, "stdout"), stderr: join(directory, "stderr") };
  const peak = join(directory, "peak");
  const isFile = one.reader === "file";
  const outputs = isFile ? [openSync(files.stdout, "w"), openSync(files.stderr, "w")] : [];
  const child = startExec(one, { home, peak, outputs, directory });
  for (const descriptor of outputs) closeSync(descriptor);
  const reading = isFile ? [] : [child.stdout, child.stderr].map((from) => read(from, one.reader));
  const limit = new AbortController();
  const isHanging = sleep(LIMIT_MS, true, { signal: limit.signal }).catch(() => false);
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  if (await Promise.race([exited.then(() => false), isHanging])) {
    child.kill("SIGKILL");
    return { problems: ["it hangs"], peakKib: 0, bytes: 0 };
  }
  limit.abort();
  const [exitCode] = await exited;
  const [out, err] = isFile
    ? await Promise.all(
        [files.stdout, files.stderr].map((file) => read(createReadStream(file), "pipe")),
      )
    : await Promise.all(reading);
  const peakKib = Number(readFileSync(peak, "utf8"));
  const problems = [
    ...(exitCode === one.expected.exitCode
      ? []
      : [`exit code ${exitCode}, not ${one.expected.exitCode}`]),
    ...(out?.hash.digest("hex") === digestOf(one.expected.stdout)
      ? []
      : [`stdout differs: ${out?.bytes} bytes`]),
    ...errorProblems(one, err),
    ...(await leftProblems(one)),
    ...(peakKib <= MOST_KIB ? [] : [`${peakKib} KiB of memory`]),
  ];
  for (const file of [files.stdout, files.stderr, peak]) rmSync(file, { force: true });
  return { problems, peakKib, bytes: (out?.bytes ?? 0) + (err?.bytes ?? 0) };
}

interface Places {
  readonly home: string;
  readonly peak: string;
  readonly directory: string;
  /** The descriptors of files; none for pipes. */
  readonly outputs: readonly number[];
}

function startExec(one: Case, { home, peak, outputs, directory }: Places): ChildProcess {
  const [stdout = "pipe", stderr = "pipe"] = outputs;
  const words = [`--import=${PEAK}`, MAIN, "exec", ...one.flags];
  const subject = ["--", process.execPath, SUBJECT, JSON.stringify(one.deed)];
  const env = { PATH: process.env["PATH"], HOME: home, HOLDFAST_HOME: home, PEAK_FILE: peak };
  const isClosed = one.input === "closed";
  const argv = [process.execPath, ...words, ...subject];
  const [program = "", ...rest] = isClosed ? ["sh", "-c", 'exec "$@" <&-', "sh", ...argv] : argv;
  const child = spawn(program, rest, {
    cwd: directory,
    env,
    stdio: [one.input === "piped" ? "pipe" : "ignore", stdout, stderr],
  });
  if (child.stdin !== null) {
    // Who does not read it closes it.
    child.stdin.on("error", () => undefined);
    Readable.from(chunksOf(one.piped)).pipe(child.stdin);
  }
  return child;
}

interface Read {
  readonly hash: Hash;
  readonly bytes: number;
  /** The first of it, as much as a command's own error output can be. */
  readonly head: Buffer;
}

const HEAD_BYTES = 8_000_000;

async function read(from: Readable | null, reader: Case["reader"]): Promise<Read> {
  const hash = createHash("sha256");
  const head: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of from as AsyncIterable<Buffer>) {
    hash.update(chunk);
    if (bytes < HEAD_BYTES) head.push(chunk);
    bytes += chunk.length;
    if (reader === "slow pipe" && bytes < 2_000_000) await sleep(2);
  }
  return { hash, bytes, head: Buffer.concat(head) };
}

/** The command's own bytes first, and then nothing but lines of holdfast. */
function errorProblems({ expected, flags }: Case, read: Read | undefined): string[] {
  if (read === undefined || flags.includes("--attempts")) return [];
  const own = expected.stderr.reduce((sum, { bytes }) => sum + bytes, 0);
  const digest = createHash("sha256").update(read.head.subarray(0, own)).digest("hex");
  const rest = read.head.subarray(own).toString();
  const isOurs = expected.exitCode === 0 ? rest === "" : /^holdfast: [^\n]*\n$/.test(rest);
  return [
    ...(digest === digestOf(expected.stderr) ? [] : [`stderr differs: ${read.bytes} bytes`]),
    ...(isOurs ? [] : [`holdfast says ${JSON.stringify(rest.slice(0, 300))}`]),
  ];
}

/** Whoever was left behind, by each attempt, is found by its pid, and ended. */
async function leftProblems({ deed, expected }: Case): Promise<string[]> {
  const { left } = expected;
  if (left === "nobody" || deed.leaves === undefined) return [];
  const pids = readFileSync(deed.leaves.pidFile, "utf8").trim().split("\n").map(Number);
  rmSync(deed.leaves.pidFile);
  const living = pids.filter(isThere);
  for (const pid of living) process.kill(pid, "SIGKILL");
  const expectedCount = left === "lives" ? pids.length : 0;
  return living.length === expectedCount ? [] : [`${living.length} of ${pids.length} left live`];
}

function isThere(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/\) Z /.test(stat) && /sleep/.test(stat);
  } catch {
    return false;
  }
}

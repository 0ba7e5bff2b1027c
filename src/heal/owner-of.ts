/**
 * Whether the process is still there that wrote its pid into a file. A pid is used again after a while.
 * By the time of day a process that began after the file was written is another one; but that time
 * steps, and a live owner looks younger than its file after a step ahead. So that much is only a doubt:
 * for nobody is anything deleted whose number somebody has, nor anybody ended who may be another.
 */

import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { errorOfSignal, findProcess } from "../process/process-table.ts";
import { commandName } from "./in-use.ts";

/** What became of the process that wrote a file; `unsure` where another one may have its number by now. */
export type Writer = "gone" | "alive" | "unsure";

/** What a file that names its owner says. */
export interface OwnerFile {
  /** Whether there is such a file. */
  readonly isThere: boolean;
  /** The pid in it; `undefined` where it holds none. */
  readonly pid?: number | undefined;
  /** What became of the process that wrote it. */
  readonly writer?: Writer | undefined;
  /** Tells this file from another one that was put in its place. */
  readonly identity?: string | undefined;
  /** What was found, in words. */
  readonly found: string;
}

/** What the rule needs to know of a file and of the process that it names. */
export interface OwnerFacts {
  readonly writtenAtMs: number;
  readonly isZombie: boolean;
  /** When the process began: milliseconds since the Unix epoch; `undefined` where that is not told. */
  readonly beganAtMs: number | undefined;
}

/** Start times are kept in hundredths of a second, and the time of day may have been corrected a little. */
const SLACK_MS = 5_000;

/** What became of the writer, where some process has its number. Pure. */
export function writerBy({ writtenAtMs, isZombie, beganAtMs }: OwnerFacts): Writer {
  if (isZombie) return "gone";
  const isOlder = beganAtMs !== undefined && beganAtMs <= writtenAtMs + SLACK_MS;
  return isOlder ? "alive" : "unsure";
}

/** So much of it is read: a pid stands in front. */
const MOST_BYTES = 1_000;

/** Reads such a file: it begins with the pid. Rejects where it is no regular file, or cannot be read. */
export function readOwnerFile(path: string): OwnerFile {
  const content = readStart(path);
  if (content === undefined) return { isThere: false, found: `${path} is not there` };
  const { text, identity, writtenAtMs } = content;
  const pid = pidIn(text);
  const file = { isThere: true, pid, identity };
  if (pid === undefined) return { ...file, found: `${path} names no process` };
  const writer = findWriter(pid, writtenAtMs);
  const names = `${path} names process ${pid}`;
  const program = commandName(pid);
  const lives = `${names}${program === "" ? "" : ` (${program})`}, which lives`;
  const found = {
    gone: `${names}, which is gone`,
    alive: lives,
    unsure: `${lives}; whether it wrote the file is not certain`,
  }[writer];
  return { ...file, writer, found };
}

function findWriter(pid: number, writtenAtMs: number): Writer {
  const found = findProcess(pid);
  if (found === undefined) return errorOfSignal(pid) === "ESRCH" ? "gone" : "unsure";
  const { isZombie, startTime } = found;
  return writerBy({ writtenAtMs, isZombie, beganAtMs: beganAt(startTime) });
}

/** What it begins with, and when that was written; `undefined` where there is no such file. */
function readStart(path: string) {
  // Of a pipe nobody would answer, and all would wait.
  const file = openOr(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (file === undefined) return undefined;
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error(`${path} is no regular file`);
    const bytes = Buffer.alloc(MOST_BYTES);
    const text = bytes.toString("utf8", 0, readSync(file, bytes));
    const { dev, ino, mtimeMs: writtenAtMs } = stats;
    return { text, identity: `${dev}:${ino}:${writtenAtMs}:${text}`, writtenAtMs };
  } finally {
    closeSync(file);
  }
}

function openOr(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}

/**
 * A number that stands by itself: a date, an address or `host:pid` begins with one that is no pid. Never
 * 0 or of more digits than a pid has: those mean groups, or are no pid. @internal
 */
export function pidIn(text: string): number | undefined {
  const [, digits] = /^\s*(\d{1,10})(?!\S)/.exec(text) ?? [];
  return digits === undefined || Number(digits) < 1 ? undefined : Number(digits);
}

/** In so many parts of a second Linux tells start times. Source: USER_HZ, time(7). */
const TICKS_PER_SECOND = 100;

/** By the count since the machine started, which its table of processes is kept in. */
function beganAt(startTime: string): number | undefined {
  const ticks = Number(startTime);
  if (startTime === "" || !Number.isFinite(ticks)) return undefined;
  try {
    const [, seconds] = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8")) ?? [];
    if (seconds === undefined) return undefined;
    return Number(seconds) * 1_000 + (ticks * 1_000) / TICKS_PER_SECOND;
  } catch {
    return undefined; // No /proc here.
  }
}

/** The pid in the file, when that process is stopped and only waits to be continued; else `undefined`. */
export function findStopped(path: string | undefined): number | undefined {
  if (path === undefined) return undefined;
  const { pid, writer } = readOwnerFile(path);
  if (pid === undefined || writer !== "alive") return undefined;
  try {
    return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, "utf8")) ? pid : undefined;
  } catch {
    return undefined; // It has just ended, or there is no /proc.
  }
}

/**
 * Flips bits of a journal at random, and tells what came of each: `noticed` by an error, `harmless`
 * where every answer is as before, or `wrong`.
 *
 * As a program it goes on for as many flips as it is told:
 * `node test/journal/flips.ts 5000 [seed]`.
 */

import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { seededDice } from "../../src/core/dice.ts";
import type { RunRecord, StepRecord } from "../../src/core/journal.ts";
import { isHoldfastError } from "../../src/core/errors.ts";
import { sqliteJournal, thisProcess, type Journal } from "../../src/journal/index.ts";

/** A journal's page, and a frame of its log: sqlite.org/fileformat2.html#the_write_ahead_log. */
const FRAME_BYTES = 24 + 4_096;
const LOG_HEADER_BYTES = 32;

/** A directory in memory, where there is one: there are thousands of files to make. */
export const FAST_PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

export type Verdict = "noticed" | "harmless" | "wrong";

/** Flips `count` bits, one at a time, of a journal that is closed or whose log is still there. */
export async function flipBits(
  count: number,
  seed: string,
  target: "file" | "log",
): Promise<{ readonly tally: Record<Verdict, number>; readonly wrong: readonly string[] }> {
  const place = mkdtempSync(join(FAST_PLACE, "holdfast-flips-"));
  try {
    const { whole, answers } = await makeJournal(place, target);
    const dice = seededDice(`${seed} ${target}`);
    const tally = { noticed: 0, harmless: 0, wrong: 0 };
    const wrong: string[] = [];
    const flipped = join(place, "flipped.db");
    const victim = target === "file" ? "" : "-wal";
    const original = readFileSync(`${whole}${victim}`);
    // The last commit of a log cannot be told from one that was cut off.
    const reach = target === "file" ? original.length : lastCommitAt(original);
    for (let flip = 0; flip < count; flip++) {
      copyAll(whole, flipped);
      const bytes = readFileSync(`${flipped}${victim}`);
      const at = Math.floor(dice() * reach);
      const bit = 1 << Math.floor(dice() * 8);
      bytes[at] = (bytes[at] ?? 0) ^ bit;
      writeFileSync(`${flipped}${victim}`, bytes);
      const verdict = await judge(flipped, answers);
      tally[verdict]++;
      if (verdict === "wrong") wrong.push(`byte ${at}, bit ${bit}`);
    }
    return { tally, wrong };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Where the frames of the last commit begin. */
export function lastCommitAt(log: Buffer): number {
  const commits = commitEnds(log);
  return commits.at(-2) ?? LOG_HEADER_BYTES;
}

/** Where the commits of a log end, in the order of the log. */
export function commitEnds(log: Buffer): number[] {
  const ends: number[] = [];
  const salt = log.subarray(16, 24);
  for (let at = LOG_HEADER_BYTES; at + FRAME_BYTES <= log.length; at += FRAME_BYTES) {
    if (!log.subarray(at + 8, at + 16).equals(salt)) break;
    if (log.readUInt32BE(at + 4) !== 0) ends.push(at + FRAME_BYTES);
  }
  return ends;
}

const ENDS = ["", "-wal"];

function copyAll(from: string, to: string): void {
  for (const end of ["", "-wal", "-shm"]) rmSync(`${to}${end}`, { force: true });
  for (const end of ENDS) {
    const size = statSync(`${from}${end}`, { throwIfNoEntry: false })?.size ?? 0;
    if (size > 0) copyFileSync(`${from}${end}`, `${to}${end}`);
  }
}

/** Finished runs, one that was cut off, values: some pages of each table and index. */
async function makeJournal(place: string, target: "file" | "log") {
  const file = join(place, "made.db");
  const whole = join(place, "whole.db");
  const journal = open(file);
  for (let index = 0; index < 12; index++) await writeRun(journal, index);
  await journal.writeState({ key: "lock/a", value: "held", atMs: 5 });
  await journal.writeState({ key: "lock/b", value: "free", atMs: 6 });
  // As whoever is killed leaves it: what is in the log is not in the file yet.
  if (target === "log") copyAll(file, whole);
  await journal.close();
  if (target === "file") copyAll(file, whole);
  const asked = join(place, "asked.db");
  copyAll(whole, asked);
  const answers = await ask(asked);
  return { whole, answers };
}

function open(file: string): Journal {
  return sqliteJournal(file, { ballast: 0, isGone: () => true });
}

function runOf(index: number): RunRecord {
  return {
    id: `run-${index}`,
    automation: `automation-${index % 5}`,
    lock: `lock-${index}`,
    status: "running",
    codeHash: "c0de",
    input: JSON.stringify({ index, text: "x".repeat(index * 40) }),
    startedAtMs: 1_000 + index,
    resumes: 0,
  };
}

async function writeRun(journal: Journal, index: number): Promise<void> {
  const { hold, run } = await journal.claim(runOf(index), thisProcess());
  for (let position = 1; position <= 9; position++) {
    await journal.writeStep(hold, stepOf(run.id, position));
  }
  if (index >= 3) {
    await journal.writeRun(hold, { ...run, status: "succeeded", endedAtMs: 5_000, exitCode: 0 });
  }
  await journal.release(hold);
}

function stepOf(runId: string, position: number): StepRecord {
  return {
    runId,
    task: position > 5 ? "second" : "",
    name: `step-${position}`,
    kind: "step",
    position,
    status: "completed",
    generation: 1,
    key: `${runId}/${position}`,
    attempts: [],
    startedAtMs: 0,
    value: JSON.stringify("v".repeat(position * 150)),
    effect: "none",
    undo: "none",
    undoAttempts: [],
  };
}

/** All that a run's going on depends on. Each question gets a journal that nobody has asked before. */
async function ask(file: string): Promise<unknown[]> {
  const journal = open(file);
  try {
    const answers: unknown[] = [];
    for (let index = 0; index < 12; index++) {
      answers.push(await journal.findRun(`run-${index}`), await journal.readSteps(`run-${index}`));
    }
    answers.push(await journal.readState("lock/a"), await journal.readState("lock/b"));
    // Last, for these write.
    for (let index = 0; index < 3; index++) {
      answers.push(await journal.claim({ ...runOf(index), id: `again-${index}` }, thisProcess()));
    }
    return answers;
  } finally {
    await journal.close();
  }
}

async function judge(file: string, answers: readonly unknown[]): Promise<Verdict> {
  try {
    return isDeepStrictEqual(await ask(file), answers) ? "harmless" : "wrong";
  } catch (error) {
    const isOurs = isHoldfastError(error) && error.code === "JOURNAL_FAILED";
    return isOurs ? "noticed" : "wrong";
  }
}

if (import.meta.main) {
  const [count = "1000", seed = "2026"] = process.argv.slice(2);
  for (const target of ["file", "log"] as const) {
    const { tally, wrong } = await flipBits(Number(count), seed, target);
    console.log(`${target}: ${JSON.stringify(tally)} ${wrong.slice(0, 10).join("; ")}`);
  }
}

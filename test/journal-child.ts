/**
 * A process that uses a journal, for the tests that need real ones. It is told what to do by its
 * arguments, begins when its input says so, tells what happened on its output, and ends when its
 * input does.
 */

import { once } from "node:events";
import { writeSync } from "node:fs";
import { createInterface, type Interface } from "node:readline/promises";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import type { RunRecord, StepRecord } from "../src/core/journal.ts";
import { sqliteJournal, thisProcess } from "../src/journal/index.ts";

/** At once, so that nothing that was told is lost when the process is killed. */
function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

function runOf(automation: string): RunRecord {
  return {
    id: `${automation}-by-${process.pid}`,
    automation,
    status: "running",
    codeHash: "",
    input: "{}",
    startedAtMs: Date.now(),
    resumes: 0,
  };
}

/** What the crash test expects of step `number`: up to 20 kB, so that steps span pages. */
export function crashValue(number: number): string {
  return `${number}:`.repeat(1 + ((number * 7_919) % 3_000));
}

/** Opens every file, which none has opened before, and tells what went wrong. */
async function openAll(files: readonly string[]): Promise<void> {
  for (const file of files) {
    try {
      await sqliteJournal(file).close();
    } catch (error) {
      tell(String(error));
    }
  }
}

/** Writes to `file` until a moment after it is told to end. */
async function writeUntilTold(file: string, input: Interface): Promise<void> {
  const db = new DatabaseSync(file);
  db.exec("BEGIN IMMEDIATE");
  tell("writing");
  await once(input, "line");
  // A real wait: whoever tells it to end waits for the lock by then, and can tell nothing more.
  await setTimeout(300);
  db.close();
}

/** Claims `count` automations of one file, and tells which were won. */
async function claimAll(file: string, count: number): Promise<void> {
  const journal = sqliteJournal(file);
  for (let index = 0; index < count; index++) {
    const automation = `automation-${index}`;
    try {
      await journal.claim(runOf(automation), thisProcess());
      tell(automation);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "LEASE_HELD") tell(String(error));
    }
  }
}

/** Writes steps without end, in groups of one to eight, and tells each once it is acknowledged. */
async function writeOn(file: string): Promise<void> {
  const journal = sqliteJournal(file);
  const { hold, steps } = await journal.claim(runOf("nightly"), thisProcess());
  for (let number = steps.length; ;) {
    const group = Array.from({ length: 1 + (number % 8) }, () => number++);
    await Promise.all(
      group.map(async (member) => {
        await journal.writeStep(hold, stepOf(hold.runId, member));
        tell(String(member));
      }),
    );
  }
}

function stepOf(runId: string, number: number): StepRecord {
  return {
    runId,
    task: "",
    name: `step-${number}`,
    kind: "step",
    position: number,
    status: "completed",
    generation: 1,
    key: String(number),
    attempts: [],
    startedAtMs: 0,
    value: crashValue(number),
    effect: "none",
    undo: "none",
    undoAttempts: [],
  };
}

async function main([task, ...args]: readonly string[]): Promise<void> {
  const input = createInterface({ input: process.stdin });
  // Whoever started it has ended, in whatever way.
  input.once("close", () => process.exit());
  tell("ready");
  await new Promise((begin) => input.once("line", begin));
  if (task === "open") await openAll(args);
  if (task === "hold") await writeUntilTold(args[0] ?? "", input);
  if (task === "claim") await claimAll(args[0] ?? "", Number(args[1]));
  if (task === "write") await writeOn(args[0] ?? "");
  tell("done");
}

if (import.meta.main) await main(process.argv.slice(2));

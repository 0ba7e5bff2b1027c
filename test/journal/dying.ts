/**
 * A process that writes a run, and is killed by its own hand before or after one of its commits.
 *
 * `node test/journal/dying.ts FILE COMMIT before|after`: it tells each write once it is acknowledged.
 * With commit 0 it is not killed, and ends by telling how many commits there were.
 */

import { writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import {
  sqliteJournal,
  thisProcess,
  type RunRecord,
  type StepRecord,
} from "../../src/journal/index.ts";

const [file = "", commit = "0", moment = "before"] = process.argv.slice(2);
let commits = 0;

function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

function dieAt(now: "before" | "after"): void {
  if (commits === Number(commit) && now === moment) process.kill(process.pid, "SIGKILL");
}

// oxlint-disable-next-line typescript/unbound-method -- called with `call` below
const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
  const isCommit = sql === "COMMIT";
  if (isCommit) commits++;
  if (isCommit) dieAt("before");
  exec.call(this, sql);
  if (isCommit) dieAt("after");
};

const run: RunRecord = {
  id: "run-1",
  automation: "dying",
  status: "running",
  codeHash: "",
  input: "{}",
  startedAtMs: 1,
  resumes: 0,
};

function step(position: number, status: "begun" | "completed"): StepRecord {
  return {
    runId: run.id,
    task: "",
    name: `step-${position}`,
    kind: "step",
    position,
    status,
    generation: 1,
    key: String(position),
    attempts: [],
    startedAtMs: 1,
    ...(status === "completed" ? { value: JSON.stringify("v".repeat(position * 3_000)) } : {}),
    effect: "none",
    undo: "none",
    undoAttempts: [],
  };
}

const journal = sqliteJournal(file);
const { hold } = await journal.claim(run, thisProcess());
tell("claimed");
for (let position = 1; position <= 3; position++) {
  for (const status of ["begun", "completed"] as const) {
    await journal.writeStep(hold, step(position, status));
    tell(`step-${position} ${status}`);
  }
}
await journal.writeRun(hold, { ...run, status: "succeeded", endedAtMs: 2 });
tell("ended");
await journal.release(hold);
tell("released");
await journal.close();
tell(`commits ${commits}`);

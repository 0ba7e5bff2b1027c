/**
 * What grows with a journal: the resume of a run of 10,000 steps, against reading its rows, and a new
 * run in a journal that holds a million finished ones, against one in an empty journal.
 */

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { automation, execute, type Automation } from "../src/automation/index.ts";
import { sqliteJournal, thisProcess, type Journal } from "../src/journal/index.ts";
import { createJournalFile } from "../src/journal/sqlite-create.ts";
import { holdColumns, runColumns, stepColumns } from "../src/journal/sqlite-rows.ts";
import { prepareStatements } from "../src/journal/sqlite-statements.ts";
import { printLines, readArguments } from "./measure/harness.ts";
import { runOf, stepOf } from "./measure/records.ts";
import { spreadOf } from "./measure/statistics.ts";

const STEPS = 10_000;
const FINISHED = 1_000_000;
const ROUNDS = 21;

const home = join(import.meta.dirname, "..", ".holdfast");
mkdirSync(home, { recursive: true });
const folder = mkdtempSync(join(home, "bench-size-"));
const rounds = readArguments().rounds ?? ROUNDS;
const gone = () => true;

/** Fills a journal in bulk, without waiting for the disk. */
function fill(file: string, write: (db: DatabaseSync) => void): void {
  createJournalFile(file);
  const db = new DatabaseSync(file);
  db.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN");
  write(db);
  db.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}

const long = automation("long", async (run) => {
  for (let step = 0; step < STEPS; step++) await run.step(`step ${step + 1}`, () => "x");
});

function writeLongRun(db: DatabaseSync): void {
  const { insertRun, upsertStep } = prepareStatements(db);
  const run = runOf("long-run", { automation: "long", codeHash: "same" });
  const { fence, ...row } = { ...runColumns(run), ...holdColumns("long-run", 1, OWNER) };
  insertRun.run({ ...row, renewedAtMs: 1, leaseMs: 1 });
  for (let step = 1; step <= STEPS; step++) {
    upsertStep.run({ id: "long-run", fence, ...stepColumns(stepOf("long-run", step, '"x"')) });
  }
}

const OWNER = JSON.stringify(thisProcess());

function writeFinished(db: DatabaseSync): void {
  const { insertRun } = prepareStatements(db);
  const lease = { renewedAtMs: null, leaseMs: null };
  for (let index = 0; index < FINISHED; index++) {
    const id = `01k${String(index).padStart(23, "0")}`;
    const startedAtMs = 1_764_000_000_000 + index * 1_000;
    const run = runOf(id, {
      automation: `automation ${index % 50}`,
      status: "succeeded",
      startedAtMs,
      endedAtMs: startedAtMs + 500,
      exitCode: 0,
    });
    const { fence, ...held } = { ...runColumns(run), ...holdColumns(id, 1, OWNER) };
    void fence;
    insertRun.run({ ...held, ...lease, owner: null });
  }
}

async function timed(work: () => unknown): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

function readRows(file: string): number {
  const db = new DatabaseSync(file);
  const rows = db
    .prepare("SELECT record FROM steps WHERE run_id = 'long-run' ORDER BY position")
    .all();
  const records = rows.map(({ record }) => JSON.parse(record as string) as unknown);
  db.close();
  return records.length;
}

async function resume(file: string): Promise<void> {
  const journal = sqliteJournal(file, { ballast: 0, isGone: gone });
  const { status } = await execute(long, { journal, codeHash: "same", unfinished: "resume" });
  await journal.close();
  if (status !== "succeeded") throw new Error(`The resume ended ${status}`);
}

async function newRun(journal: Journal, small: Automation<never>): Promise<void> {
  await execute(small as Automation<unknown>, { journal });
}

/** Rounds of all cases in turn, so that what slows the machine down slows all. */
async function measure(
  cases: Readonly<Record<string, () => Promise<number>>>,
): Promise<Map<string, number>> {
  const all = new Map(Object.keys(cases).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, cost] of Object.entries(cases)) all.get(name)?.push(await cost());
  }
  return new Map([...all].map(([name, costs]) => [name, spreadOf(costs).median]));
}

try {
  const whole = join(folder, "long.db");
  fill(whole, writeLongRun);
  const full = join(folder, "full.db");
  fill(full, writeFinished);
  const copy = join(folder, "copy.db");
  const small = automation("small", async (run) => {
    for (let step = 0; step < 5; step++) await run.step(`step ${step}`, () => "x");
  });
  const journals = [join(folder, "empty.db"), full].map((file) =>
    sqliteJournal(file, { ballast: 0 }),
  );
  const [empty, large] = journals;
  if (empty === undefined || large === undefined) throw new Error("There are two journals");
  const found = await measure({
    "reading the rows of 10,000 steps": () => timed(() => readRows(whole)),
    "resume of 10,000 steps": () => {
      copyFileSync(whole, copy);
      return timed(() => resume(copy));
    },
    "a run, empty journal": () => timed(() => newRun(empty, small)),
    "a run, 1,000,000 finished": () => timed(() => newRun(large, small)),
  });
  for (const journal of journals) await journal.close();
  const reading = found.get("reading the rows of 10,000 steps") ?? NaN;
  printLines({
    name: "journal-size",
    title: "Journal: what grows with it",
    heads: ["ms", "beyond"],
    lines: [...found].map(([name, ms]) => ({
      name,
      cells: [ms, name.startsWith("resume") ? ms - reading : ""],
    })),
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * What it takes to have a step on the disk, against the same bytes appended to a file and flushed:
 * `write` and `fdatasync` of a record of 200 bytes.
 */

import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { automation, execute, type Run } from "../src/automation/index.ts";
import { memoryJournal, sqliteJournal, type Journal } from "../src/journal/index.ts";
import { createJournalFile } from "../src/journal/sqlite-create.ts";
import { holdColumns, runColumns, stepColumns } from "../src/journal/sqlite-rows.ts";
import { prepareStatements } from "../src/journal/sqlite-statements.ts";
import { runOf, stepOf } from "./measure/records.ts";
import type { Case } from "./measure/compare.ts";
import { printTable } from "./measure/harness.ts";

const RECORD = "x".repeat(200);
/** So many side by side. */
const TOGETHER = 64;
/** Records in a batch, written one after another: some 20 ms, where a flush takes 0.2 ms. */
const SINGLE = 100;
const GROUPS = 10;
/** How long SQLite's log grows, in pages; a commit takes one or more. */
const PAGES_IN_LOG = 1_000;

// Within the checkout, for the usual place of temporary files may be no disk at all.
const home = join(import.meta.dirname, "..", ".holdfast");
mkdirSync(home, { recursive: true });
const folder = mkdtempSync(join(home, "bench-"));

/** One batch of `size` records by `write`; what one costs is in milliseconds. */
function timedBatch(name: string, size: number, write: () => void): Case {
  return {
    name,
    cost: () => {
      const startedAtMs = performance.now();
      write();
      return (performance.now() - startedAtMs) / size;
    },
    cells: ({ median }) => [1, 1_000 / median],
  };
}

/** `groups` flushes of `together` records each. */
function appending(name: string, groups: number, together: number): Case {
  const file = openSync(join(folder, "appended"), "a");
  const bytes = Buffer.from(RECORD.repeat(together));
  process.once("exit", () => closeSync(file));
  return timedBatch(name, groups * together, () => {
    for (let group = 0; group < groups; group++) {
      writeSync(file, bytes);
      fdatasyncSync(file);
    }
  });
}

/** The same as commits, in the journal's own mode. */
function inserting(name: string, groups: number, together: number): Case {
  const db = new DatabaseSync(join(folder, `inserted-${together}.db`));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE records (text TEXT)");
  const insert = db.prepare("INSERT INTO records VALUES (?)");
  // Until its log has been emptied once and is written over, each commit also makes the file longer.
  for (let record = 0; record < PAGES_IN_LOG; record++) insert.run(RECORD);
  return timedBatch(name, groups * together, () => {
    for (let group = 0; group < groups; group++) {
      db.exec("BEGIN IMMEDIATE");
      for (let record = 0; record < together; record++) insert.run(RECORD);
      db.exec("COMMIT");
    }
  });
}

/**
 * What the commits of a step cost by themselves: the journal's own statements, on records as a step
 * writes them, one commit for the intent and one for the result. `together` of them share each commit.
 */
function committing(name: string, groups: number, together: number): Case {
  const file = join(folder, `committed-${together}.db`);
  createJournalFile(file);
  const db = new DatabaseSync(file);
  db.exec("PRAGMA synchronous = FULL");
  const { insertRun, upsertStep } = prepareStatements(db);
  const lease = { renewedAtMs: 1, leaseMs: 1 };
  let batches = 0;
  return timedBatch(name, groups * together, () => {
    const runId = `batch-${batches++}`;
    const { fence, ...held } = { ...runColumns(runOf(runId)), ...holdColumns(runId, 1, "{}") };
    insertRun.run({ ...held, ...lease });
    for (let group = 0; group < groups; group++) {
      for (const value of [undefined, JSON.stringify(RECORD)]) {
        db.exec("BEGIN IMMEDIATE");
        for (let step = 0; step < together; step++) {
          const row = stepColumns(stepOf(runId, group * together + step, value));
          upsertStep.run({ id: runId, fence, ...row });
        }
        db.exec("COMMIT");
      }
    }
  });
}

type Body = (run: Run<unknown>) => Promise<unknown>;

const oneByOne: Body = async (run) => {
  for (let step = 0; step < SINGLE; step++) await run.step(`step ${step}`, () => RECORD);
};

const readOneByOne: Body = async (run) => {
  for (let step = 0; step < SINGLE; step++) await run.read(`read ${step}`, () => RECORD);
};

const sideBySide: Body = async (run) => {
  for (let group = 0; group < GROUPS; group++) {
    const steps = Array.from({ length: TOGETHER }, (_, step) => `step ${group}, ${step}`);
    await Promise.all(steps.map((step) => run.step(step, () => RECORD)));
  }
};

interface Steps {
  readonly journal: Journal;
  readonly body: Body;
  readonly size: number;
}

/**
 * Runs side by side, each of its own automation and as long as the one that runs alone, as one process
 * that serves many has them. Their beginnings and ends are in it.
 */
function running(name: string, journal: Journal): Case {
  let runs = 0;
  return {
    name,
    cost: async () => {
      const all = Array.from({ length: TOGETHER }, () =>
        automation(`${name} ${runs++}`, async (run) => {
          for (let step = 0; step < SINGLE; step++) await run.step(`step ${step}`, () => RECORD);
        }),
      );
      const startedAtMs = performance.now();
      await Promise.all(all.map((each) => execute(each, { journal })));
      return (performance.now() - startedAtMs) / (TOGETHER * SINGLE);
    },
    cells: ({ median }) => [2, 1_000 / median],
  };
}

/** Steps, each batch a run; the run's own beginning and end are left out. */
function stepping(name: string, { journal, body, size }: Steps): Case {
  const writeStep = journal.writeStep.bind(journal);
  let writes = 0;
  let ms = 0;
  journal.writeStep = (hold, step) => {
    writes++;
    return writeStep(hold, step);
  };
  // Each case has an automation of its own name, for one journal keeps them all apart by it.
  const measured = automation(name, async (run) => {
    writes = 0;
    const startedAtMs = performance.now();
    await body(run);
    ms = performance.now() - startedAtMs;
  });
  return {
    name,
    cost: async () => {
      await execute(measured, { journal });
      return ms / size;
    },
    cells: ({ median }) => [writes / size, 1_000 / median],
  };
}

function steppingIn(place: string, open: () => Journal): Case[] {
  const all = GROUPS * TOGETHER;
  return [
    stepping(`a read, ${place}`, { journal: open(), body: readOneByOne, size: SINGLE }),
    stepping(`a step, ${place}`, { journal: open(), body: oneByOne, size: SINGLE }),
    stepping(`64 steps at once, ${place}`, { journal: open(), body: sideBySide, size: all }),
    running(`a step of 64 runs at once, ${place}`, open()),
  ];
}

try {
  let files = 0;
  await printTable({
    name: "journal",
    title: "Journal: the time of a record, or a step",
    baseline: appending("append, fdatasync", SINGLE, 1),
    cases: [
      appending("64 appended, fdatasync", GROUPS, TOGETHER),
      inserting("node:sqlite: one row, one commit", SINGLE, 1),
      inserting("node:sqlite: 64 rows, one commit", GROUPS, TOGETHER),
      committing("the commits of a step by themselves", SINGLE, 1),
      committing("the commits of 64 steps by themselves", GROUPS, TOGETHER),
      ...steppingIn("SQLite", () => sqliteJournal(join(folder, `journal-${++files}.db`))),
      ...steppingIn("in memory", () => memoryJournal()),
    ],
    heads: ["writes", "per second"],
    unit: (ms) => `${Math.round(ms * 1e3)} µs`,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

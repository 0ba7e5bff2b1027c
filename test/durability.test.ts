/**
 * The promises of docs/durability.md: each test begins with the number of the sentence that it holds.
 * Those about damage are in durability-damage.test.ts, those about copies and old journals in
 * durability-copies.test.ts, those about a full disk in system.
 */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { automation, execute, type StepOptions } from "holdfast/automation";
import { seededDice } from "../src/core/dice.ts";
import {
  owner,
  refusal,
  runRecord,
  stepRecord,
  World,
} from "../src/journal/journal-fixtures.contract.ts";
import { sqliteJournal } from "../src/journal/index.ts";
import { dyingJournal } from "./dying-journal.ts";
import { commitEnds } from "./journal/flips.ts";
import { newFile, open, step } from "./journal/written.ts";
import { startJournalProcess } from "./journal-process.ts";

const ROOT = join(import.meta.dirname, "..");

test("the page and the tests have the same sentences", () => {
  const numbers = (text: string, pattern: RegExp): string[] =>
    [...new Set([...text.matchAll(pattern)].map(([, number = ""]) => number))].toSorted();
  const page = readFileSync(join(ROOT, "docs/durability.md"), "utf8");
  const tests = [
    "test/durability.test.ts",
    "test/durability-damage.test.ts",
    "test/durability-copies.test.ts",
    "test/system/durability.test.ts",
  ].map((file) => readFileSync(join(ROOT, file), "utf8"));

  const told = numbers(page, /^- \*\*(D\d+)\.\*\*/gm);

  expect(told.length).toBeGreaterThan(10);
  expect(numbers(tests.join("\n"), /\(\s*["`](D\d+) /g)).toEqual(told);
});

describe("killed at each commit", () => {
  const WRITES = [
    "claimed",
    ...[1, 2, 3].flatMap((number) => [`step-${number} begun`, `step-${number} completed`]),
    "ended",
    "released",
  ];

  function die(file: string, commit: number, moment: string): string[] {
    const program = join(ROOT, "test/journal/dying.ts");
    const { stdout } = spawnSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", program, file, String(commit), moment],
      { encoding: "utf8" },
    );
    return stdout.split("\n").slice(0, -1);
  }

  /** What the journal says of the run, as the process tells it. */
  async function found(file: string): Promise<string[]> {
    const journal = open(file);
    const run = await journal.findRun("run-1");
    if (run === undefined) return [];
    const steps = await journal.readSteps("run-1");
    const last = steps.at(-1);
    const whole = steps.flatMap(({ name, value }) => {
      const length = Number(name.slice(5)) * 3_000 + 2;
      return value === undefined || value.length === length ? [] : [`${name} is torn`];
    });
    const isReleased = (await journal.findHolder("run-1")) === undefined;
    const ended = run.status === "succeeded" ? ["ended"] : [];
    return [
      ...whole,
      ...(last === undefined ? [] : [`${last.name} ${last.status}`]),
      ...ended,
    ].concat(isReleased ? [] : ["held"]);
  }

  test.for(
    Array.from({ length: 10 }, (_, index) => index + 1).flatMap((commit) => [
      [commit, "before"] as const,
      [commit, "after"] as const,
    ]),
  )("D1 D2 commit %i, %s it", async ([commit, moment]) => {
    const file = newFile();

    const acknowledged = die(file, commit, moment);
    const said = await found(file);

    // The first commit makes the tables. What is acknowledged is one less than what was begun.
    const begun = commit - 1;
    expect(acknowledged).toEqual(WRITES.slice(0, Math.max(0, begun - 1)));
    const reached = WRITES.slice(0, moment === "after" ? begun : Math.max(0, begun - 1));
    const wanted = reached.filter((line) => line.startsWith("step-")).slice(-1);
    expect(said.filter((line) => line !== "held")).toEqual([
      ...wanted,
      ...(reached.includes("ended") ? ["ended"] : []),
    ]);
    const drafts = readdirSync(join(file, "..")).filter((name) => name.includes(".draft-"));
    expect(drafts).toEqual([]);
  });
});

test("D1 every commit waits for the disk", () => {
  const file = newFile();
  void open(file);
  const db = new DatabaseSync(file);
  const mode = db.prepare("PRAGMA journal_mode").get();
  db.close();

  // What one connection is set to only it can tell: src/journal/sqlite-file.test.ts asks it.
  expect(mode).toEqual({ journal_mode: "wal" });
});

test("D2 of writes that share a commit all are there, or none", async () => {
  const file = newFile();
  const journal = open(file);
  const { hold } = await journal.claim(runRecord(), owner(1));
  const plain = new DatabaseSync(file);
  plain.exec(`CREATE TRIGGER broken BEFORE INSERT ON steps WHEN new.name = 'step-3'
    BEGIN SELECT abs(-9223372036854775808); END`);

  const codes = await Promise.all(
    [1, 2, 3].map((position) => refusal(journal.writeStep(hold, step("run-1", position)))),
  );
  plain.exec("DROP TRIGGER broken");
  plain.close();

  expect([codes, await journal.readSteps("run-1")]).toEqual([
    ["JOURNAL_FAILED", "JOURNAL_FAILED", "JOURNAL_FAILED"],
    [],
  ]);
});

test("D3 the work of a step finds its intent on the disk, and the result of the one before", async () => {
  const file = newFile();
  const journal = open(file);
  const seen: string[][] = [];
  const look = (runId: string) => {
    // A connection of its own sees only what was committed.
    const other = new DatabaseSync(file, { readOnly: true });
    const rows = other
      .prepare(
        "SELECT name, record ->> '$.status' AS status FROM steps WHERE run_id = ? AND name <> ''",
      )
      .all(runId);
    other.close();
    seen.push(rows.map((row) => `${String(row["name"])} ${String(row["status"])}`));
  };
  const two = automation("two", async (run) => {
    await run.step("one", () => look(run.id));
    await run.step("two", () => look(run.id));
  });

  await execute(two, { journal });

  expect(seen).toEqual([["one begun"], ["one completed", "two begun"]]);
});

test("D4 of processes that begin a journal at once one makes it, and nobody finds an empty one", async () => {
  const files = Array.from({ length: 40 }, () => newFile());
  const starters = await Promise.all([1, 2, 3].map(() => startJournalProcess("open", ...files)));
  for (const starter of starters) starter.goOn();
  await Promise.all(starters.map((starter) => starter.heard(1)));

  // SQLite's own two files go with the last who closes: two who close in one moment leave them.
  const ofSqlite = ["holdfast.db-shm", "holdfast.db-wal"];
  const left = files.map((file) =>
    readdirSync(join(file, "..")).filter((name) => !ofSqlite.includes(name)),
  );
  expect([starters.map(({ lines }) => lines), left]).toEqual([
    [[], [], []],
    files.map(() => ["holdfast.db"]),
  ]);
});

test.for(["before", "after"] as const)(
  "D5 a step whose result is there is not done again, killed %s any write",
  async (side) => {
    const done: string[] = [];
    const three = automation("three", async (run) => {
      for (const name of ["a", "b", "c"]) {
        await run.step(name, () => void done.push(name), { repeatable: true });
      }
    });
    for (let write = 1; write <= 9; write++) {
      done.length = 0;
      const file = newFile();
      const journal = open(file);
      const death = Promise.withResolvers<void>();
      const dying = dyingJournal(journal, { write, side }, death.resolve);
      await Promise.race([execute(three, { journal: dying }), death.promise]);
      const [found] = await journal.findRuns();
      // It had fewer writes than that, and is over.
      if (found?.status === "succeeded") break;
      const finished = (await journal.readSteps(found?.id ?? ""))
        .filter(({ status, kind }) => status === "completed" && kind === "step")
        .map(({ name }) => name);
      const before = done.length;

      await execute(three, { journal: open(file) });

      expect(done.slice(before).filter((name) => finished.includes(name))).toEqual([]);
      expect(new Set(done)).toEqual(new Set(["a", "b", "c"]));
    }
  },
);

test.for<[name: string, options: StepOptions<number>, paid: string[], status: string]>([
  ["repeatable", { repeatable: true }, ["pay", "pay"], "succeeded"],
  ["undone before", { undo: () => undefined }, ["pay", "pay"], "succeeded"],
  ["found absent", { reconcile: () => "absent" }, ["pay", "pay"], "succeeded"],
  ["found", { reconcile: () => ({ value: 1 }) }, ["pay"], "succeeded"],
  ["none of these", {}, ["pay"], "in doubt"],
])("D6 a step that was cut off and is %s", async ([, options, paid, status]) => {
  const done: string[] = [];
  const pay = automation("pay", async (run) => {
    await run.step("pay", () => done.push("pay"), options);
  });
  const file = newFile();
  const journal = open(file);
  const death = Promise.withResolvers<void>();
  // The first write is the intent; it dies before the second, which is the result.
  const dying = dyingJournal(journal, { write: done.length + 2, side: "before" }, death.resolve);
  await Promise.race([execute(pay, { journal: dying }), death.promise]);

  const result = await execute(pay, { journal: open(file) });

  expect([done, result.status]).toEqual([[...paid], status]);
});

test("D7 a log that is cut off anywhere leaves the journal as it was after one of its commits", async () => {
  const file = newFile();
  const journal = sqliteJournal(file, { ballast: 0, isGone: () => true });
  const { hold } = await journal.claim(runRecord(), owner(1));
  for (let position = 1; position <= 8; position++) {
    await journal.writeStep(hold, step("run-1", position));
  }
  const log = readFileSync(`${file}-wal`);
  const base = readFileSync(file);
  await journal.close();
  const ends = commitEnds(log);
  const dice = seededDice("D7");

  for (let cut = 0; cut < 60; cut++) {
    const length = Math.floor(dice() * log.length);
    const copy = newFile();
    writeFileSync(copy, base);
    writeFileSync(`${copy}-wal`, log.subarray(0, length));
    const opened = sqliteJournal(copy, { ballast: 0, isGone: () => true });
    const run = await opened.findRun("run-1");
    const steps = await opened.readSteps("run-1");
    await opened.close();

    const commits = ends.filter((end) => end <= length).length;
    expect([run === undefined ? 0 : 1, steps.length]).toEqual([
      Math.min(commits, 1),
      Math.max(0, commits - 1),
    ]);
  }
});

test("D10 whoever lost its lease writes nothing more, however late it wakes up", async () => {
  const file = newFile();
  const world = new World();
  const [former, next] = [open(file, world.options), open(file, world.options)];
  const { hold } = await former.claim(runRecord(), owner(1));
  world.nowMs += 3_600_000;
  const { hold: taken } = await next.claim(runRecord({ id: "run-2" }), owner(2));
  await next.release(taken);

  const codes = [
    await refusal(former.writeStep(hold, stepRecord())),
    await refusal(former.writeRun(hold, runRecord({ status: "failed" }))),
    await refusal(former.renew(hold)),
  ];

  expect([codes, await next.readSteps("run-1"), (await next.findRun("run-1"))?.status]).toEqual([
    ["LEASE_LOST", "LEASE_LOST", "LEASE_LOST"],
    [],
    "running",
  ]);
});

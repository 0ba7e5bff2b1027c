/** The promises of docs/durability.md about what is saved, copies, old runs and older versions. */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { owner, refusal, runRecord, World } from "../src/journal/journal-fixtures.contract.ts";
import { backupJournal, saveJournal, sqliteJournal } from "../src/journal/index.ts";
import { holdfast, place } from "./cli-process.ts";
import { OLD_SCHEMA } from "./journal/old-schema.ts";
import { filesOf, newFile, open, root, step, written } from "./journal/written.ts";
import { startJournalProcess } from "./journal-process.ts";

function run(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

test("D15 what the doctor saves is all that can be read, and the journal stays as it is", async () => {
  const at = place();
  const file = join(at.home, "holdfast.db");
  mkdirSync(at.home, { mode: 0o700 });
  await written(file);
  breakTree(file, "steps");
  const before = filesOf(at.home);

  const looked = await holdfast(at, ["doctor"]);
  const saved = await holdfast(at, ["doctor", "--save", join(at.root, "saved.db")]);

  expect([looked.exitCode, saved.exitCode, filesOf(at.home)]).toEqual([74, 0, before]);
  expect(saved.stdout).toContain("2 runs, 5 steps, 1 shared values");
  expect(saved.stdout).toContain("run run-1 is unfinished");
  const journal = open(join(at.root, "saved.db"));
  expect([await journal.findRun("run-1"), await journal.readSteps("run-1")]).toEqual([
    runRecord(),
    [step("run-1", 1), step("run-1", 2)],
  ]);
});

/** Has the schema lead to a page that is none of the table's: its rows stand where they stood. */
function breakTree(file: string, table: string): void {
  const db = new DatabaseSync(file);
  db.enableDefensive(false);
  db.exec(`PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'state_twin')
    WHERE name = '${table}'`);
  db.close();
}

test("D15 nothing is saved over a file that is there, and a row that was changed is lost", async () => {
  const file = newFile();
  await written(file);
  run(file, "UPDATE steps SET record = '{}' WHERE run_id = 'run-0' AND position = 2");
  const target = newFile();
  writeFileSync(target, "mine");

  expect(() => saveJournal(file, target)).toThrow(`${target} is there already`);
  rmSync(target);
  const saved = saveJournal(file, target);

  expect(saved).toEqual({
    file: target,
    runs: 2,
    steps: 4,
    values: 1,
    unreadable: 1,
    lostCommits: 0,
    orphans: 0,
    unfinished: ["run-1"],
    incomplete: ["run-0"],
  });
});

test("D15 what stands only in the log is saved too, also where the journal is a link", async () => {
  const file = newFile();
  const journal = open(file);
  await journal.claim(runRecord(), owner(1));
  const link = newFile();
  symlinkSync(file, link);

  const saved = saveJournal(link, newFile());

  expect([saved.runs, saved.unfinished]).toEqual([1, ["run-1"]]);
});

test("D15 D16 nothing is put beside a log, which would be read into it", async () => {
  const file = newFile();
  await written(file);
  const target = newFile();
  writeFileSync(`${target}-wal`, "the newest writes of another journal");

  const refused = await refusal(backupJournal(file, target, { force: true }), "message");

  expect(refused).toContain(`${target}-wal is there, the newest writes of another journal`);
  expect(() => saveJournal(file, target)).toThrow(refused);
  expect(readdirSync(join(target, ".."))).toEqual(["holdfast.db-wal"]);
});

test("D15 where nothing can be saved to, it says so", async () => {
  const file = newFile();
  await written(file);

  expect(() => saveJournal(file, "/nowhere/saved.db")).toThrow(
    expect.objectContaining({
      code: "JOURNAL_FAILED",
      message: expect.stringContaining("/nowhere/saved.db cannot be written: ENOENT"),
    }),
  );
});

test("D16 a backup never takes the place of the journal's newest writes", async () => {
  const file = newFile();
  const journal = open(file);
  await journal.claim(runRecord(), owner(1));

  const refused = await refusal(backupJournal(file, `${file}-wal`, { force: true }), "message");

  expect(refused).toContain("is the journal itself, or its newest writes");
});

test("D16 a backup is one moment, made while others write", async () => {
  const file = newFile();
  const writer = await startJournalProcess("write", file);
  writer.goOn();
  await writer.heard(20);
  const target = join(root, "backup.db");

  for (let number = 0; number < 5; number++) {
    const heard = writer.lines.length;
    const { steps } = await backupJournal(file, target, { force: true });
    const copy = sqliteJournal(target, { ballast: 0 });
    const [found] = await copy.findRuns();
    const positions = (await copy.readSteps(found?.id ?? "")).map(({ position }) => position);
    await copy.close();

    // Steps are written in order, so one moment has no gaps; it has all that was told before.
    expect(positions).toEqual(Array.from({ length: steps }, (_, index) => index));
    expect(steps).toBeGreaterThanOrEqual(heard);
  }
  await writer.kill();
});

test("D16 a backup replaces nothing unless it is told to, and a damaged journal has none", async () => {
  const file = newFile();
  await written(file);
  const target = newFile();
  writeFileSync(target, "mine");

  const refused = await refusal(backupJournal(file, target), "message");
  const kept = readFileSync(target, "utf8");
  await backupJournal(file, target, { force: true });
  run(file, "UPDATE steps SET record = '{}' WHERE position = 2");
  const damaged = await refusal(backupJournal(file, `${target}-2`), "message");

  expect([refused, kept]).toEqual([expect.stringContaining("is there already"), "mine"]);
  expect(damaged).toContain(`Journal ${file} is damaged`);
  expect(existsSync(`${target}-2`)).toBe(false);
  expect(readdirSync(join(target, ".."))).toEqual(["holdfast.db"]);
  expect(await refusal(backupJournal(file, file, { force: true }), "message")).toContain(
    "is the journal itself",
  );
});

test("D17 runs that have not ended, or are held, are never pruned, whatever the index says", async () => {
  const file = newFile();
  await written(file);
  const world = new World();
  world.alive.add(2);
  const journal = open(file, world.options);
  await journal.claimRun("run-0", owner(2));
  // As a disk might: the columns say that the run that was cut off has ended.
  run(file, "UPDATE runs SET is_unfinished = 0, ended_at_ms = 1 WHERE id = 'run-1'");

  const pruned = await journal.prune({ endedBeforeMs: 1e15, keep: 0, limit: 10 });

  expect(pruned).toEqual([]);
});

describe("a journal of the first version", () => {
  function old(file: string): DatabaseSync {
    const db = new DatabaseSync(file);
    db.exec(OLD_SCHEMA);
    const insert = db.prepare(
      `INSERT INTO runs (id, automation, status, is_unfinished, started_at_ms, record, fence, owner,
        renewed_at_ms, lease_ms) VALUES (?, ?, ?, ?, ?, ?, 3, ?, ?, 30000)`,
    );
    const ended = runRecord({ id: "run-0", status: "succeeded", endedAtMs: 2_000 });
    insert.run("run-0", "nightly", "succeeded", 0, 1_000, JSON.stringify(ended), null, null);
    const open = JSON.stringify(runRecord());
    insert.run("run-1", "nightly", "running", 1, 1_000, open, JSON.stringify(owner(1)), 1_000_000);
    const steps = db.prepare(
      "INSERT INTO steps (run_id, task, name, position, record) VALUES (?, '', ?, ?, ?)",
    );
    for (const position of [1, 2]) {
      const record = step("run-1", position);
      steps.run("run-1", record.name, position, JSON.stringify(record));
    }
    return db;
  }

  test("D18 is brought up to this one with all that it holds, while another has it open", async () => {
    const file = newFile();
    const other = old(file);
    onTestFinished(() => other.close());
    const renew = other.prepare(
      "UPDATE runs SET renewed_at_ms = 7, lease_ms = 8 WHERE id = 'run-1'",
    );
    const world = new World();
    world.gone.add(1);

    const journal = open(file, world.options);
    const claim = await journal.claim(runRecord({ id: "run-2" }), owner(2));

    expect(claim).toEqual({
      hold: { runId: "run-1", fence: 5 },
      run: runRecord(),
      isNew: false,
      steps: [step("run-1", 1), step("run-1", 2)],
    });
    expect((await journal.findRun("run-0"))?.endedAtMs).toBe(2_000);
    // The older process finds its tables changed, and writes nothing.
    expect(() => renew.run()).toThrow("no such column: lease_ms");
  });

  test("D15 D16 is copied, saved and found well as it is", async () => {
    const at = place();
    const file = join(at.home, "holdfast.db");
    mkdirSync(at.home, { mode: 0o700 });
    old(file).close();

    const copied = await backupJournal(file, newFile());
    const target = newFile();
    const saved = saveJournal(file, target);
    const { exitCode, stdout } = await holdfast(at, ["doctor"]);

    expect([copied.runs, copied.steps, saved.runs, saved.steps]).toEqual([2, 2, 2, 2]);
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining("2 runs, 2 steps, which have no checksums yet"),
    ]);
    expect(await open(target).readSteps("run-1")).toEqual([step("run-1", 1), step("run-1", 2)]);
  });

  test("D15 a row that is not what its record says is not saved", () => {
    const file = newFile();
    old(file).close();
    run(
      file,
      `UPDATE steps SET name = 'other' WHERE position = 1;
      UPDATE steps SET record = '{' WHERE position = 2;
      UPDATE runs SET status = 'failed' WHERE id = 'run-0'`,
    );

    const { runs, steps, unreadable } = saveJournal(file, newFile());

    expect({ runs, steps, unreadable }).toEqual({ runs: 1, steps: 0, unreadable: 3 });
  });

  test("D18 stays as it is while an older holdfast runs something in it", () => {
    const file = newFile();
    old(file).close();
    const world = new World();
    world.alive.add(1);

    expect(() => open(file, world.options)).toThrow(
      `Journal ${file} is in use by an older holdfast (process 1 on alpha): start again when its run has ended`,
    );
    const db = new DatabaseSync(file);
    const version = db.prepare("PRAGMA user_version").get();
    db.close();
    expect(version).toEqual({ user_version: 1 });
  });
});

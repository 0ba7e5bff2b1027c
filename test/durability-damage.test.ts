/** The promises of docs/durability.md about damaged files. */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { owner, refusal, runRecord } from "../src/journal/journal-fixtures.contract.ts";
import { sqliteJournal, type SqliteJournal } from "../src/journal/index.ts";
import { SCHEMA_VERSION } from "../src/journal/sqlite-schema.ts";
import { holdfast, place } from "./cli-process.ts";
import { commitEnds, flipBits } from "./journal/flips.ts";
import { filesOf, newFile, open, root, step, written } from "./journal/written.ts";
import { startJournalProcess } from "./journal-process.ts";
import { isReadable, UNPRIVILEGED } from "./nobody.ts";

const ROOT = join(import.meta.dirname, "..");

test.for(["file", "log"] as const)(
  "D11 D12 D13 a bit that is flipped in the %s is noticed, or changes no answer",
  async (target) => {
    const seed = process.env["HOLDFAST_SEED"] ?? "2026";

    const { tally, wrong } = await flipBits(150, seed, target);

    expect({ seed, wrong }).toEqual({ seed, wrong: [] });
    expect(tally.noticed).toBeGreaterThan(20);
  },
);

test.for([
  [
    "a record of a run",
    "UPDATE runs SET record = replace(record, 'run-1', 'run-9') WHERE id = 'run-1'",
  ],
  ["the checksum of a run", "UPDATE runs SET checksum = checksum + 1"],
  ["the fence of a run", "UPDATE runs SET fence = fence + 1"],
  ["a record of a step", "UPDATE steps SET record = replace(record, 'value 2', 'value 3')"],
  [
    "a step's run",
    "UPDATE steps SET run_id = 'run-1', name = 'x' WHERE run_id = 'run-0' AND position = 3",
  ],
  ["a shared value", "UPDATE state SET value = 'gone'"],
] as const)("D11 changed, %s is an error", async ([, sql]) => {
  const file = newFile();
  await written(file);
  const plain = new DatabaseSync(file);
  plain.exec(sql);
  plain.close();
  const journal = open(file);

  const messages = [
    await refusal(journal.claim(runRecord(), owner(2)), "message"),
    await refusal(journal.readState("run/run-1/note"), "message"),
  ];

  expect(messages.filter((message) => message !== undefined)).toEqual([
    expect.stringContaining(`Journal ${file} is damaged: nothing was changed`),
  ]);
});

test.for([
  [
    "a run by its name",
    "sqlite_autoindex_runs_1",
    (journal: SqliteJournal) => journal.findRun("run-1"),
  ],
  [
    "a run by its lock",
    "one_unfinished",
    (journal: SqliteJournal) => journal.claim(runRecord({ id: "run-2" }), owner(2)),
  ],
  [
    "a step by its name",
    "sqlite_autoindex_steps_1",
    (journal: SqliteJournal) => journal.readSteps("run-1"),
  ],
  [
    "a step by its place",
    "steps_by_position",
    (journal: SqliteJournal) => journal.readSteps("run-1"),
  ],
  [
    "a shared value",
    "sqlite_autoindex_state_1",
    (journal: SqliteJournal) => journal.readState("run/run-1/note"),
  ],
] as const)("D12 %s that its index has lost is an error", async ([, index, ask]) => {
  const file = newFile();
  await written(file);
  emptyIndex(file, index);
  const journal = open(file);

  expect(await refusal(ask(journal), "message")).toContain(`Journal ${file} is damaged`);
  expect((await journal.findRuns()).length).toBe(2);
});

test.for([
  ["taken for one of a map's items", "steps_by_position", "\x17\x00", "\x17\x08"],
  ["in another place", "steps_by_position", "run-1\x02", "run-1\x0a"],
  ["of another task", "sqlite_autoindex_steps_1", "run-1item", "run-1itel"],
  ["of another run", "sqlite_autoindex_steps_1", "run-1item", "pun-1item"],
] as const)("D12 a step that its index has %s is an error", async ([, index, from, to]) => {
  const file = newFile();
  await written(file);
  const writer = sqliteJournal(file, { ballast: 0, isGone: () => true });
  const { hold } = await writer.claim(runRecord(), owner(1));
  await writer.writeStep(hold, { ...step("run-1", 3), task: "item" });
  await writer.close();
  changePage(file, index, (page) => page.write(to, page.indexOf(from, "latin1"), "latin1"));

  const messages = [
    await refusal(open(file).claim(runRecord(), owner(2)), "message"),
    await refusal(open(file).readSteps("run-1", { task: "item" }), "message"),
  ];

  expect(messages).toEqual([
    expect.stringContaining("the steps of run run-1 are not all found"),
    expect.stringContaining("the steps of run run-1 are not all found"),
  ]);
});

/** Leaves the page of a small index without entries, as it would be if it were empty. */
function emptyIndex(file: string, index: string): void {
  changePage(file, index, (page) => page.writeUInt16BE(0, 3));
}

function changePage(file: string, index: string, change: (page: Buffer) => unknown): void {
  const db = new DatabaseSync(file);
  const { rootpage } = db
    .prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?")
    .get(index) as { rootpage: number };
  db.close();
  const bytes = readFileSync(file);
  change(bytes.subarray((rootpage - 1) * 4_096, rootpage * 4_096));
  writeFileSync(file, bytes);
}

test("D13 a log with a broken place is refused before SQLite drops what follows", async () => {
  const file = newFile();
  const journal = sqliteJournal(file, { ballast: 0 });
  const { hold } = await journal.claim(runRecord(), owner(1));
  for (const position of [1, 2, 3]) await journal.writeStep(hold, step("run-1", position));
  const copy = newFile();
  copyFileSync(file, copy);
  copyFileSync(`${file}-wal`, `${copy}-wal`);
  await journal.close();
  const log = readFileSync(`${copy}-wal`);
  const [, second = 0] = commitEnds(log);
  log[second - 100] = (log[second - 100] ?? 0) ^ 1;
  writeFileSync(`${copy}-wal`, log);
  const before = filesOf(join(copy, ".."));

  expect(() => sqliteJournal(copy)).toThrow(
    /holdfast\.db-wal is broken at frame \d+, and at least 3 commits that were acknowledged are in it/,
  );
  expect(filesOf(join(copy, ".."))).toEqual(before);
});

test("D13 beside a process that writes, and begins its log anew, nobody sees a broken one", async () => {
  const file = newFile();
  const writer = await startJournalProcess("write", file);
  writer.goOn();
  await writer.heard(5);

  for (let look = 0; look < 150; look++) {
    await sqliteJournal(file).close();
    // So that what the writer tells is heard.
    await new Promise(setImmediate);
  }

  const count = writer.lines.length;
  await writer.kill();
  expect(count).toBeGreaterThan(5);
});

const UNUSABLE: readonly (readonly [
  name: string,
  spoil: (file: string) => unknown,
  problem: string,
])[] = [
  ["empty", (file) => truncateSync(file), "is empty, and a journal never is"],
  ["cut off", (file) => truncateSync(file, 20_000), "is damaged: nothing was changed"],
  ["cut off in its header", (file) => truncateSync(file, 50), "is damaged: nothing was changed"],
  ["no database", (file) => writeFileSync(file, "dear diary, ".repeat(500)), "is not a SQLite"],
  [
    "a newer holdfast's",
    (file) => run(file, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`),
    "was written by a newer holdfast",
  ],
  [
    "another program's",
    (file) => run(file, "PRAGMA application_id = 7"),
    "is another program's database",
  ],
  ["without a table", (file) => run(file, "DROP TABLE steps"), "its tables are not what they were"],
  ["a directory", (file) => (rmSync(file), mkdirSync(file)), "is a directory: name another file"],
  [
    "a link that leads nowhere",
    (file) => (rmSync(file), symlinkSync("/nowhere/x.db", file)),
    "is a symbolic link to /nowhere/x.db, which is not there",
  ],
  [
    "gone, and its log is there",
    (file) => (rmSync(file), writeFileSync(`${file}-wal`, "x")),
    "is gone, and its newest writes",
  ],
];

function run(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

test.for(UNUSABLE)(
  "D14 %s: an error of its own, and all is left as it was",
  async ([, spoil, problem]) => {
    const at = place();
    const file = join(at.home, "holdfast.db");
    mkdirSync(at.home, { mode: 0o700 });
    await written(file);
    spoil(file);
    const before = filesOf(at.home);

    const { exitCode, stdout, stderr } = await holdfast(at, ["runs"]);

    expect({ exitCode, stdout }).toEqual({ exitCode: 74, stdout: "" });
    expect(stderr).toMatch(/^holdfast: Journal /);
    expect(stderr).toContain(problem);
    expect(filesOf(at.home)).toEqual(before);
  },
);

test("D14 locked: a process that holds the file for too long is told of", async () => {
  const file = newFile();
  await written(file);
  const journal = open(file, { busyTimeout: "20ms" });
  const holder = new DatabaseSync(file);
  onTestFinished(() => holder.close());
  holder.exec("BEGIN IMMEDIATE");

  const claiming = journal.claim(runRecord(), owner(2));

  await expect(claiming).rejects.toThrow(`Journal ${file} is locked by another process`);
});

test.skipIf(!isReadable).for([
  ["a file", (file: string) => chmodSync(file, 0o444), "cannot be read and written by this user"],
  [
    "a directory",
    (file: string) => chmodSync(join(file, ".."), 0o555),
    "lies in a directory that this user cannot write to",
  ],
] as const)("D14 read-only, %s", async ([, protect, problem]) => {
  const file = newFile();
  await written(file);
  const program = `import { sqliteJournal } from ${JSON.stringify(join(ROOT, "src/journal/index.ts"))};
    try { sqliteJournal(${JSON.stringify(file)}); } catch (error) { console.log(error.code, error.message); }`;
  chmodSync(root, 0o755);
  chmodSync(join(file, ".."), 0o777);
  chmodSync(file, 0o666);
  protect(file);

  const { stdout } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program],
    { encoding: "utf8", ...UNPRIVILEGED },
  );

  chmodSync(join(file, ".."), 0o700);
  expect(stdout).toContain("JOURNAL_FAILED Journal ");
  expect(stdout).toContain(problem);
});

import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, onTestFinished, test } from "vitest";
import type { Journal } from "../core/journal.ts";
import { owner, refusal, runRecord, stepRecord, World } from "./journal-fixtures.contract.ts";
import { journalContract } from "./journal.contract.ts";
import type { LeaseOptions } from "./lease.ts";
import { SCHEMA_VERSION } from "./sqlite-schema.ts";
import { sqliteJournal, type SqliteJournal, type SqliteJournalOptions } from "./sqlite.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-journal-"));
afterAll(() => rmSync(root, { recursive: true }));
let files = 0;

/** A path where nothing is yet. */
function newFile(): string {
  return join(root, String(++files), "holdfast.db");
}

/** A journal that is closed when the test ends. */
function open(file: string, options: SqliteJournalOptions = {}): SqliteJournal {
  const journal = sqliteJournal(file, { ballast: 0, ...options });
  onTestFinished(() => journal.close());
  return journal;
}

/** The file as any other program sees it. */
function openPlain(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return db;
}

/** Without ballast: there are hundreds of them. */
const openNew = (options: LeaseOptions): Journal =>
  sqliteJournal(newFile(), { ...options, ballast: 0 });
journalContract("SQLite", openNew);

test("what was written is there after the file is opened again", async () => {
  const file = newFile();
  const first = sqliteJournal(file);
  const { hold } = await first.claim(runRecord(), owner(1));
  await first.writeStep(hold, stepRecord());
  await first.release(hold);
  await first.close();

  const claim = await open(file).claim(runRecord({ id: "run-2" }), owner(2));

  expect(claim).toEqual({
    hold: { runId: "run-1", fence: 2 },
    run: runRecord(),
    isNew: false,
    steps: [stepRecord()],
  });
});

test("two connections to one file share runs, leases and fences", async () => {
  const file = newFile();
  const world = new World();
  const [one, two] = [open(file, world.options), open(file, world.options)];
  const { hold } = await one.claim(runRecord(), owner(1));

  const refused = await refusal(two.claim(runRecord(), owner(2)));
  world.gone.add(1);
  await two.claim(runRecord(), owner(2));
  const lost = await refusal(one.writeStep(hold, stepRecord()));

  expect({ refused, lost, steps: await two.readSteps("run-1") }).toEqual({
    refused: "LEASE_HELD",
    lost: "LEASE_LOST",
    steps: [],
  });
});

test("a reader is not kept waiting by a writer, and sees only what was committed", async () => {
  const file = newFile();
  const journal = open(file, { busyTimeout: 0 });
  await journal.claim(runRecord(), owner(1));
  const writer = openPlain(file);
  writer.exec("BEGIN IMMEDIATE; DELETE FROM runs");

  expect(await journal.findRun("run-1")).toEqual(runRecord());
});

test("a journal is opened without waiting for a writer", async () => {
  const file = newFile();
  await open(file).claim(runRecord(), owner(1));
  openPlain(file).exec("BEGIN IMMEDIATE");

  const journal = open(file, { busyTimeout: 0 });

  expect(await journal.findRun("run-1")).toEqual(runRecord());
});

test("a writer that waits too long for another process says so, and writes nothing", async () => {
  const file = newFile();
  const journal = open(file, { busyTimeout: "20ms" });
  const { hold } = await journal.claim(runRecord(), owner(1));
  const writer = openPlain(file);
  writer.exec("BEGIN IMMEDIATE");

  const writes = ["a", "b"].map((name) => journal.writeStep(hold, stepRecord({ name })));
  const messages = await Promise.all(writes.map((write) => refusal(write, "message")));
  writer.exec("ROLLBACK");
  await journal.writeStep(hold, stepRecord({ name: "c" }));

  const steps = await journal.readSteps("run-1");
  const message = `Journal ${file} is locked by another process for longer than the busy timeout: see what has it open (fuser, lsof), end that, and start again (database is locked)`;
  expect({ messages, names: steps.map(({ name }) => name) }).toEqual({
    messages: [message, message],
    names: ["c"],
  });
});

test("when SQLite fails in the middle, no write of the group happened, and the next one does", async () => {
  const file = newFile();
  const journal = open(file);
  const { hold } = await journal.claim(runRecord(), owner(1));
  const plain = openPlain(file);
  plain.exec(`CREATE TRIGGER broken BEFORE INSERT ON steps WHEN new.name = 'b'
    BEGIN SELECT abs(-9223372036854775808); END`);

  const codes = await Promise.all(
    ["a", "b", "c"].map((name) => refusal(journal.writeStep(hold, stepRecord({ name })))),
  );
  plain.exec("DROP TRIGGER broken");
  await journal.writeStep(hold, stepRecord({ name: "d" }));

  const steps = await journal.readSteps("run-1");
  expect({ codes, names: steps.map(({ name }) => name) }).toEqual({
    codes: ["JOURNAL_FAILED", "JOURNAL_FAILED", "JOURNAL_FAILED"],
    names: ["d"],
  });
});

test("the directory and the files are for this user alone", async () => {
  const file = newFile();
  await open(file).claim(runRecord(), owner(1));

  const modes = ["..", "../holdfast.db", "../holdfast.db-wal", "../holdfast.db-shm"].map((name) =>
    (statSync(name === ".." ? join(file, "..") : join(file, name)).mode & 0o777).toString(8),
  );

  expect(modes).toEqual(["700", "600", "600", "600"]);
});

test("a directory and a file that are there keep their permissions", async () => {
  const file = newFile();
  open(file);
  chmodSync(join(file, ".."), 0o755);
  chmodSync(file, 0o640);

  open(file);

  const modes = [join(file, ".."), file].map((path) => (statSync(path).mode & 0o777).toString(8));
  expect(modes).toEqual(["755", "640"]);
});

test("once the last one has closed it, the journal is a single file", async () => {
  const file = newFile();
  const [one, two] = [sqliteJournal(file, { ballast: 0 }), sqliteJournal(file)];
  await one.claim(runRecord(), owner(1));
  await one.close();
  const between = readdirSync(join(file, ".."));
  await two.close();

  expect({ between: between.length, after: readdirSync(join(file, "..")) }).toEqual({
    between: 3,
    after: ["holdfast.db"],
  });
});

test("a file that is no database is refused and left as it is", () => {
  const file = newFile();
  mkdirSync(join(file, ".."));
  writeFileSync(file, "dear diary, ".repeat(100));

  expect(() => sqliteJournal(file)).toThrow(
    expect.objectContaining({
      code: "JOURNAL_FAILED",
      message: expect.stringContaining(
        `Journal ${file} is not a SQLite database, or its beginning is damaged: if it was a journal, nothing was changed; "holdfast doctor"`,
      ),
    }),
  );
  expect(statSync(file).size).toBe(1_200);
});

test.runIf(process.platform === "linux")("a file that is refused is let go of", () => {
  const noDatabase = newFile();
  mkdirSync(join(noDatabase, ".."));
  writeFileSync(noDatabase, "dear diary, ".repeat(100));
  const noSteps = newFile();
  void sqliteJournal(noSteps).close();
  const plain = openPlain(noSteps);
  plain.exec("DROP TABLE steps");
  plain.close();
  const isOpen = (file: string) =>
    readdirSync("/proc/self/fd").some((name) => {
      const path = join("/proc/self/fd", name);
      return existsSync(path) && readlinkSync(path) === file;
    });

  expect(() => sqliteJournal(noDatabase)).toThrow("is not a SQLite database");
  expect(() => sqliteJournal(noSteps)).toThrow(`Journal ${noSteps} is damaged`);
  expect([isOpen(noDatabase), isOpen(noSteps)]).toEqual([false, false]);
});

test("a relative path is told in full", () => {
  expect(() => sqliteJournal("package.json")).toThrow(
    `Journal ${join(process.cwd(), "package.json")} is not a SQLite database`,
  );
});

test("another program's database is refused and left as it is", () => {
  const file = newFile();
  mkdirSync(join(file, ".."));
  const plain = openPlain(file);
  plain.exec("CREATE TABLE customers (name)");

  expect(() => sqliteJournal(file)).toThrow(
    `Journal ${file} is another program's database: name another file, and leave this one alone`,
  );
  expect(plain.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "delete" });
});

test("a journal of a newer holdfast is refused", () => {
  const file = newFile();
  open(file);
  openPlain(file).exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);

  expect(() => sqliteJournal(file)).toThrow(
    `Journal ${file} was written by a newer holdfast (schema 3, known here up to 2): update holdfast, or name another file`,
  );
});

test("a damaged journal says what to do", async () => {
  const file = newFile();
  const journal = sqliteJournal(file);
  const { hold } = await journal.claim(runRecord(), owner(1));
  for (let index = 0; index < 50; index++) {
    await journal.writeStep(hold, stepRecord({ name: `step-${index}`, value: "x".repeat(1_000) }));
  }
  await journal.close();
  damage(file);

  const message = await refusal(open(file).readSteps("run-1"), "message");

  expect(message).toBe(
    `Journal ${file} is damaged: nothing was changed; "holdfast doctor" tells how far it is damaged, "holdfast doctor --save FILE" writes what can be read into a new journal, and docs/durability.md says how to go on (database disk image is malformed)`,
  );
});

test("a record that is damaged is an error, and a claim that meets it takes nothing", async () => {
  const file = newFile();
  const world = new World();
  const journal = open(file, world.options);
  const { hold } = await journal.claim(runRecord(), owner(1));
  await journal.writeStep(hold, stepRecord());
  const plain = openPlain(file);
  plain.exec("UPDATE steps SET record = '{'");
  world.gone.add(1);

  const message = await refusal(journal.claim(runRecord(), owner(2)), "message");

  expect({ message, fence: plain.prepare("SELECT fence FROM runs").get() }).toEqual({
    message: expect.stringMatching(
      /^Journal .* is damaged: .* \(the record of one step is not what was written\)$/,
    ),
    fence: { fence: 1 },
  });
});

test.for([
  ["lies under a file", (file: string) => writeFileSync(join(file, ".."), ""), "cannot be opened"],
  ["is a directory", (file: string) => mkdirSync(file, { recursive: true }), "is a directory"],
] as const)("a path that %s is an error that says what to check", ([, prepare, problem]) => {
  const file = newFile();
  prepare(file);

  expect(() => sqliteJournal(file)).toThrow(
    expect.objectContaining({
      code: "JOURNAL_FAILED",
      message: expect.stringContaining(`Journal ${file} ${problem}`),
    }),
  );
});

test.for<[file: unknown, options: object, message: string]>([
  ["", {}, "sqliteJournal.file: expected text that is not empty"],
  [undefined, {}, "sqliteJournal.file: expected the path of a file, received undefined"],
  [":memory:", {}, "sqliteJournal.file: expected a file; memoryJournal() keeps none"],
  ["a.db", { busyTimeout: "soon" }, "sqliteJournal.busyTimeout: expected a duration"],
  ["a.db", { lease: 0 }, "sqliteJournal.lease: expected a duration"],
  ["a.db", { timeout: 1 }, "sqliteJournal.timeout: unknown; known are clock, lease, isGone, bus"],
])("refuses %o with %o", ([file, options, message]) => {
  expect(() => sqliteJournal(file as string, options)).toThrow(message);
});

/** Overwrites the root page of the steps with what no page begins with. */
function damage(file: string): void {
  const page = 4_096;
  const db = new DatabaseSync(file);
  const { rootpage } = db
    .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'steps'")
    .get() as { rootpage: number };
  db.close();
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, Buffer.alloc(page, 0xff), 0, page, (rootpage - 1) * page);
  closeSync(descriptor);
}

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import type { Hold, Journal } from "../core/journal.ts";
import { ballastBytes, ballastFile, giveUpBallast, makeBallast } from "./ballast.ts";
import { owner, runRecord, stepRecord } from "./journal-fixtures.contract.ts";
import type { BallastEvent } from "./kept-ballast.ts";
import { sqliteJournal } from "./sqlite.ts";

const BYTES = 100_000;

function newFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-ballast-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, "holdfast.db");
}

test("ballast lies beside the journal, for this user alone, and cannot be compressed", () => {
  const file = newFile();

  const made = [makeBallast(file, BYTES), makeBallast(file, BYTES)];

  const ballast = ballastFile(file);
  expect([made, readdirSync(join(file, ".."))]).toEqual([[true, false], ["holdfast.ballast"]]);
  expect([statSync(ballast).mode & 0o777, statSync(ballast).blocks * 512 >= BYTES]).toEqual([
    0o600,
    true,
  ]);
  expect(gzipSync(readFileSync(ballast)).length).toBeGreaterThan(BYTES * 0.99);
});

test("ballast that is too small is made anew, and none is made of nothing", () => {
  const file = newFile();

  const made = [makeBallast(file, 0), makeBallast(file, 10), makeBallast(file, BYTES)];

  expect([made, ballastBytes(file)]).toEqual([[false, true, true], BYTES]);
});

test("where there is no room, or no directory, none is made, and nothing is left", () => {
  const file = newFile();

  const made = [makeBallast(file, 2 ** 50), makeBallast(join(file, "no/holdfast.db"), BYTES)];

  expect([made, readdirSync(join(file, ".."))]).toEqual([[false, false], []]);
});

test("it is given up once", () => {
  const file = newFile();
  makeBallast(file, BYTES);

  expect([giveUpBallast(file), giveUpBallast(file), existsSync(ballastFile(file))]).toEqual([
    BYTES,
    0,
    false,
  ]);
});

test("a journal has ballast from its first run on, and opening it makes none", async () => {
  const file = newFile();
  const journal = sqliteJournal(file);
  onTestFinished(() => journal.close());

  const before = ballastBytes(file);
  await journal.claim(runRecord(), owner(1));

  expect([before, ballastBytes(file)]).toEqual([0, 2 ** 20]);
});

test("what was given up to a full disk is told, and made again with the next renewal", async () => {
  const file = newFile();
  const told: BallastEvent[] = [];
  const journal = sqliteJournal(file, { ballast: BYTES, on: (event) => told.push(event) });
  onTestFinished(() => journal.close());
  const { hold } = await journal.claim(runRecord(), owner(1));
  await onceFull(() => journal.writeStep(hold, stepRecord()));
  const given = ballastBytes(file);

  await journal.renew(hold);

  const steps = await journal.readSteps("run-1");
  expect([given, ballastBytes(file), steps.length]).toEqual([0, BYTES, 1]);
  expect(told).toEqual([
    { type: "ballast.released", file, bytes: BYTES },
    { type: "ballast.restored", file, bytes: BYTES },
  ]);
});

/** Far more commits, of two or three pages each, than a short log takes. */
async function logBytesAfterMany(journal: Journal, hold: Hold, file: string): Promise<number> {
  for (let position = 1; position <= 150; position++) {
    await journal.writeStep(hold, stepRecord({ name: `step-${position}`, position }));
  }
  return statSync(`${file}-wal`).size;
}

/** A dozen commits: 50 pages, and those of the commit that came to them. */
const SHORT_LOG_BYTES = 60 * 4_120;

test("while its ballast is given up the log is kept short, and not afterwards", async () => {
  const file = newFile();
  const journal = sqliteJournal(file, { ballast: BYTES });
  onTestFinished(() => journal.close());
  const { hold } = await journal.claim(runRecord(), owner(1));
  await onceFull(() => journal.writeStep(hold, stepRecord()));

  const without = await logBytesAfterMany(journal, hold, file);
  await journal.renew(hold);
  const restored = await logBytesAfterMany(journal, hold, file);

  expect([without < SHORT_LOG_BYTES, restored > SHORT_LOG_BYTES]).toEqual([true, true]);
});

test.for([
  ["cannot be made", { ballast: BYTES }, true],
  ["was not asked for", { ballast: 0 }, false],
] as const)("where ballast %s the log is short: %o", async ([, options, isShort]) => {
  const file = newFile();
  // Nothing takes the place of a directory.
  mkdirSync(join(ballastFile(file), "in the way"), { recursive: true });
  const journal = sqliteJournal(file, options);
  onTestFinished(() => journal.close());
  const { hold } = await journal.claim(runRecord(), owner(1));

  const bytes = await logBytesAfterMany(journal, hold, file);

  expect(bytes < SHORT_LOG_BYTES).toBe(isShort);
});

/** Has the database fail once as it does on a full disk; the real one is in test/system. */
async function onceFull(write: () => Promise<void>): Promise<void> {
  const { DatabaseSync } = await import("node:sqlite");
  // oxlint-disable-next-line typescript/unbound-method -- called with `call` below
  const { exec } = DatabaseSync.prototype;
  let isFull = true;
  DatabaseSync.prototype.exec = function (sql: string): void {
    if (sql === "COMMIT" && isFull) {
      isFull = false;
      exec.call(this, "ROLLBACK");
      throw Object.assign(new Error("full"), { code: "ERR_SQLITE_ERROR", errcode: 13 });
    }
    exec.call(this, sql);
  };
  try {
    await write();
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
}

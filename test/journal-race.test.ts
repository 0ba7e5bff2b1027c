/** Real processes, because SQLite's locks and the owner's pid mean nothing within one. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { sqliteJournal } from "../src/journal/index.ts";
import { OLD_SCHEMA } from "./journal/old-schema.ts";
import { startJournalProcess } from "./journal-process.ts";

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-race-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** What each of several processes tells that do the same at the same time. */
async function race(count: number, ...args: readonly string[]) {
  const racers = await Promise.all(
    Array.from({ length: count }, () => startJournalProcess(...args)),
  );
  for (const racer of racers) racer.goOn();
  // All of them stay until the last is done: a claim of a process that has ended is free again.
  await Promise.all(racers.map((racer) => racer.heard(Infinity)));
  await Promise.all(racers.map((racer) => racer.kill()));
  return racers.map(({ lines }) => lines);
}

test("of two processes that claim fifty automations, exactly one wins each", async () => {
  const file = join(temporaryDirectory(), "holdfast.db");

  const won = await race(2, "claim", file, "50");

  const all = Array.from({ length: 50 }, (_, index) => `automation-${index}`);
  expect(won.flat().toSorted()).toEqual(all.toSorted());
});

test("processes that open a journal for the first time at once all get it", async () => {
  const directory = temporaryDirectory();
  const files = Array.from({ length: 20 }, (_, index) => join(directory, `${index}.db`));

  const complaints = await race(4, "open", ...files);

  expect(complaints).toEqual([[], [], [], []]);
});

test("a journal of an older version waits for another process that writes to it", async () => {
  const file = join(temporaryDirectory(), "holdfast.db");
  const old = new DatabaseSync(file);
  old.exec(OLD_SCHEMA);
  old.close();
  const maker = await startJournalProcess("hold", file);
  maker.goOn();
  await maker.heard(1);

  expect(() => sqliteJournal(file, { busyTimeout: 0 })).toThrow("is locked by another process");
  maker.goOn();
  const journal = sqliteJournal(file);
  onTestFinished(() => journal.close());

  expect(await journal.findRuns()).toEqual([]);
});

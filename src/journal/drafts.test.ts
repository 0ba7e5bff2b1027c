import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { backupJournal, sqliteJournal } from "./index.ts";
import { draftOf, sweepDrafts } from "./drafts.ts";

const DAY_MS = 24 * 3_600_000;

function place(): string {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-drafts-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A draft's name as a process of this machine wrote it that is gone by now. */
function draftOfTheDead(file: string): string {
  const program = `
    import { draftOf } from ${JSON.stringify(join(import.meta.dirname, "drafts.ts"))};
    process.stdout.write(draftOf(${JSON.stringify(file)}));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program]);
  return String(stdout);
}

function write(file: string): string {
  writeFileSync(file, "half");
  return basename(file);
}

test("drafts of processes that are gone are removed, and nothing else is", () => {
  const directory = place();
  const file = join(directory, "holdfast.db");
  const dead = draftOfTheDead(file);
  for (const path of [
    dead,
    `${dead}-journal`,
    draftOfTheDead(join(directory, "holdfast.ballast")),
  ]) {
    write(path);
  }
  const kept = [
    write(draftOf(file)),
    write(draftOfTheDead(join(directory, "other.db"))),
    write(join(directory, "holdfast.db.draft-of-mine")),
    write(file),
  ];

  sweepDrafts(file, 0);

  expect(readdirSync(directory).toSorted()).toEqual(kept.toSorted());
});

test("a draft of another machine is given up after a day", () => {
  const directory = place();
  const file = join(directory, "holdfast.db");
  const draft = join(directory, "holdfast.db.draft-0123456789ab-1-77-01234567");
  write(draft);
  utimesSync(draft, 0, 0);

  sweepDrafts(file, DAY_MS);
  const after = readdirSync(directory);
  sweepDrafts(file, DAY_MS + 1);

  expect([after, readdirSync(directory)]).toEqual([[basename(draft)], []]);
});

test("whoever opens a journal, or backs one up, removes what was left there", async () => {
  const directory = place();
  const file = join(directory, "holdfast.db");
  write(draftOfTheDead(file));
  write(draftOfTheDead(join(directory, "copy.db")));

  const journal = sqliteJournal(file);
  await journal.close();
  await backupJournal(file, join(directory, "copy.db"));

  expect(readdirSync(directory).toSorted()).toEqual(["copy.db", "holdfast.db"]);
});

test("a directory that cannot be read is left alone", () => {
  expect(() => sweepDrafts("/nowhere/holdfast.db", 0)).not.toThrow();
});

/** Journals for the tests of docs/durability.md, each in a directory of its own, in memory where that can be had. */

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, onTestFinished } from "vitest";
import type { StepRecord } from "../../src/core/journal.ts";
import { owner, runRecord, stepRecord } from "../../src/journal/journal-fixtures.contract.ts";
import {
  sqliteJournal,
  type SqliteJournal,
  type SqliteJournalOptions,
} from "../../src/journal/index.ts";
import { FAST_PLACE } from "./flips.ts";

export const root = mkdtempSync(join(FAST_PLACE, "holdfast-durability-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let places = 0;

/** A path where nothing is yet. */
export function newFile(): string {
  const directory = join(root, String(++places));
  mkdirSync(directory, { mode: 0o700 });
  return join(directory, "holdfast.db");
}

/** A journal that is closed when the test ends. */
export function open(file: string, options: SqliteJournalOptions = {}): SqliteJournal {
  const journal = sqliteJournal(file, { ballast: 0, isGone: () => true, ...options });
  onTestFinished(() => journal.close());
  return journal;
}

/** A journal with a run of three steps that ended, and one of two that was cut off. */
export async function written(file: string): Promise<void> {
  const journal = sqliteJournal(file, { ballast: 0 });
  const ended = await journal.claim(runRecord({ id: "run-0", automation: "weekly" }), owner(1));
  for (const position of [1, 2, 3]) {
    await journal.writeStep(ended.hold, step("run-0", position));
  }
  const end = { status: "succeeded", endedAtMs: 2_000 } as const;
  await journal.writeRun(ended.hold, runRecord({ id: "run-0", automation: "weekly", ...end }));
  await journal.release(ended.hold);
  const { hold } = await journal.claim(runRecord(), owner(1));
  for (const position of [1, 2]) await journal.writeStep(hold, step("run-1", position));
  await journal.writeState({ key: "run/run-1/note", value: "here", atMs: 1 });
  await journal.close();
}

/** A step that completed. */
export function step(runId: string, position: number): StepRecord {
  const value = JSON.stringify(`value ${position} `.repeat(100));
  return stepRecord({ runId, name: `step-${position}`, position, status: "completed", value });
}

/** All that lies in a directory, by name. */
export function filesOf(directory: string): Record<string, string> {
  const names = readdirSync(directory, { withFileTypes: true }).filter((each) => each.isFile());
  return Object.fromEntries(
    names.map(({ name }) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(directory, name)))
        .digest("hex"),
    ]),
  );
}

/** Real processes and `kill -9`, because the promise is about those. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { seededDice } from "../src/core/dice.ts";
import { sqliteJournal } from "../src/journal/index.ts";
import { crashValue } from "./journal-child.ts";
import { startJournalProcess } from "./journal-process.ts";

const KILLS = 8;

test("after kill -9 in mid-write the journal is whole and holds every acknowledged write", async () => {
  const seed = process.env["HOLDFAST_SEED"] ?? "2026";
  const dice = seededDice(seed);
  const directory = mkdtempSync(join(tmpdir(), "holdfast-crash-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "holdfast.db");
  const acknowledged = new Set<number>();

  for (let kill = 1; kill <= KILLS; kill++) {
    // The same file again: the next process takes the run over, for its owner is gone.
    const writer = await startJournalProcess("write", file);
    writer.goOn();
    await writer.heard(1 + Math.floor(dice() * 120));
    await writer.kill();
    for (const line of writer.lines) acknowledged.add(Number(line));

    const { numbers, damage } = await inspect(file);
    const lost = [...acknowledged].filter((number) => !numbers.includes(number));
    expect({ seed, kill, lost, damage }).toEqual({ seed, kill, lost: [], damage: [] });
  }
  expect(acknowledged.size).toBeGreaterThan(KILLS);
});

/** The steps that are there, and what is wrong with the file or with them. */
async function inspect(file: string) {
  const journal = sqliteJournal(file);
  const [run] = await journal.findRuns();
  const steps = await journal.readSteps(run?.id ?? "");
  await journal.close();
  const db = new DatabaseSync(file);
  const checks = db.prepare("PRAGMA integrity_check").all();
  db.close();
  const numbers = steps.map(({ position }) => position);
  return {
    numbers,
    damage: [
      ...steps.filter(({ position, value }) => value !== crashValue(position)),
      ...checks.filter((check) => check["integrity_check"] !== "ok"),
      // Steps are written in order, so what is there has no gaps.
      ...numbers.filter((number, index) => number !== index),
    ],
  };
}

/** One reads a shared value while another one writes and deletes it all the time. */

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { sqliteJournal } from "holdfast/journal";

const TIMES = 1_500;

test("a value that comes and goes is there or not, and never taken for damage", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-race-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "holdfast.db");
  const journal = sqliteJournal(file);
  const writer = new Worker(new URL("fixtures/journal/comes-and-goes.ts", import.meta.url), {
    workerData: { file, times: TIMES },
  });
  let exitCode: number | undefined;
  void once(writer, "exit").then(([code]) => (exitCode = code as number));

  const seen = new Set<string | undefined>();
  while (exitCode === undefined) {
    for (let read = 0; read < 100; read++) seen.add((await journal.readState("x"))?.value);
    // The end of the other one is told when the event loop turns.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await journal.close();

  expect([exitCode, seen]).toEqual([0, new Set(["here", undefined])]);
});

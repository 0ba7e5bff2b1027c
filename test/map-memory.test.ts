/** A map of many items takes as much memory as one of few: real processes, and a journal on the disk. */

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const CHILD = join(import.meta.dirname, "map-child.ts");
const folder = mkdtempSync(join(tmpdir(), "holdfast-map-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Far more than it takes on a busy machine. */
const SLOW = { timeout: 240_000 };

/** Far less than the items would take that are more: 20 MB of records, and far more of promises. */
const SOME_MB = 12_000_000;

interface Told {
  readonly succeeded: number;
  readonly begun: number;
  readonly most: number;
}

async function run(file: string, ...words: string[]): Promise<Told> {
  const args = ["--expose-gc", CHILD, join(folder, file), ...words];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Told;
}

test("ten times the items, first and after a kill, within some megabytes", SLOW, async () => {
  const few = await run("few.db", "2000");
  const many = await run("many.db", "20000");
  await expect(run("killed.db", "20000", "15000")).rejects.toMatchObject({ signal: "SIGKILL" });
  const resumed = await run("killed.db", "20000");

  expect([few.succeeded, many.succeeded, resumed.succeeded]).toEqual([2_000, 20_000, 20_000]);
  expect(many.most - few.most).toBeLessThan(SOME_MB);
  expect(resumed.most - few.most).toBeLessThan(SOME_MB);
  expect(resumed.begun).toBeLessThan(7_000);
});

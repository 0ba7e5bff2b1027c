/** The main example passes its own rehearsal: every step, every fault, `tar` that fails, a disk that is full. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place } from "../cli-process.ts";

const BACKUP = join(import.meta.dirname, "../../examples/nightly-backup/nightly-backup.ts");

/** Some hundred and fifty runs, each of two processes or more. */
const LIMIT_MS = 900_000;

test("the nightly backup leaves nothing and ends complete", { timeout: LIMIT_MS }, async () => {
  const { exitCode, stdout } = await holdfast(place(), ["rehearse", BACKUP], {}, LIMIT_MS);

  expect(stdout).not.toContain("NOT OK");
  expect(Number(/(\d+)\/\1 rehearsed runs/.exec(stdout)?.[1])).toBeGreaterThan(140);
  expect(exitCode).toBe(0);
});

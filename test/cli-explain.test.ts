/** `holdfast explain` as a process, for it reads its standard input. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "../src/cli/main.ts");

function explain(words: readonly string[], input: string) {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, "explain", ...words], {
    encoding: "utf8",
    input,
  });
  return { status, first: stdout.split("\n").slice(0, 2) };
}

const RECORD = JSON.stringify({
  event: { action: "attempt.failed" },
  holdfast: { fault: { class: "transient", code: "ECONNRESET", effect: "unknown" } },
});

test.for<[words: string[], input: string, first: string[], status: number]>([
  [
    [],
    "tar: x: Cannot write: No space left on device\n",
    ["what it wrote", "  fault    degraded, effect partial, code ENOSPC"],
    0,
  ],
  [
    ["-"],
    `${RECORD}\n{"message":"and so on"}\n`,
    ["attempt.failed with ECONNRESET", "  fault    transient, effect unknown, code ECONNRESET"],
    0,
  ],
  [["-"], "28 curl\n", ["exit code 28 of curl", expect.stringContaining("timeout")], 0],
  [
    [],
    "nobody knows this, however long it may be",
    [
      "unknown: nothing here fits it",
      "By default it is tried once more, and stays failed then. To be told more, hand over what the",
    ],
    1,
  ],
  [[], "", [""], 2],
  [[], "\n", [""], 2],
])("explain %j with %j on its standard input", ([words, input, first, status]) => {
  expect(explain(words, input)).toEqual({ status, first });
});

/** `holdfast lint` as a process, and whether its page lists its rules. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AUTOMATION_RULES } from "../src/advise/lint/automation-rules.ts";
import { SHELL_RULES } from "../src/advise/lint/shell.ts";
import { holdfast, place } from "./cli-process.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../docs/lint.md"), "utf8");

test("the page lists every rule with its severity, and no other", () => {
  const rows = [...PAGE.matchAll(/^\| `([\w-]+)` \| (\w+) \|/gm)].map(([, id, severity]) => [
    id,
    severity,
  ]);

  expect(rows).toEqual(
    [...SHELL_RULES, ...AUTOMATION_RULES].map(({ id, severity }) => [id, severity]),
  );
});

test.for([
  ["a script", "curl x\n", "-:1:1  error  curl-fail"],
  ["a crontab", "@daily date +%F\n", "-:1:14  error  cron-percent"],
  [
    "an automation",
    'import { automation } from "holdfast/automation";\nautomation("a", (run) => { run.sleep("s", 1); });\n',
    "-:2:28  error  floating-step",
  ],
])("the standard input may be %s", ([, input, first]) => {
  const main = join(import.meta.dirname, "../src/cli/main.ts");

  const { status, stdout } = spawnSync(process.execPath, [main, "lint", "-"], {
    input,
    encoding: "utf8",
  });

  expect([status, stdout.slice(0, first?.length)]).toEqual([1, first]);
});

test.for<[words: string[], exitCode: number, stderr: RegExp]>([
  [["none.sh"], 78, /^holdfast: none\.sh: there is no such file\n/],
  [["--max-warnings", "x", "a"], 2, /^holdfast lint: --max-warnings: expected a whole number/],
  [["--format", "xml", "a"], 2, /^holdfast lint: --format: expected text or github/],
])("%j exits with %i", async ([words, exitCode, stderr]) => {
  const ended = await holdfast(place(), ["lint", ...words]);

  expect([ended.exitCode, ended.stdout, ended.stderr]).toEqual([
    exitCode,
    "",
    expect.stringMatching(stderr),
  ]);
});

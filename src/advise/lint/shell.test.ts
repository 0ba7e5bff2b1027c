import fc from "fast-check";
import { expect, test } from "vitest";
import { isCrontab } from "./crontab.ts";
import { HINTS, TOLD, UNTOLD } from "./shell-cases.contract.ts";
import { lintCrontab, lintShell, SHELL_RULES, shellOf } from "./shell.ts";

/** `rule line`, of errors and warnings, and of hints where they are asked for by their rule. */
function found(text: string, hint = ""): string[] {
  return lintShell(text)
    .filter(({ severity, rule }) => severity !== "hint" || rule === hint)
    .map(({ rule, line }) => `${rule} ${line}`);
}

test.for(TOLD)("%s is told of each of its scripts", ([rule, ...scripts]) => {
  const missed = scripts.filter((script) => !found(script).some((each) => each.startsWith(rule)));

  expect(missed).toEqual([]);
});

test.for(HINTS)("the hint %s", ([hint, bad, good]) => {
  const isTold = (script: string) => found(script, hint).some((each) => each.startsWith(hint));

  expect([bad.filter((each) => !isTold(each)), good.filter(isTold)]).toEqual([[], []]);
});

test.for(UNTOLD)("nothing is told of %j", (scripts) => {
  const told = scripts
    .map((script) => [script, found(script)])
    .filter(([, each]) => each?.length !== 0);

  expect(told).toEqual([]);
});

test("where it stands is found however many there are, and comments of many spaces end", () => {
  const lines = 20_000;
  const script = "curl x\n".repeat(lines) + `ls # holdfast-lint-ignore${" ".repeat(lines)}!`;

  const told = found(script).filter((each) => each.startsWith("curl"));

  expect([told.length, told[0], told.at(-1)]).toEqual([lines, "curl-fail 1", `curl-fail ${lines}`]);
});

test("a problem says where, what and what to do", () => {
  expect(lintShell('#!/bin/sh\n  rm -rf "$DIR"/*\n')).toEqual([
    {
      rule: "remove-variable",
      severity: "error",
      line: 2,
      column: 3,
      says: "when DIR is empty, this removes /*",
      fix: "write ${DIR:?}, which ends the script when it is empty",
    },
  ]);
});

test.for([
  ["#!/bin/bash", "set -o pipefail"],
  ["#!/bin/sh", expect.stringMatching(/^this sh may have no pipefail/)],
])("%s is told how to see a pipe's failure", ([first, fix]) => {
  expect(lintShell(`${first}\ntar c . | gzip > x`)).toMatchObject([{ rule: "pipe-status", fix }]);
});

test.for([
  ["", "bash"],
  ["#!/bin/sh", "sh"],
  ["#!/usr/bin/env bash", "bash"],
  ["#!/bin/dash -e", "sh"],
  ["#!/usr/bin/env python3", undefined],
  ["#!/bin/zsh", undefined],
  ["#!/usr/bin/fish", undefined],
] as const)("%j is for %s", ([first, shell]) => {
  expect(shellOf(`${first}\n`)).toBe(shell);
});

test.for<[says: string, text: string, rules: string[]]>([
  ["behind it", "curl x # holdfast-lint-ignore curl-fail: the page is what we want", []],
  ["above it", "# holdfast-lint-ignore curl-fail: it is\n# shellcheck disable=SC1\ncurl x", []],
  ["of several rules", "curl x | ssh -T h # holdfast-lint-ignore curl-fail, pipe-status: so", []],
  ["of another rule", "curl x # holdfast-lint-ignore psql-stop: so", ["curl-fail 1"]],
  ["of another line", "curl x # holdfast-lint-ignore curl-fail: so\ncurl y", ["curl-fail 2"]],
  ["without a reason", "curl x # holdfast-lint-ignore curl-fail", ["curl-fail 1", "lint-ignore 1"]],
  [
    "with an empty one",
    "curl x # holdfast-lint-ignore curl-fail: ",
    ["curl-fail 1", "lint-ignore 1"],
  ],
  ["without a rule", "curl x # holdfast-lint-ignore", ["curl-fail 1", "lint-ignore 1"]],
  ["of a rule that is none", "ls # holdfast-lint-ignore curl: so", ["lint-ignore 1"]],
])("a comment %s", ([, text, rules]) => {
  expect(found(text).filter((each) => !each.startsWith("unnoticed"))).toEqual(rules);
});

const CRONTAB = `# nightly
SHELL=/bin/sh
MAILTO=root

0 3 * * 1-5 pg_dump app | gzip > /var/backups/$(date +%F).gz
@daily /usr/local/bin/job > /dev/null 2>&1
*/5 * * * * curl -fs x &> /dev/null
0 4 * jan,feb mon date +\\%F
`;

test("a crontab's lines are scripts, and have rules of their own", () => {
  const problems = lintCrontab(CRONTAB, { hasUsers: false }).filter(
    ({ severity }) => severity !== "hint",
  );

  expect(problems.map(({ rule, line, column }) => [rule, line, column])).toEqual([
    ["pipe-status", 5, 13],
    ["cron-percent", 5, 55],
    ["cron-silenced", 6, 27],
    ["cron-silenced", 7, 24],
  ]);
});

test("in a machine's own crontab a user's name stands before the command", () => {
  const line = "17 * * * * root curl x\n";

  expect(lintCrontab(line, { hasUsers: true })[0]).toMatchObject({ rule: "curl-fail", column: 17 });
  expect(lintCrontab(line, { hasUsers: false })).toEqual([]);
});

test.for([
  [CRONTAB, true],
  ["# only a comment\n", false],
  ["A=1\n", false],
  ["curl x\n", false],
  ["0 3 * * * a\nls\n", false],
  ["echo 1 2 3 4 5 6\n", false],
] as const)("%j is a crontab: %s", ([text, is]) => {
  expect(isCrontab(text)).toBe(is);
});

test("every rule says what happens and what to do, in a line without a full stop, under its own name", () => {
  const ids = SHELL_RULES.map(({ id }) => id);
  const texts = SHELL_RULES.flatMap(({ why, fix }) => [why, fix]);

  expect(new Set(ids).size).toBe(ids.length);
  expect(texts.filter((text) => !/^[^\n]{3,250}[^.\n]$/.test(text))).toEqual([]);
});

test("whatever it is given, it answers problems that stand in it", () => {
  const words = fc.constantFrom(
    "curl",
    "|",
    "&&",
    "||",
    ";",
    "\n",
    "$(",
    ")",
    "`",
    '"',
    "'",
    "rm -rf",
    "$X/",
    "set -e",
    "if",
    "then",
    "fi",
    "<<E",
    "E",
    "{",
    "}",
    "&",
    "wait",
    "bash -c",
    "sudo",
    "-",
    "--",
    "${",
    ":?",
    "psql",
    "< f",
    "%",
    "#",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((each) => each.join(" ")),
      ),
      (text) => {
        const lines = text.split("\n").length;

        const outside = lintShell(text).filter(
          ({ line, column }) => line < 1 || line > lines || column < 1,
        );

        expect(outside).toEqual([]);
      },
    ),
    { numRuns: 2_000 },
  );
});

test.for<[says: string, text: string, found: string[]]>([
  ["CR LF", "#!/bin/sh\r\ncurl x\r\nif true; then\r\n  ls\r\nfi\r\n", ["syntax 1", "curl-fail 2"]],
  ["a byte order mark", "\uFEFF#!/bin/sh\ncurl x", ["syntax 1", "curl-fail 2"]],
  [
    "another language behind exec",
    '#!/bin/sh\ncurl x\nexec python3 "$0"\nif true:\n',
    ["curl-fail 2"],
  ],
  ["an archive behind exit", "#!/bin/sh\ncurl x\nexit 0\n((`\0'\n", ["curl-fail 2"]],
  [
    "another language behind nothing",
    "#!/bin/sh\ncurl x\nexec > log\nif true; then\n",
    ["syntax 5"],
  ],
])("of a script with %s the rest is judged", ([, text, rules]) => {
  expect(found(text).filter((each) => !each.startsWith("unnoticed"))).toEqual(rules);
});

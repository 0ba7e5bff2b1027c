/** docs/policies/capabilities.md is true: whatever it says is here has a test, and that test exists. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const LIBRARIES = [
  "p-retry",
  "async-retry",
  "cockatiel",
  "opossum",
  "tenacity",
  "backoff",
  "stamina",
  "urllib3",
  "Polly",
  "resilience4j",
  "failsafe-go",
];

interface Row {
  readonly capability: string;
  readonly libraries: readonly string[];
  readonly here: string;
  readonly shown: string;
}

const rows = readRows(readFileSync(join(ROOT, "docs/policies/capabilities.md"), "utf8"));

function readRows(page: string): Row[] {
  return page
    .split("\n")
    .filter((line) => /^\| (?!capability |---)/.test(line))
    .map((line) => {
      const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      const [, capability = "", libraries = "", here = "", shown = ""] = cells;
      return { capability, libraries: libraries.split(", "), here, shown };
    });
}

/** The tests that a cell names, as in `` `retry.test.ts` "failed work runs again" ``. */
function testsIn(cell: string): { file: string; name: string }[] {
  return [...cell.matchAll(/`([\w./-]+\.test\.ts)` "([^"]+)"/g)].map(
    ([, file = "", name = ""]) => ({
      file: file.includes("/") ? file : `src/policies/${file}`,
      name,
    }),
  );
}

/**
 * Whether a test has this name: it stands first in a call or, where a table gives tests their names, in
 * a row.
 */
function hasTest(file: string, name: string): boolean {
  const path = join(ROOT, file);
  if (!existsSync(path)) return false;
  const source = readFileSync(path, "utf8");
  return ['"', "`"].some((quote) => {
    const named = RegExp.escape(`${quote}${name}${quote},`);
    return (
      new RegExp(`\\(\\s*${named}`).test(source) ||
      (source.includes("%s") && new RegExp(`\\[\\s*${named}`).test(source))
    );
  });
}

test("every test that the table of capabilities names exists", () => {
  const missing = rows.flatMap(({ capability, shown }) =>
    testsIn(shown)
      .filter(({ file, name }) => !hasTest(file, name))
      .map(({ file, name }) => `${capability}: ${file} has no test "${name}"`),
  );

  expect(missing).toEqual([]);
});

test("each capability is here, and shown by a test", () => {
  const wrong = rows
    .filter(({ here, shown }) => /^\W*no\b\W*(?:;|$)/i.test(here) || testsIn(shown).length === 0)
    .map(({ capability }) => capability);

  expect(wrong).toEqual([]);
});

test("docs/policies.md says how many capabilities each library has in the table", () => {
  const page = readFileSync(join(ROOT, "docs/policies.md"), "utf8");
  const said = page.matchAll(/^\| (\S+) +\| +(\d+) \|$/gm);
  const counted = LIBRARIES.map((name) => [
    name,
    rows.filter(({ libraries }) => libraries.includes(name)).length,
  ]);

  expect([...said].map(([, name, count]) => [name, Number(count)])).toEqual(counted);
});

test("the table speaks of each library, and of no other", () => {
  const named = new Set(rows.flatMap(({ libraries }) => libraries).filter((name) => name !== "–"));

  expect([...named].toSorted()).toEqual(LIBRARIES.toSorted());
});

test.for([
  ["src/policies/retry.test.ts", "failed work runs again", false],
  ["src/policies/no-such.test.ts", "the first policy is the outermost, and pipelines nest", false],
  ["src/policies/pipeline.test.ts", "the first policy is the outermost, and pipelines nest", true],
  ["src/policies/nested-retries.test.ts", "three layers of three", true],
  // A list in a file without a table of tests.
  ["src/automation/rollback-resume.test.ts", "undo b", false],
] as const)("knows whether %s has %s", ([file, name, expected]) => {
  expect(hasTest(file, name)).toBe(expected);
});

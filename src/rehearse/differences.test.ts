import fc from "fast-check";
import { expect, test } from "vitest";
import {
  differences,
  inWords,
  isModeOnly,
  loosenessOf,
  shapeOf,
  withChanges,
  type Difference,
  type Fact,
  type Facts,
} from "./differences.ts";
import { file } from "./play.contract.ts";

const facts = fc.dictionary(
  fc.constantFrom("a", "b", "c", "d1", "d2"),
  fc.constantFrom<Fact>(file("x"), file("y"), file("x", "0600"), { kind: "directory" }),
);

test("a world with its differences to another is that other one, and has no more differences", () => {
  fc.assert(
    fc.property(facts, facts, (from, to) => {
      const changed = withChanges(from, differences(from, to));

      expect(changed).toEqual(to);
      expect(differences(changed, to)).toEqual([]);
    }),
  );
});

test("what two runs differ in by themselves is no difference between them", () => {
  fc.assert(
    fc.property(facts, facts, (one, other) => {
      const left = differences(one, other, loosenessOf(one, other));

      // Content is all that may differ by itself: where the kind or the mode does, that is told.
      expect(left.filter(isContentOnly)).toEqual([]);
    }),
  );
});

function isContentOnly({ expected, found }: Difference): boolean {
  return expected?.kind === found?.kind && expected?.mode === found?.mode;
}

test.for<[what: string, expected: Facts, found: Facts, words: string[]]>([
  ["the same", { a: file("x") }, { a: file("x") }, []],
  ["an extra file", {}, { a: file("x") }, ["a should not be there (a file of 1 bytes)"]],
  ["a missing directory", { a: { kind: "directory" } }, {}, ["a is missing (was a directory)"]],
  ["a size", { a: file("x") }, { a: file("xy") }, ["a other content (2 bytes, not 1)"]],
  ["a content", { a: file("x") }, { a: file("y") }, ["a other content"]],
  ["a mode", { a: file("x") }, { a: file("x", "0600") }, ["a mode 0600, not 0644"]],
  [
    "an owner and a content",
    { a: file("x") },
    { a: { ...file("y"), owner: "1:1" } },
    ["a owner 1:1, not 0:0; other content"],
  ],
  [
    "a link's target",
    { a: { kind: "link", content: "b" } },
    { a: { kind: "link", content: "c" } },
    ["a c, not b"],
  ],
  [
    "a probe",
    { "probe rows": { kind: "probe", content: "1" } },
    { "probe rows": { kind: "probe", content: "2" } },
    ["probe rows 2, not 1"],
  ],
  [
    "a kind",
    { a: { kind: "link", content: "b" } },
    { a: { kind: "other" } },
    ["a is neither file nor directory, not a link to b"],
  ],
  [
    "a long listing",
    {},
    { a: { kind: "probe", content: "x".repeat(130) } },
    [`a should not be there (${"x".repeat(119)}…)`],
  ],
])("%s is told in words", ([, expected, found, words]) => {
  const told = differences(expected, found).map((each) => `${each.path} ${inWords(each)}`);

  expect(told).toEqual(words);
});

test("a name that differs by itself is found again under another name of its shape, once", () => {
  const loose = loosenessOf({ "log-1.txt": file("x") }, { "log-2.txt": file("x") });

  const left = differences(
    { "log-1.txt": file("x") },
    { "log-3.txt": file("x"), "log-4.txt": file("x"), "log.txt": file("x") },
    loose,
  );

  expect(left.map(({ path }) => path)).toEqual(["log-4.txt", "log.txt"]);
});

test.for([
  ["log-2026-11-22T03:00.txt", "log-#-#-#:#.txt"],
  ["a1b2c3d4-0000-4000-8000-0123456789ab", "#"],
  ["notes.txt", "notes.txt"],
])("the shape of %s is %s", ([name = "", shape]) => {
  expect(shapeOf(name)).toBe(shape);
});

test.for<[Fact | undefined, Fact | undefined, boolean]>([
  [file("x"), file("x", "0600"), true],
  [file("x"), file("y", "0600"), false],
  [file("x"), { ...file("x"), kind: "other" }, false],
  [undefined, file("x"), false],
  [file("x"), undefined, false],
])("%o against %o: only the mode differs: %o", ([expected, found, isOnly]) => {
  expect(isModeOnly({ path: "a", expected, found })).toBe(isOnly);
});

import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { UsageError } from "./command.ts";
import { readDecisions, readInput } from "./run-input.ts";

test("input that is not given is undefined, and any JSON is itself", () => {
  expect(readInput(undefined, "/")).toBeUndefined();
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);

      expect(readInput(text, "/")).toEqual(JSON.parse(text));
    }),
  );
});

test("@ reads a file, relative to the working directory", () => {
  const directory = mkdtempSync(join(tmpdir(), "input-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "a b.json"), '{"name":"@"}');

  expect([
    readInput("@a b.json", directory),
    readInput(`@${join(directory, "a b.json")}`, "/"),
  ]).toEqual([{ name: "@" }, { name: "@" }]);
});

test.for<[text: string, message: string]>([
  [
    "",
    '--input: not JSON (Unexpected end of JSON input); give it as \'{"name":"value"}\', or as @file',
  ],
  ["@missing.json", "--input @missing.json: there is no such file"],
  ["@", "--input @: cannot be read (EISDIR)"],
])("refuses the input %j", ([text, message]) => {
  expect(() => readInput(text, "/")).toThrow(new UsageError(message));
});

test.for<[texts: string[], decisions: Record<string, unknown>]>([
  [[], {}],
  [["charge=absent"], { charge: "absent" }],
  [['charge={"paid":5}'], { charge: { value: { paid: 5 } } }],
  [['charge="absent"'], { charge: { value: "absent" } }],
  [["prune/a step=1", "b=null"], { "prune/a step": { value: 1 }, b: { value: null } }],
  [['a="b=c"'], { a: { value: "b=c" } }],
])("reads the decisions %j", ([texts, decisions]) => {
  expect(readDecisions(texts)).toEqual(decisions);
});

test.for<[text: string, message: string]>([
  ["charge", '--decide: expected STEP=absent or STEP=JSON, received "charge"'],
  ["=1", '--decide: expected STEP=absent or STEP=JSON, received "=1"'],
  ["charge=", '--decide: expected STEP=absent or STEP=JSON, received "charge="'],
  [
    "charge=Absent",
    "--decide charge: not JSON (Unexpected token 'A', \"Absent\" is not valid JSON); give text as 'charge=\"text\"'",
  ],
])("refuses the decision %j", ([text, message]) => {
  expect(() => readDecisions([text])).toThrow(new UsageError(message));
});

test("refuses two decisions about one step, for nobody knows which holds", () => {
  expect(() => readDecisions(["charge=absent", "mail=1", "charge=18"])).toThrow(
    new UsageError('--decide: "charge" is decided twice'),
  );
});

import { expect, test } from "vitest";
import { isStandardSchema, schemaProblems } from "./standard-schema.ts";

const standard = { version: 1, vendor: "test", validate: () => ({ value: 1 }) };

test.for<[value: unknown, isSchema: boolean]>([
  [{ "~standard": standard }, true],
  [Object.assign(() => 1, { "~standard": standard }), true],
  [{ standard }, false],
  [() => 1, false],
  ["~standard", false],
  [null, false],
  [undefined, false],
])("whether %o is a schema: %o", ([value, isSchema]) => {
  expect(isStandardSchema(value)).toBe(isSchema);
});

test("problems are told with where they are, in one line", () => {
  const problems = schemaProblems([
    { message: "expected a number", path: ["people", 0, { key: "age" }] },
    { message: "is empty" },
    { message: "is missing", path: [Symbol("id")] },
  ]);

  expect(problems).toBe("people.0.age: expected a number; is empty; Symbol(id): is missing");
});

test("a thousand problems are cut", () => {
  const issues = Array.from({ length: 1_000 }, () => ({ message: "is missing", path: ["a"] }));

  expect(schemaProblems(issues)).toHaveLength(1_000);
});

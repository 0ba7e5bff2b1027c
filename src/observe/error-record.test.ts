import { expect, test } from "vitest";
import type { ErrorSummary } from "../core/error-summary.ts";
import { errorGroup } from "./error-group.ts";
import { errorRecord } from "./error-record.ts";

const STACK = `Error: no answer
    at request (node:internal/http:1:2)
    at put (/srv/node_modules/s3/index.js:10:2)
    at upload (file:///srv/jobs/nightly.ts:41:11)
    at async main (file:///srv/jobs/nightly.ts:80:3)`;

function summary(fields: Partial<ErrorSummary>): ErrorSummary {
  return { type: "Error", message: "no answer", ...fields };
}

test("the stack goes on with causes and members below it", () => {
  const error = summary({
    stack: "Error: no answer\n    at upload",
    cause: summary({
      type: "AggregateError",
      message: "all failed",
      errors: [
        summary({ message: "first", stack: "Error: first\n    at a" }),
        summary({ message: "second", cause: summary({ message: "deep" }) }),
      ],
    }),
  });

  expect(errorRecord(error, undefined).stack_trace).toBe(`Error: no answer
    at upload
Caused by: AggregateError: all failed
Caused by 1 of 2: Error: first
    at a
Caused by 2 of 2: Error: second
Caused by: Error: deep`);
});

test("a stack is cut at 32,000 characters", () => {
  const { stack_trace } = errorRecord(summary({ stack: "x".repeat(50_000) }), undefined);

  expect([stack_trace.length, stack_trace.at(-1)]).toEqual([32_000, "…"]);
});

test("the code is the error's own, else the fault's", () => {
  const fault = { class: "timeout", code: "TIMED_OUT", effect: "unknown" } as const;

  const codes = [
    errorRecord(summary({ code: "E_OWN" }), fault),
    errorRecord(summary({}), fault),
    errorRecord(summary({}), undefined),
  ].map(({ code }) => code);

  expect(codes).toEqual(["E_OWN", "TIMED_OUT", undefined]);
});

test.for<[same: string, one: Partial<ErrorSummary>, other: Partial<ErrorSummary>]>([
  ["lines that moved", { stack: STACK }, { stack: STACK.replaceAll(":41:11", ":52:7") }],
  ["another message from one place", { stack: STACK }, { stack: STACK, message: "no answer 2" }],
  [
    "other frames of Node and of packages",
    { stack: STACK },
    { stack: STACK.replaceAll(/:1:2|index/g, "x") },
  ],
  ["numbers in a message", { message: "row 5 of 10" }, { message: "row 6 of 12" }],
  ["names in a message", { message: 'no "a.txt"' }, { message: 'no "b.txt"' }],
  ["identifiers in a message", { message: "run 01ab23cd-99" }, { message: "run 77ff00aa-12" }],
])("errors that differ in %s are one group", ([, one, other]) => {
  expect(errorGroup(summary(one))).toBe(errorGroup(summary(other)));
});

test.for<[different: string, one: Partial<ErrorSummary>, other: Partial<ErrorSummary>]>([
  ["type", { type: "Error" }, { type: "TypeError" }],
  ["code", { code: "EIO" }, { code: "ENOSPC" }],
  ["message, where no place is known", { message: "no answer" }, { message: "no room" }],
  ["place", { stack: STACK }, { stack: STACK.replace("upload", "archive") }],
  ["cause", { cause: summary({ code: "EIO" }) }, { cause: summary({ code: "ENOSPC" }) }],
  [
    "first member",
    { errors: [summary({ code: "EIO" })] },
    { errors: [summary({ code: "EACCES" })] },
  ],
])("errors that differ in their %s are two groups", ([, one, other]) => {
  expect(errorGroup(summary(one))).not.toBe(errorGroup(summary(other)));
});

test("a group is named by eight digits that stay the same from version to version", () => {
  expect(errorGroup(summary({ code: "EIO" }))).toMatchInlineSnapshot(`"eg_fed9e621"`);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { textDiff } from "./text-diff.ts";

test.for([
  ["a\nb\nc", "a\nB\nc", "-b\n+B"],
  ["", "new", "-\n+new"],
  ["a\nb", "a\nb", ""],
  ["a\na", "a", "-a"],
  ["1\n2\n3", "4\n5\n6", "-1\n-2\n… and 4 more lines"],
] as const)("from %j to %j: %j", ([before, after, diff]) => {
  expect(textDiff(before, after, 2)).toBe(diff);
});

test("it is never longer than asked, and empty only for what is the same", () => {
  const text = fc
    .array(fc.constantFrom("a", "b"), { maxLength: 8 })
    .map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, fc.integer({ min: 1, max: 5 }), (before, after, max) => {
      const diff = textDiff(before, after, max);
      expect(diff === "").toBe(before === after);
      expect(diff.split("\n").length).toBeLessThanOrEqual(max + 1);
    }),
  );
});

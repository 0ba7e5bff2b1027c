import fc from "fast-check";
import { expect, test } from "vitest";
import { wrap } from "./wrap.ts";

test.for<[text: string, width: number, indent: number, wrapped: string]>([
  ["", 10, 0, ""],
  ["one two three", 7, 0, "one two\nthree"],
  ["one two three", 13, 0, "one two three"],
  ["one\n  two", 80, 0, "one two"],
  ["one two three", 9, 2, "one two\n  three"],
  ["one two three", 8, 2, "one\n  two\n  three"],
  ["unbreakable a", 5, 0, "unbreakable\na"],
])("%j in %i columns, indented by %i, is %j", ([text, width, indent, wrapped]) => {
  expect(wrap(text, width, indent)).toBe(wrapped);
});

test("no word is lost, and only a word alone is wider than it may be", () => {
  const words = fc.array(fc.stringMatching(/^\w{1,12}$/), { minLength: 1 });
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 40 }), (given, width) => {
      const lines = wrap(given.join(" "), width).split("\n");

      expect(lines.join(" ")).toBe(given.join(" "));
      expect(lines.filter((line) => line.length > width && line.includes(" "))).toEqual([]);
    }),
  );
});

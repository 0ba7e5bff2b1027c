import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearest } from "./nearest.ts";

test.for<[word: string, near: string | undefined]>([
  ["runs", "runs"],
  ["rnu", "run"],
  ["rn", "run"],
  ["shwo", "show"],
  ["sh", "show"],
  ["compeltoin", "completion"],
  ["frobnicate", undefined],
  ["", undefined],
])("nearest to %j is %j", ([word, near]) => {
  expect(nearest(word, ["show", "runs", "run", "completion"])).toBe(near);
});

test.for<[a: string, b: string, distance: number]>([
  ["", "", 0],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["ab", "ba", 1],
  ["abcd", "badc", 2],
  // Optimal string alignment never edits what it swapped.
  ["ca", "abc", 3],
])("from %j to %j it is %i edits", ([a, b, distance]) => {
  expect([editDistance(a, b), editDistance(b, a)]).toEqual([distance, distance]);
});

const word = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b", "c") });

test("a word is no edits from itself alone, and the longer one's length at most from any other", () => {
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);

      expect(distance === 0).toBe(a === b);
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
    { numRuns: 10_000 },
  );
});

test("one insertion, deletion, replacement or swap is one edit at most", () => {
  fc.assert(
    fc.property(word, fc.nat(12), fc.constantFrom("a", "b", "c"), (a, place, letter) => {
      const [before, after] = [a.slice(0, place), a.slice(place)];
      const edited = [
        before + letter + after,
        before + after.slice(1),
        before + letter + after.slice(1),
        before + after.charAt(1) + after.charAt(0) + after.slice(2),
      ];

      expect(Math.max(...edited.map((b) => editDistance(a, b)))).toBeLessThanOrEqual(1);
    }),
    { numRuns: 10_000 },
  );
});

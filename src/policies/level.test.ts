import fc from "fast-check";
import { expect, test } from "vitest";
import { findLevel } from "../index.ts";
import { isLevel, levelAt, placeOf, priorityOf } from "./level.ts";

const priority = fc.integer({ min: -100, max: 100 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

test("a level is of its priority, is never one itself, and survives a header", () => {
  fc.assert(
    fc.property(priority, share, (of, place) => {
      const level = levelAt(of, place);

      expect([priorityOf(level), Number.isInteger(level), isLevel(level)]).toEqual([
        of,
        false,
        true,
      ]);
      expect(findLevel(String(level))).toBe(level);
    }),
    {
      numRuns: 10_000,
      examples: [
        [100, 1],
        [-100, 0],
        [0, 1e-9],
        [-1, 0.9999999],
      ],
    },
  );
});

test("the higher the place, the higher the level, and no place is above a higher priority", () => {
  fc.assert(
    fc.property(priority, share, share, (of, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];

      expect(levelAt(of, low)).toBeLessThanOrEqual(levelAt(of, high));
      expect(levelAt(of, high)).toBeLessThan(of + 1);
    }),
    { numRuns: 10_000 },
  );
});

test("a place goes by what one should have, and a tenth of it by chance", () => {
  expect([placeOf(1, 0), placeOf(0, 1), placeOf(0.5, 0.5)]).toEqual([0.9, 0.1, 0.5]);
});

test.for<[header: string | null | undefined, level: number | undefined]>([
  ["12.345678", 12.345_678],
  ["-100", -100],
  ["100.999999", 100.999_999],
  ["0", 0],
  [null, undefined],
  [undefined, undefined],
  ["", undefined],
  ["high", undefined],
  ["101", undefined],
  ["-100.5", undefined],
  ["1e1", undefined],
  [" 1", undefined],
  ["1.1234567", undefined],
  ["Infinity", undefined],
  ["12, 13", undefined],
])("a header %o is the level %o", ([header, level]) => {
  expect(findLevel(header)).toBe(level);
});

test.for([[NaN], [101], [-100.1], ["1"], [undefined]])("%o is no level", ([value]) => {
  expect(isLevel(value)).toBe(false);
});

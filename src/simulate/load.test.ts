import * as fc from "fast-check";
import { expect, test } from "vitest";
import { busiest, medianOf, perSecond } from "./load.ts";

const moments = fc
  .array(fc.nat({ max: 5_000 }), { maxLength: 40 })
  .map((atMs) => atMs.toSorted((a, b) => a - b));

test("a second ends before the next begins, and what comes later than asked for is left out", () => {
  expect(perSecond([0, 999, 1_000, 2_999.9, 3_000], 3)).toEqual([2, 1, 1]);
});

test("the busiest window begins anywhere, and its end does not belong to it", () => {
  expect(busiest([900, 950, 1_050, 1_899, 1_900], 1_000)).toBe(4);
  expect(busiest([], 1_000)).toBe(0);
});

test("the busiest window is the largest of those that begin with a call", () => {
  fc.assert(
    fc.property(moments, fc.integer({ min: 1, max: 2_000 }), (atMs, windowMs) => {
      const counts = atMs.map(
        (from) => atMs.filter((moment) => moment >= from && moment < from + windowMs).length,
      );

      expect(busiest(atMs, windowMs)).toBe(Math.max(0, ...counts));
    }),
  );
});

test("every call is in one second", () => {
  fc.assert(
    fc.property(moments, (atMs) => {
      const counted = perSecond(atMs, 6).reduce((sum, calls) => sum + calls, 0);

      expect(counted).toBe(atMs.length);
    }),
  );
});

test.for<[values: number[], median: number]>([
  [[3, 10, 1], 3],
  [[4, 30, 1, 2], 2],
  [[], NaN],
])("the median of %j is %d", ([values, median]) => {
  expect(medianOf(values)).toBe(median);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { Histogram, LATEST_COUNT } from "./histogram.ts";

const seconds = fc.double({ min: 0, max: 10_000, noNaN: true });
const bounds = fc
  .uniqueArray(seconds, { maxLength: 20 })
  .map((all) => all.toSorted((a, b) => a - b));

test("each bucket counts what is not longer than its bound, and the last one all", () => {
  fc.assert(
    fc.property(bounds, fc.array(seconds, { maxLength: 50 }), (limits, lengths) => {
      const histogram = new Histogram(limits);
      // What is as long as a bound counts in its bucket.
      const all = [...lengths, ...limits];
      for (const length of all) histogram.add(length);

      expect({ buckets: histogram.buckets(), count: histogram.count }).toEqual({
        buckets: [...limits, Infinity].map((upTo) => ({
          upTo,
          count: all.filter((length) => length <= upTo).length,
        })),
        count: all.length,
      });
      expect(histogram.sum).toBeCloseTo(
        all.reduce((sum, length) => sum + length, 0),
        5,
      );
    }),
    { numRuns: 2_000 },
  );
});

test("percentiles are those of the latest lengths, the others only count", () => {
  const histogram = new Histogram([1]);

  for (let index = 0; index < 10; index++) histogram.add(9_999);
  for (let ms = 1; ms <= LATEST_COUNT; ms++) histogram.add(ms);

  expect([0.5, 0.9, 0.99, 1].map((quantile) => histogram.at(quantile))).toEqual([
    500, 900, 990, 1_000,
  ]);
  expect(histogram.count).toBe(1_010);
});

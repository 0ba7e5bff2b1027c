import fc from "fast-check";
import { expect, test } from "vitest";
import { LatencyWindow } from "./latency-window.ts";

const lengths = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 60 });

test("a quantile is the nearest rank of the latest lengths", () => {
  const size = fc.integer({ min: 1, max: 40 });
  const quantile = fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100);
  fc.assert(
    fc.property(lengths, size, quantile, (all, most, share) => {
      const known = new LatencyWindow(most);
      for (const ms of all) known.add(ms);
      const latest = all.slice(-most).toSorted((a, b) => a - b);

      const rank = latest.findIndex(
        (_, index) => (index + 1) * 100 >= share * 100 * latest.length - 1e-6,
      );

      expect([known.count, known.at(share)]).toEqual([latest.length, latest[rank] ?? NaN]);
    }),
    { numRuns: 10_000 },
  );
});

test.for<[quantile: number, expected: number]>([
  [0.5, 50],
  [0.07, 7],
  [0.95, 95],
  [0.951, 96],
  [1, 100],
])("the quantile %d of 1 to 100 is %d", ([quantile, expected]) => {
  const known = new LatencyWindow(100);
  for (let ms = 100; ms >= 1; ms--) known.add(ms);

  expect(known.at(quantile)).toBe(expected);
});

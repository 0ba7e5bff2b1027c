import fc from "fast-check";
import { expect, test } from "vitest";
import { sheddingRate, type Load } from "./load-shedding.ts";

const RULES = { shedFrom: 1, shedAll: 3 };

test.for<[name: string, loads: Load[], rate: number]>([
  ["nobody", [], 0],
  ["as many as may run", [{ limit: 10, queued: 10, maxQueued: 100 }], 0],
  ["half way to all", [{ limit: 10, queued: 20, maxQueued: 100 }], 0.5],
  ["as many as should ever", [{ limit: 10, queued: 30, maxQueued: 100 }], 1],
  ["more than that", [{ limit: 10, queued: 99, maxQueued: 100 }], 1],
  ["half way in a short queue", [{ limit: 100, queued: 8, maxQueued: 12 }], 0.5],
  ["any in no queue", [{ limit: 100, queued: 0, maxQueued: 0 }], 0],
  [
    "few at most of the slots",
    [
      { limit: 90, queued: 10, maxQueued: Infinity },
      { limit: 10, queued: 90, maxQueued: Infinity },
    ],
    0,
  ],
  [
    "calls where it is paused, and few else",
    [
      { limit: 0, queued: 90, maxQueued: 100 },
      { limit: 10, queued: 15, maxQueued: 100 },
    ],
    0.25,
  ],
  ["calls only where it is paused", [{ limit: 0, queued: 90, maxQueued: 100 }], 0],
])("with %s waiting", ([, loads, rate]) => {
  expect(sheddingRate(loads, RULES)).toBe(rate);
});

test("the more wait, the more are turned away, and never less than none or more than all", () => {
  const load = fc.record({
    limit: fc.nat(50),
    queued: fc.nat(200),
    maxQueued: fc.oneof(fc.nat(200), fc.constant(Infinity)),
  });
  const from = fc.double({ min: 0, max: 10, noNaN: true });
  fc.assert(
    fc.property(fc.array(load, { minLength: 1 }), from, fc.nat(50), (loads, shedFrom, more) => {
      const rules = { shedFrom, shedAll: shedFrom + 1 };
      const longer = loads.map((one) => ({ ...one, queued: one.queued + more }));
      const rate = sheddingRate(loads, rules);

      expect(rate).toBeGreaterThanOrEqual(0);
      expect(rate).toBeLessThanOrEqual(sheddingRate(longer, rules));
      expect(sheddingRate(longer, rules)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 10_000 },
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { FEWEST_RUNS, outlierOf, type Measure } from "./envelope.ts";

/** Ten nights of a backup: about a minute, about 5 MB. */
const NIGHTS: readonly Measure[] = Array.from({ length: 10 }, (_, night) => ({
  durationMs: 58_000 + night * 500,
  outputBytes: 5_000_000 + night * 10_000,
}));
const USUAL = { durationMs: 60_250, outputBytes: 5_045_000 };

const measures = fc.array(
  fc.record({
    durationMs: fc.integer({ min: 0, max: 1e9 }),
    outputBytes: fc.option(fc.integer({ min: 0, max: 1e12 }), { nil: undefined }),
  }),
  { maxLength: 60 },
);

test("three times too fast and 20 bytes is told, by how much and of how many runs", () => {
  expect(outlierOf(NIGHTS, { durationMs: 12_050, outputBytes: 20 })).toEqual({
    runs: 10,
    duration: { value: 12_050, usual: 60_250, factor: 5, side: "below" },
    output: { value: 20, usual: 5_045_000, factor: 252_250, side: "below" },
  });
});

test.for<[says: string, now: Measure, found: { duration?: string; output?: string } | undefined]>([
  ["the median itself", USUAL, undefined],
  ["twice as long", { ...USUAL, durationMs: 120_500 }, undefined],
  ["three times as long", { ...USUAL, durationMs: 190_000 }, { duration: "above" }],
  ["three times as fast", { ...USUAL, durationMs: 19_000 }, { duration: "below" }],
  ["no output", { ...USUAL, outputBytes: 0 }, { output: "below" }],
  ["far more output", { ...USUAL, outputBytes: 5e9 }, { output: "above" }],
  ["output that nobody counted", { durationMs: 60_250 }, undefined],
])("%s", ([, now, found]) => {
  const { duration, output } = outlierOf(NIGHTS, now) ?? {};

  expect({ duration: duration?.side, output: output?.side }).toEqual({
    duration: found?.duration,
    output: found?.output,
  });
});

test.for<[says: string, history: readonly Measure[], now: Measure]>([
  ["nine runs", NIGHTS.slice(1), { durationMs: 1, outputBytes: 0 }],
  [
    "nine runs whose output was counted, and one without",
    [...NIGHTS.slice(1), { durationMs: 60_000 }],
    { durationMs: 60_000, outputBytes: 0 },
  ],
  [
    "milliseconds and a few bytes, which are noise",
    Array.from({ length: 20 }, () => ({ durationMs: 5, outputBytes: 12 })),
    { durationMs: 150, outputBytes: 0 },
  ],
  [
    "work that varies widely by itself",
    Array.from({ length: 20 }, (_, night) => ({ durationMs: 1000 * 3 ** (night % 5) })),
    { durationMs: 600 },
  ],
])("nothing is told after %s", ([, history, now]) => {
  expect(outlierOf(history, now)).toBeUndefined();
});

test("a history that is always the same has no spread, and still tells", () => {
  const same = Array.from({ length: 10 }, () => ({ durationMs: 60_000, outputBytes: 20_000 }));

  expect(outlierOf(same, { durationMs: 60_000, outputBytes: 0 })).toEqual({
    runs: 10,
    duration: undefined,
    output: { value: 0, usual: 20_000, factor: Infinity, side: "below" },
  });
});

test("what happened in fewer than half of the runs does not change what is usual", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e9 }), { maxLength: 4 }), (odd) => {
      const history = [...NIGHTS, ...odd.map((durationMs) => ({ durationMs }))];

      expect(outlierOf(history, { durationMs: 1_000 })?.duration?.side).toBe("below");
    }),
  );
});

test("the order of the history does not matter, and the history is left as it was", () => {
  fc.assert(
    fc.property(measures, fc.integer({ min: 0, max: 1e9 }), (history, durationMs) => {
      const before = structuredClone(history);

      expect(outlierOf(history.toReversed(), { durationMs })).toEqual(
        outlierOf(history, { durationMs }),
      );
      expect(history).toEqual(before);
    }),
  );
});

test("more than half of the runs are never outliers of their own history", () => {
  fc.assert(
    fc.property(measures, (history) => {
      const outliers = history.filter(
        ({ durationMs }) => outlierOf(history, { durationMs }) !== undefined,
      );

      expect(outliers.length).toBeLessThanOrEqual(history.length / 2);
    }),
  );
});

test("what is told is told of what is further away, too", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: FEWEST_RUNS, maxLength: 30 }),
      fc.integer({ min: 0, max: 1e12 }),
      fc.integer({ min: 1, max: 1e12 }),
      (durations, value, more) => {
        const history = durations.map((durationMs) => ({ durationMs }));
        const found = outlierOf(history, { durationMs: value })?.duration;
        const further = found?.side === "above" ? value + more : Math.max(0, value - more);

        const next = outlierOf(history, { durationMs: further })?.duration;

        expect(found === undefined || next?.side === found.side).toBe(true);
      },
    ),
  );
});

test("whatever the history, a factor is at least almost three and the sides fit", () => {
  fc.assert(
    fc.property(measures, fc.integer({ min: 0, max: 1e9 }), (history, durationMs) => {
      const { duration } = outlierOf(history, { durationMs }) ?? {};

      // With the noise added to both the factor is 3; without, it is larger.
      expect(duration === undefined || duration.factor >= 3).toBe(true);
      expect(duration === undefined || duration.side === "above").toBe(
        duration === undefined || duration.value > duration.usual,
      );
    }),
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { CountWindow, TimeWindow, type Outcome } from "./outcome-window.ts";

const outcome: fc.Arbitrary<Outcome> = fc.record({ isFailure: fc.boolean(), isSlow: fc.boolean() });

const sumOf = (outcomes: readonly Outcome[]) => ({
  calls: outcomes.length,
  failures: outcomes.filter(({ isFailure }) => isFailure).length,
  slow: outcomes.filter(({ isSlow }) => isSlow).length,
});

test("a count window knows the last so many calls, whatever came before", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.array(outcome, { maxLength: 200 }),
      (size, all) => {
        const window = new CountWindow(size);

        for (const each of all) window.record(each);

        expect(window.counts()).toEqual(sumOf(all.slice(-size)));
      },
    ),
    { numRuns: 10_000 },
  );
});

test("the text of a count window is its calls, the oldest first, and makes the same window", () => {
  const digit = ({ isFailure, isSlow }: Outcome): number => (isFailure ? 1 : 0) + (isSlow ? 2 : 0);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(outcome, { maxLength: 90 }),
      (size, all) => {
        const window = new CountWindow(size);
        for (const each of all) window.record(each);

        const text = window.toText();
        const copy = CountWindow.fromText(size, text);

        expect(text).toBe(all.slice(-size).map(digit).join(""));
        expect([copy.toText(), copy.counts()]).toEqual([text, window.counts()]);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("of more calls than fit, the last are restored", () => {
  expect(CountWindow.fromText(2, "1003").counts()).toEqual({ calls: 2, failures: 1, slow: 1 });
});

const BUCKETS = 10;
const SHAPE = { timeMs: 1_000, buckets: BUCKETS, countsSlow: true };

interface Moment {
  readonly atMs: number;
  readonly outcome: Outcome;
}

/** Calls at moments that only grow, near and far apart. */
const history: fc.Arbitrary<readonly Moment[]> = fc
  .array(fc.record({ waitMs: fc.oneof(fc.nat({ max: 150 }), fc.nat({ max: 2_500 })), outcome }), {
    maxLength: 60,
  })
  .map((calls) => {
    let atMs = 0;
    return calls.map(({ waitMs, outcome: end }) => ({ atMs: (atMs += waitMs), outcome: end }));
  });

const bucketOf = (atMs: number): number => Math.floor(atMs / 100);

const within = (calls: readonly Moment[], nowMs: number): readonly Outcome[] =>
  calls
    .filter(({ atMs }) => bucketOf(atMs) > bucketOf(nowMs) - BUCKETS)
    .map(({ outcome: end }) => end);

test("a time window knows the calls of the last ten parts, whenever it is asked", () => {
  fc.assert(
    fc.property(history, fc.nat({ max: 1_500 }), (calls, waitMs) => {
      const window = new TimeWindow(SHAPE, 0);
      for (const { atMs, outcome: end } of calls) window.record(end, atMs);
      const nowMs = (calls.at(-1)?.atMs ?? 0) + waitMs;

      expect(window.counts(nowMs)).toEqual(sumOf(within(calls, nowMs)));
    }),
    { numRuns: 10_000 },
  );
});

test("what a time window told is restored by a clock of another age, part by part", () => {
  fc.assert(
    fc.property(history, fc.nat({ max: 90 }), fc.nat({ max: 30 }), (calls, parts, age) => {
      const window = new TimeWindow(SHAPE, 0);
      for (const { atMs, outcome: end } of calls) window.record(end, atMs);
      const thenMs = calls.at(-1)?.atMs ?? 0;
      const nowMs = age * 100;

      const copy = TimeWindow.fromParts(SHAPE, nowMs, window.toParts(thenMs));

      expect(copy.toParts(nowMs)).toEqual(window.toParts(thenMs));
      const laterMs = (parts % 12) * 100;
      expect(copy.counts(nowMs + laterMs)).toEqual(window.counts(thenMs + laterMs));
    }),
    { numRuns: 2_000 },
  );
});

test("parts keep their age where a part is no whole number of milliseconds", () => {
  // 7 * (1 / 9) / (1 / 9) is less than 7.
  const shape = { timeMs: 1, buckets: 9, countsSlow: false };
  const parts = [{ ageMs: 7 * (1 / 9), calls: 1, failures: 0, slow: 0 }];

  expect(TimeWindow.fromParts(shape, 0, parts).toParts(0)).toEqual(parts);
});

test("after a year without a call it empties each part once, and not one for each that went by", () => {
  const window = new TimeWindow({ timeMs: 1, buckets: 100, countsSlow: false }, 0);
  window.record({ isFailure: true, isSlow: false }, 0);

  expect(window.counts(31_536_000_000)).toEqual({ calls: 0, failures: 0, slow: 0 });
});

test("parts that are older than the window are not restored", () => {
  const part = { calls: 1, failures: 1, slow: 0 };
  const window = TimeWindow.fromParts(SHAPE, 5_000, [
    { ageMs: 999, ...part },
    { ageMs: 1_000, ...part },
  ]);

  expect(window.counts(5_000)).toEqual(part);
});

test("where no call is slow, slow ones are not kept", () => {
  const window = new TimeWindow({ ...SHAPE, countsSlow: false }, 0);

  window.record({ isFailure: true, isSlow: true }, 0);

  expect(window.counts(0)).toEqual({ calls: 1, failures: 1, slow: 0 });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

const bucket = (burst: number): TokenBucket => new TokenBucket({ calls: 3, perMs: 100, burst });

test("a full bucket gives its burst at once, then permits at an even rate, in whole milliseconds", () => {
  const emptied = bucket(2);
  const startsAtMs = Array.from({ length: 6 }, () => {
    const atMs = emptied.startAtMs(1, 1_000);
    emptied.take(1, atMs);
    return atMs;
  });

  expect(startsAtMs).toEqual([1_000, 1_000, 1_034, 1_067, 1_100, 1_134]);
});

test.for<[name: string, takenAtMs: number, permits: number, nowMs: number, startAtMs: number]>([
  ["what is there is given at once", 0, 1, 0, 0],
  ["what is not there yet is waited for", 0, 3, 0, 67],
  ["what was waited for already counts", 0, 3, 30, 67],
  ["it is there to the millisecond", 0, 3, 67, 67],
  ["no more than the burst is kept", 0, 3, 1e9, 1e9],
  ["nothing begins before what was taken in advance", 500, 1, 0, 500],
])("%s", ([, takenAtMs, permits, nowMs, startAtMs]) => {
  const half = bucket(3);
  half.take(2, takenAtMs);

  expect(half.startAtMs(permits, nowMs)).toBe(startAtMs);
});

test("what is left grows to the burst and not further", () => {
  const emptied = bucket(2);
  emptied.take(2, 0);

  expect([0, 33, 34, 66, 67, 1e9].map((nowMs) => emptied.left(nowMs))).toEqual([0, 0, 1, 1, 2, 2]);
});

test("of a full bucket the whole burst is given at once and no more, whatever length the rate is per", () => {
  const perMs = fc.double({ min: 1, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(perMs, fc.integer({ min: 1, max: 200 }), fc.nat(1e6), (per, burst, nowMs) => {
      const full = new TokenBucket({ calls: burst, perMs: per, burst });
      const leftOf = Array.from({ length: burst }, () => {
        const isNow = full.startAtMs(1, nowMs) === nowMs;
        full.take(1, nowMs);
        return isNow ? full.left(nowMs) : "too late";
      });

      expect(leftOf).toEqual(Array.from({ length: burst }, (_, index) => burst - 1 - index));
      expect(full.startAtMs(1, nowMs)).toBeGreaterThan(nowMs);
    }),
    {
      numRuns: 1_000,
      examples: [
        [1.1, 50, 0],
        [7.7, 10, 5],
      ],
    },
  );
});

test("a bucket of any size holds its burst and no more", () => {
  const sizes = [1, 1e6, 1e12, Number.MAX_SAFE_INTEGER];

  expect(sizes.map((burst) => bucket(burst).left(0))).toEqual(sizes);
});

test("more than it holds is never there", () => {
  expect([bucket(2).startAtMs(2, 5), bucket(2).startAtMs(3, 5)]).toEqual([5, Infinity]);
});

test.for<[name: string, to: { calls: number; perMs: number; burst: number }, startsAtMs: number[]]>(
  [
    ["a faster rate fills it sooner", { calls: 6, perMs: 100, burst: 3 }, [50, 59, 75]],
    ["a longer time fills it later", { calls: 3, perMs: 1_000, burst: 3 }, [50, 217, 550]],
    ["a larger burst gives nothing at once", { calls: 3, perMs: 100, burst: 30 }, [50, 67, 100]],
    ["a smaller one takes what is too much", { calls: 3, perMs: 100, burst: 1 }, [50, 84, 118]],
  ],
)("changed, it keeps the permits that are there: %s", ([, to, startsAtMs]) => {
  // One and a half at 50.
  const changed = bucket(3);
  changed.take(3, 0);
  changed.change(to, 50);
  const starts = startsAtMs.map(() => {
    const atMs = changed.startAtMs(1, 50);
    changed.take(1, atMs);
    return atMs;
  });

  expect(starts).toEqual(startsAtMs);
});

test("changed to the same, it goes on as before", () => {
  const rules = fc.record({
    calls: fc.integer({ min: 1, max: 1_000 }),
    perMs: fc.integer({ min: 1, max: 3_600_000 }),
    burst: fc.integer({ min: 1, max: 1_000 }),
  });
  fc.assert(
    fc.property(rules, fc.nat(1_000), fc.nat(1e6), (given, permits, nowMs) => {
      const as = new TokenBucket(given);
      const changed = new TokenBucket(given);
      for (const one of [as, changed]) one.take(Math.min(permits, given.burst), 7);
      changed.change(given, 7 + nowMs);

      expect(changed.startAtMs(given.burst, 7 + nowMs)).toBe(as.startAtMs(given.burst, 7 + nowMs));
    }),
    { numRuns: 10_000 },
  );
});

test("a copy goes its own way", () => {
  const first = bucket(2);
  first.take(1, 50);
  const copy = first.copy();
  first.take(1, 50);

  expect([copy.left(50), copy.startAtMs(2, 50), copy.most]).toEqual([1, 84, 2]);
});

test("in any length of time no more than the burst and what was filled up are taken", () => {
  const calls = fc.integer({ min: 1, max: 1_000 });
  const perMs = fc.integer({ min: 1, max: 3_600_000 });
  const pause = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e5, noNaN: true }));
  fc.assert(
    fc.property(calls, perMs, calls, fc.array(pause, { maxLength: 30 }), (...given) => {
      const [rate, per, burst, pauses] = given;
      const played = new TokenBucket({ calls: rate, perMs: per, burst });
      let nowMs = 0;
      const startsAtMs = pauses.map((pauseMs) => {
        nowMs = played.startAtMs(1, nowMs + pauseMs);
        played.take(1, nowMs);
        return nowMs;
      });

      startsAtMs.forEach((fromMs, first) => {
        startsAtMs.slice(first).forEach((atMs, index) => {
          const allowed = burst + ((atMs - fromMs) * rate) / per;
          expect(index + 1).toBeLessThanOrEqual(allowed + 1e-6);
        });
      });
    }),
    { numRuns: 1_000 },
  );
});

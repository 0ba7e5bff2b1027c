import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  aimd,
  gradient,
  OptionsError,
  type Estimate,
  type LimitRule,
  type LimitSample,
} from "../index.ts";

/** A call of 100 ms that ended well with the limit in use. */
const sampleOf = (given: Partial<LimitSample> = {}): LimitSample => ({
  beganAtMs: 0,
  endedAtMs: 100,
  inFlight: 1_000,
  isOverload: false,
  ...given,
});

/** The estimate after calls, one after the other, each of the given length. */
function after(rule: LimitRule, first: number, lengthsMs: readonly number[], inFlight = 1_000) {
  let endedAtMs = 0;
  return lengthsMs.reduce<Estimate>((estimate, lengthMs) => {
    const beganAtMs = endedAtMs;
    endedAtMs += lengthMs;
    return rule.next(estimate, sampleOf({ beganAtMs, endedAtMs, inFlight }));
  }, rule.first(first));
}

const samples = fc.array(
  fc.record({
    beganAtMs: fc.nat({ max: 1e6 }),
    lengthMs: fc.constantFrom(0, 0.01, 1, 100, 1e5, 1e12),
    inFlight: fc.integer({ min: 1, max: 1_000 }),
    isOverload: fc.boolean(),
  }),
  { maxLength: 60 },
);

const rules: [name: string, rule: LimitRule][] = [
  ["aimd", aimd({ target: "10s" })],
  ["gradient", gradient({ window: 1 })],
];

test.for(rules)("%s always answers a limit that is a number above 0", ([, rule]) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), samples, (first, calls) => {
      let estimate = rule.first(first);
      for (const { beganAtMs, lengthMs, inFlight, isOverload } of calls) {
        const sample = { beganAtMs, endedAtMs: beganAtMs + lengthMs, inFlight, isOverload };
        estimate = rule.next(estimate, sample);
        expect(estimate.limit > 0 && estimate.limit < Infinity).toBe(true);
      }
    }),
    { numRuns: 10_000 },
  );
});

test.for(rules)("%s never raises the limit after an overload", ([, rule]) => {
  fc.assert(
    fc.property(samples, (calls) => {
      let estimate = rule.first(20);
      for (const { beganAtMs, lengthMs, inFlight } of calls) {
        const sample = { beganAtMs, endedAtMs: beganAtMs + lengthMs, inFlight, isOverload: true };
        const next = rule.next(estimate, sample);
        expect(next.limit).toBeLessThanOrEqual(estimate.limit);
        estimate = next;
      }
    }),
    { numRuns: 1_000 },
  );
});

test.for(rules)("%s takes failures of calls that were under way together for one", ([, rule]) => {
  const overload = { isOverload: true };
  const limits: number[] = [];
  let estimate = rule.first(100);

  for (const times of [
    { beganAtMs: 0, endedAtMs: 10 },
    { beganAtMs: 9, endedAtMs: 20 },
    { beganAtMs: 10, endedAtMs: 10 },
    { beganAtMs: 11, endedAtMs: 30 },
    { beganAtMs: 25, endedAtMs: 40 },
    { beganAtMs: 31, endedAtMs: 40 },
  ]) {
    estimate = rule.next(estimate, sampleOf({ ...times, ...overload }));
    limits.push(Math.round(estimate.limit * 10) / 10);
  }

  expect(limits).toEqual([90, 90, 90, 81, 81, 72.9]);
});

describe("aimd", () => {
  test("grows by one for each round of calls that end well", () => {
    const round = Array.from({ length: 20 }, () => 100);

    expect(after(aimd(), 20, round).limit).toBeCloseTo(21, 1);
  });

  test.for([
    [9, 20],
    [10, 20.05],
  ])("with %d of 20 in flight, a call that ends well makes it %d", ([inFlight, limit]) => {
    expect(after(aimd(), 20, [100], inFlight).limit).toBe(limit);
  });

  test.for([
    [2_000, 20.05],
    [2_001, 18],
  ])("a call of %d ms under a target of two seconds makes 20 %d", ([lengthMs, limit]) => {
    expect(after(aimd({ target: "2s" }), 20, [lengthMs as number]).limit).toBe(limit);
  });

  test("without a target no call is too slow", () => {
    expect(after(aimd(), 20, [1e9]).limit).toBe(20.05);
  });

  test("falls by the factor that it is told", () => {
    const rule = aimd({ decrease: 0.5 });

    expect(rule.next(rule.first(20), sampleOf({ isOverload: true })).limit).toBe(10);
  });

  test("two that share a dependency come to the same share, whoever was first", () => {
    const rule = aimd();
    let [large, small] = [rule.first(90), rule.first(10)];

    for (let round = 0; round < 3_000; round++) {
      // It takes a hundred at once; past that, both are turned away.
      const isOverload = large.limit + small.limit > 100;
      const sample = sampleOf({
        beganAtMs: round * 10 + 1,
        endedAtMs: round * 10 + 10,
        isOverload,
      });
      // One outcome for each call of a round.
      for (let call = 0; call < 10; call++) {
        large = rule.next(large, sample);
        small = rule.next(small, sample);
      }
    }

    expect(Math.abs(large.limit - small.limit)).toBeLessThan(10);
    expect(large.limit + small.limit).toBeGreaterThan(80);
  });
});

describe("gradient", () => {
  /** So many calls of one length, as lengths. */
  const calls = (count: number, lengthMs: number) => Array.from({ length: count }, () => lengthMs);

  test("grows by a fifth of its headroom in each window while calls take as long as usual", () => {
    const oneWindow = calls(10, 100);

    expect(after(gradient(), 20, oneWindow).limit).toBeCloseTo(20.8);
    expect(after(gradient(), 20, [...oneWindow, ...oneWindow]).limit).toBeCloseTo(21.6);
  });

  test("judges only after its window, and ten calls", () => {
    expect(after(gradient({ window: "1s" }), 20, calls(9, 1_000)).limit).toBe(20);
    expect(after(gradient({ window: "1s" }), 20, calls(10, 1_000)).limit).toBeCloseTo(20.8);
    expect(after(gradient({ window: "1s" }), 20, calls(10, 99)).limit).toBe(20);
  });

  test.for([
    // The tenth window is judged against the mean of ten: (9 × 100 + x) / 10.
    [150, "as the tolerance allows", 20.8],
    [200, "somewhat longer", 0.825],
    [1_000, "much longer, at most by half", 0.5],
  ] as const)("when calls take %d ms in place of 100, %s", ([lengthMs, , slope]) => {
    const rule = gradient({ window: 1, smoothing: 1, headroom: 1 });
    const steady = after(rule, 20, calls(90, 100), 1);

    const loaded = calls(10, lengthMs).reduce<Estimate>(
      (estimate) =>
        rule.next(estimate, sampleOf({ beganAtMs: 9_000, endedAtMs: 9_000 + lengthMs })),
      steady,
    );

    expect(steady.limit).toBe(20);
    expect(loaded.limit).toBeCloseTo(slope < 1 ? 20 * slope + 1 : 21);
  });

  test("stays where it is while less than half of it is used", () => {
    expect(after(gradient(), 20, calls(100, 100), 9).limit).toBe(20);
    expect(after(gradient(), 20, calls(10, 100), 10).limit).toBeCloseTo(20.8);
  });

  test("calls that take no time leave it growing", () => {
    expect(
      after(gradient({ window: 1 }), 20, [...calls(20, 0), 1, ...calls(9, 0)]).limit,
    ).toBeGreaterThan(20);
  });

  test("learns slowly what is usual, and forgets a long overload faster", () => {
    const rule = gradient({ window: 1, headroom: 1, smoothing: 1, tolerance: 1 });
    const windowsOf = (count: number, lengthMs: number) => calls(count * 10, lengthMs);
    const aboveUsual = (lengthsMs: readonly number[]) => after(rule, 100, lengthsMs).limit > 100;

    // Ten windows make the usual time; one more of 600 weighs as much as 2 / 601.
    const usual = windowsOf(10, 100);
    // After a hundred windows of three times as long, the usual time is about 157 ms.
    const overloaded = [...usual, ...windowsOf(100, 300)];
    const slopeAt = (lengthsMs: readonly number[], lengthMs: number) => {
      const before = after(rule, 1_000, lengthsMs, 1);
      const end = lengthsMs.reduce((sum, each) => sum + each, 0);
      const sample = sampleOf({ beganAtMs: end, endedAtMs: end + lengthMs, inFlight: 1_000 });
      const judged = calls(10, lengthMs).reduce<Estimate>(
        (each) => rule.next(each, sample),
        before,
      );
      return (judged.limit - 1) / 1_000;
    };

    expect(aboveUsual(usual)).toBe(true);
    expect(slopeAt(overloaded, 200)).toBeCloseTo(0.783, 2);
    // Back at 50 ms the usual time comes down by 5 % in each window, and not in an hour.
    expect(slopeAt([...overloaded, ...windowsOf(15, 50)], 100)).toBeCloseTo(0.99, 1);
  });

  test("a failure neither raises it nor tells how long calls take", () => {
    const rule = gradient({ window: 1 });
    const failures = calls(30, 1).reduce<Estimate>(
      (estimate) => rule.next(estimate, sampleOf({ endedAtMs: 1, isOverload: true })),
      rule.first(20),
    );

    expect(failures).toEqual({ ...rule.first(20), limit: 18, loweredAtMs: 1 });
  });
});

test.for([
  ["a factor of one", () => aimd({ decrease: 1 })],
  ["no factor", () => aimd({ decrease: 0 })],
  ["a target of no time", () => aimd({ target: 0 })],
  ["an unknown option of aimd", () => aimd({ increase: 2 } as never)],
  ["a tolerance below one", () => gradient({ tolerance: 0.9 })],
  ["no headroom", () => gradient({ headroom: 0 })],
  ["no smoothing", () => gradient({ smoothing: 0 })],
  ["a window of no time", () => gradient({ window: 0 })],
  ["a factor above one", () => gradient({ decrease: 1.5 })],
  ["an unknown option of gradient", () => gradient({ queue: 2 } as never)],
] as const)("%s is refused", ([, mistake]) => {
  expect(mistake).toThrow(OptionsError);
});

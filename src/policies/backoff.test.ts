import fc from "fast-check";
import { expect, test } from "vitest";
import {
  constant,
  decorrelated,
  delays,
  exponential,
  fibonacci,
  linear,
  type Backoff,
} from "./backoff.ts";
import type { Jitter } from "./jitter.ts";

const waits = (backoff: Backoff, retries: number, random = () => 0.5): number[] =>
  Array.from({ length: retries }, (_, index) =>
    backoff({ retry: index + 1, random, previousMs: 0 }),
  );

test.for<[name: string, backoff: Backoff, random: number, expected: number[]]>([
  [
    "doubles up to the limit",
    exponential("1s", { max: "10s", jitter: "none" }),
    0.5,
    [1_000, 2_000, 4_000, 8_000, 10_000],
  ],
  [
    "grows by its factor",
    exponential(100, { factor: 3, jitter: "none" }),
    0.5,
    [100, 300, 900, 2_700, 8_100],
  ],
  [
    "stays where the factor is 1",
    exponential(100, { factor: 1, jitter: "none" }),
    0.5,
    [100, 100, 100, 100, 100],
  ],
  ["draws from all of the wait by default", exponential(100), 0.5, [50, 100, 200, 400, 800]],
  ["may draw nothing with full jitter", exponential(100), 0, [0, 0, 0, 0, 0]],
  [
    "draws at least half with equal jitter",
    exponential(100, { jitter: "equal" }),
    0,
    [50, 100, 200, 400, 800],
  ],
  [
    "draws from the upper half with equal jitter",
    exponential(100, { jitter: "equal" }),
    0.5,
    [75, 150, 300, 600, 1_200],
  ],
  [
    "is not limited below its first wait",
    exponential("1m", { jitter: "none" }),
    0.5,
    [60_000, 60_000, 60_000, 60_000, 60_000],
  ],
  [
    "grows by its first wait",
    linear("1s", { max: "4s", jitter: "none" }),
    0.5,
    [1_000, 2_000, 3_000, 4_000, 4_000],
  ],
  [
    "grows by its step",
    linear("1s", { step: "500ms", jitter: "none" }),
    0.5,
    [1_000, 1_500, 2_000, 2_500, 3_000],
  ],
  [
    "grows as the Fibonacci numbers",
    fibonacci("1s", { max: "4s", jitter: "none" }),
    0.5,
    [1_000, 1_000, 2_000, 3_000, 4_000],
  ],
  ["draws from all of a linear wait by default", linear(100), 0.5, [50, 100, 150, 200, 250]],
  ["draws from all of a Fibonacci wait by default", fibonacci(100), 0.5, [50, 50, 100, 150, 250]],
  ["goes through a list", delays(["1s", "5s", 10]), 0.5, [1_000, 5_000, 10, 10, 10]],
  ["spreads a list", delays([100, 200], { jitter: "full" }), 0.5, [50, 100, 100, 100, 100]],
  ["waits no less than its shortest", exponential(100, { min: 150 }), 0, [150, 150, 150, 150, 150]],
  [
    "draws a quarter more or less",
    exponential("1s", { max: "4s", jitter: "plus-minus" }),
    0,
    [750, 1_500, 3_000, 3_000, 3_000],
  ],
  [
    "draws a quarter more, also at the limit",
    exponential("1s", { max: "4s", jitter: "plus-minus" }),
    1,
    [1_250, 2_500, 5_000, 5_000, 5_000],
  ],
  [
    "draws as many percent as it is told",
    constant(1_000, { jitter: "10%" }),
    0,
    [900, 900, 900, 900, 900],
  ],
  [
    "draws any percent",
    constant(1_000, { jitter: "2.5%" }),
    1,
    [1_025, 1_025, 1_025, 1_025, 1_025],
  ],
  ["is constant", constant("2s"), 0.5, [2_000, 2_000, 2_000, 2_000, 2_000]],
  [
    "is constant with full jitter",
    constant("2s", { jitter: "full" }),
    0.25,
    [500, 500, 500, 500, 500],
  ],
  [
    "is constant with equal jitter",
    constant("2s", { jitter: "equal" }),
    0.5,
    [1_500, 1_500, 1_500, 1_500, 1_500],
  ],
])("%s", ([, backoff, random, expected]) => {
  expect(waits(backoff, 5, () => random)).toEqual(expected);
});

test("every wait is a finite number from 0 to the limit, also at retry 10,000", () => {
  const cases = fc.record({
    firstMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
    moreMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
    factor: fc.double({ min: 1, max: 100, noNaN: true }),
    retry: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 10_000 })),
    jitter: fc.constantFrom<Jitter>("none", "full", "equal"),
    die: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  fc.assert(
    fc.property(cases, ({ firstMs, moreMs, factor, retry, jitter, die }) => {
      const max = firstMs + moreMs;

      const waitMs = exponential(firstMs, { factor, max, jitter })({
        retry,
        random: () => die,
        previousMs: 0,
      });

      expect(waitMs).toBeGreaterThanOrEqual(jitter === "equal" ? firstMs / 2 : 0);
      expect(waitMs).toBeLessThanOrEqual(max);
    }),
    { numRuns: 10_000 },
  );
});

test.for<[jitter: Jitter, expected: number[]]>([
  ["full", [0, 100]],
  ["equal", [50, 100]],
])("%s jitter takes dice from 0 to 1, and refuses others", ([jitter, expected]) => {
  const backoff = constant(100, { jitter });
  const at = (drawn: unknown) => waits(backoff, 1, () => drawn as number)[0];

  expect([at(0), at(1)]).toEqual(expected);
  for (const drawn of [5, -0.1, Number.NaN, undefined]) {
    expect(() => at(drawn)).toThrow(`random: expected to give a number from 0 to 1, gave ${drawn}`);
  }
});

test("waits without jitter never shrink", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 1, max: 2_000 }),
      (firstMs, at) => {
        const [before, after] = [at, at + 1].map((number) =>
          exponential(firstMs, { max: "7d", jitter: "none" })({
            retry: number,
            random: () => 0,
            previousMs: 0,
          }),
        ) as [number, number];

        expect(after).toBeGreaterThanOrEqual(before);
      },
    ),
    { numRuns: 10_000 },
  );
});

test("callers that have all reached the limit are still spread", () => {
  const backoff = exponential("1s", { max: "10s" });

  const spread = [0.1, 0.5, 0.9].map((die) =>
    backoff({ retry: 50, random: () => die, previousMs: 0 }),
  );

  expect(spread).toEqual([1_000, 5_000, 9_000]);
});

test.for<[message: string, make: () => unknown]>([
  [
    'exponential.first: expected a duration such as "250ms", "2s" or "1m30s", received "2 s"',
    () => exponential("2 s" as never),
  ],
  [
    "exponential.first: expected a duration, received undefined",
    () => exponential(undefined as never),
  ],
  ["exponential.first: expected a duration", () => exponential(Infinity)],
  ["exponential.max: expected a duration", () => exponential("1s", { max: Infinity })],
  [
    "exponential.max: 1000 ms is below the first wait of 10000 ms",
    () => exponential("10s", { max: "1s" }),
  ],
  [
    "exponential.factor: expected a number from 1 to 100, received 0.5",
    () => exponential("1s", { factor: 0.5 }),
  ],
  [
    'exponential.jitter: expected "none", "full", "equal", "plus-minus", a percentage such as "10%" or a function, received "some"',
    () => exponential("1s", { jitter: "some" as never }),
  ],
  [
    "exponential.min: 40000 ms is above the longest wait of 30000 ms",
    () => exponential("1s", { min: "40s" }),
  ],
  ["linear.step: expected a duration", () => linear("1s", { step: -1 })],
  ["linear.max: 1000 ms is below the first wait of 2000 ms", () => linear("2s", { max: "1s" })],
  ["fibonacci.factor: unknown; known are max", () => fibonacci("1s", { factor: 2 } as never)],
  ["delays: expected a list of at least one duration, received an empty one", () => delays([])],
  ['delays: expected a list of at least one duration, received "1s"', () => delays("1s" as never)],
  ["delays[1]: expected a duration", () => delays(["1s", Infinity])],
  ["decorrelated.max: 1000 ms is below", () => decorrelated("2s", { max: "1s" })],
  [
    "decorrelated.jitter: unknown; known are max",
    () => decorrelated("1s", { jitter: "full" } as never),
  ],
  ['constant.jitter: expected "none"', () => constant("1s", { jitter: "101%" })],
  ['constant.jitter: expected "none"', () => constant("1s", { jitter: "-1%" })],
  ['constant.jitter: expected "none"', () => constant("1s", { jitter: "toString" as never })],
  [
    "exponential.cap: unknown; known are max, min, jitter, factor",
    () => exponential("1s", { cap: "2s" } as never),
  ],
  ["constant.delay: expected a duration", () => constant(-1)],
  ["constant.delay: expected a duration", () => constant(Infinity)],
  ['constant.jitter: expected "none"', () => constant("1s", { jitter: true as never })],
  ["constant.max: unknown; known are jitter", () => constant("1s", { max: "2s" } as never)],
])("refuses with %s", ([message, make]) => {
  expect(make).toThrow(message);
});

test("decorrelated waits are drawn between the first and three times the one before", () => {
  const backoff = decorrelated("1s", { max: "10s" });
  const at = (previousMs: number, die: number) =>
    backoff({ retry: 2, random: () => die, previousMs });

  expect([at(0, 0), at(0, 1), at(2_000, 0), at(2_000, 0.5), at(2_000, 1)]).toEqual([
    1_000, 3_000, 1_000, 3_500, 6_000,
  ]);
  expect([at(60_000, 0), at(60_000, 0.5), at(60_000, 1)]).toEqual([1_000, 5_500, 10_000]);
});

test("every formula gives a finite wait from its shortest to its longest, also at retry 10,000", () => {
  const cases = fc.record({
    make: fc.constantFrom<typeof fibonacci>(exponential, linear, fibonacci),
    firstMs: fc.integer({ min: 0, max: 1e9 }),
    minMs: fc.integer({ min: 0, max: 1e9 }),
    retry: fc.integer({ min: 1, max: 10_000 }),
    die: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(cases, ({ make, firstMs, minMs, retry, die }) => {
      const max = firstMs + minMs;

      const waitMs = make(firstMs, { max, min: minMs })({
        retry,
        random: () => die,
        previousMs: 0,
      });

      expect(waitMs).toBeGreaterThanOrEqual(minMs);
      expect(waitMs).toBeLessThanOrEqual(max);
    }),
    { numRuns: 10_000 },
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { findMs, formatMs, toMs, type Duration } from "./duration.ts";

test.for<[text: unknown, ms: number]>([
  [0, 0],
  [250, 250],
  [0.5, 0.5],
  [Infinity, Infinity],
  ["250ms", 250],
  ["2s", 2_000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["7d", 604_800_000],
  ["5m", 300_000],
  ["5ms", 5],
  ["1m5ms", 60_005],
  ["1d2h3m4s5ms", 93_784_005],
  ["0s", 0],
])("%o is %d ms", ([input, ms]) => {
  expect(findMs(input)).toBe(ms);
});

test.for([
  [-1],
  [NaN],
  [-Infinity],
  [""],
  ["5"],
  ["s"],
  ["2 s"],
  [" 2s"],
  ["2S"],
  ["-2s"],
  ["+2s"],
  ["1e3s"],
  [".5s"],
  ["1.s"],
  ["1,5s"],
  ["30s1m"],
  ["1s1s"],
  ["1w"],
  ["P1D"],
  ["Infinity"],
  ["1s\n"],
  [`${"9".repeat(400)}d`],
  [null],
  [undefined],
  [5n],
  [[5]],
  [{}],
])("%o is no duration", ([input]) => {
  expect(findMs(input)).toBeUndefined();
});

test("whole numbers of every unit add up", () => {
  const units = fc.record({
    d: fc.nat(10_000),
    h: fc.nat(10_000),
    m: fc.nat(10_000),
    s: fc.nat(10_000),
    ms: fc.nat(10_000),
  });
  fc.assert(
    fc.property(units, ({ d, h, m, s, ms }) => {
      const text = `${d}d${h}h${m}m${s}s${ms}ms`;

      expect(findMs(text)).toBe((((d * 24 + h) * 60 + m) * 60 + s) * 1_000 + ms);
    }),
    { numRuns: 10_000 },
  );
});

test("no text at all makes it throw or gives less than zero", () => {
  const pieces = fc.constantFrom("1", "0", ".", "ms", "s", "m", "h", "d", "-", " ", "e", "∞");
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces).map((all) => all.join("")),
  );
  fc.assert(
    fc.property(text, (input) => {
      const ms = findMs(input);

      expect(ms === undefined || (ms >= 0 && Number.isFinite(ms))).toBe(true);
    }),
    { numRuns: 10_000 },
  );
});

test("what is no duration is refused with its owner and what was received", () => {
  expect(() => toMs("2 s" as Duration, "retry.delay")).toThrow(
    'retry.delay: expected a duration such as "250ms", "2s" or "1m30s", received "2 s"',
  );
  expect(() => toMs(-1)).toThrow("duration: expected");
  expect(toMs("2s")).toBe(2_000);
});

test.for<[ms: number, text: string]>([
  [0, "0 ms"],
  [0.4, "0 ms"],
  [999.4, "999 ms"],
  [999.5, "1 s"],
  [1_000, "1 s"],
  [2_340, "2.3 s"],
  [59_949, "59.9 s"],
  [59_950, "1 m"],
  [90_000, "1 m 30 s"],
  [3_599_499, "59 m 59 s"],
  [3_599_500, "1 h"],
  [11_100_000, "3 h 5 m"],
  [86_399_999, "1 d"],
  [90_000_000, "1 d 1 h"],
  [86_400_000 * 400, "400 d"],
  [Infinity, "for ever"],
])("%d ms is shown as %o", ([ms, text]) => {
  expect(formatMs(ms)).toBe(text);
});

test("no shown length has sixty seconds, sixty minutes or twenty-four hours", () => {
  const anyMs = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e12, noNaN: true }));
  fc.assert(
    fc.property(anyMs, (ms) => {
      expect(formatMs(ms)).not.toMatch(/\b(1000 ms|60 s|60 m|24 h)\b/);
    }),
    { numRuns: 10_000 },
  );
});

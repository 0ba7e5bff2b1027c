import fc from "fast-check";
import { expect, test } from "vitest";
import { formatNumber, shuffled, spreadOf } from "../bench/measure/statistics.ts";
import { textTable } from "../bench/measure/text-table.ts";
import { seededDice } from "../src/core/dice.ts";

test.for<[values: number[], low: number, median: number, high: number]>([
  [[7], 7, 7, 7],
  [[3, 1, 2], 1.2, 2, 2.8],
  [[10, 1], 1.9, 5.5, 9.1],
  [[10, 0, 9, 1, 8, 2, 7, 3, 6, 4, 5], 1, 5, 9],
  [[], NaN, NaN, NaN],
])("of %o, eight in ten lie from %d over %d to %d", ([values, low, median, high]) => {
  const spread = spreadOf(values);

  expect([spread.low, spread.median, spread.high].map((value) => value.toFixed(9))).toEqual(
    [low, median, high].map((value) => value.toFixed(9)),
  );
});

test("a spread leaves the measurements as they are, and their order means nothing", () => {
  const measured = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(measured, fc.string(), (values, seed) => {
      const before = [...values];
      const spread = spreadOf(values);

      expect(values).toEqual(before);
      expect(spreadOf(shuffled(values, seededDice(seed)))).toEqual(spread);
      expect(spread.low).toBeGreaterThanOrEqual(Math.min(...values));
      expect(spread.median).toBeGreaterThanOrEqual(spread.low);
      expect(spread.high).toBeGreaterThanOrEqual(spread.median);
      expect(spread.high).toBeLessThanOrEqual(Math.max(...values));
    }),
    { numRuns: 10_000 },
  );
});

test("one wild measurement in ten moves neither the median nor the percentile below", () => {
  const calm = spreadOf([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  const disturbed = spreadOf([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1_000]);

  expect(disturbed).toEqual(calm);
});

test("a shuffle keeps every item, and the list that it was given", () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.string(), (items, seed) => {
      const before = [...items];
      const mixed = shuffled(items, seededDice(seed));

      expect(items).toEqual(before);
      expect(mixed.toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
    }),
    { numRuns: 10_000 },
  );
});

test("every order comes as often as any other", () => {
  const random = seededDice("orders");
  const counts = new Map<string, number>();
  for (let times = 0; times < 60_000; times++) {
    const order = shuffled(["a", "b", "c"], random).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }

  // Some 10,000 each, give or take five standard deviations.
  expect([...counts.keys()].toSorted()).toEqual(["abc", "acb", "bac", "bca", "cab", "cba"]);
  expect([...counts.values()].filter((count) => Math.abs(count - 10_000) > 460)).toEqual([]);
});

test.for<[value: number, text: string]>([
  [0, "0"],
  [0.0254, "0.025"],
  [0.96, "0.96"],
  [1, "1"],
  [2.44, "2.4"],
  [25.4, "25"],
  [99.4, "99"],
  [99.6, "100"],
  [213.4, "213"],
  [999.6, "1,000"],
  [2_109.4, "2,109"],
  [NaN, "–"],
])("%d is shown as %s", ([value, text]) => {
  expect(formatNumber(value)).toBe(text);
});

test("a table is Markdown that can be read as it is", () => {
  const table = textTable(
    ["case", "ratio", "range", "bytes"],
    [["await work()", 1, "", 249], ["retry", 3.46, [3.1, 4.04], 1_283], ["no cells"]],
  );

  expect(table).toMatchInlineSnapshot(`
    "| case         | ratio |    range | bytes |
    | ------------ | ----: | -------: | ----: |
    | await work() |     1 |          |   249 |
    | retry        |   3.5 | 3.1 to 4 | 1,283 |
    | no cells     |       |          |       |"
  `);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { LevelWindow } from "./level-window.ts";

const windowOf = (levels: readonly number[]): LevelWindow => {
  const window = new LevelWindow();
  for (const level of levels) window.add(level);
  return window;
};

test("before any call every level is high enough", () => {
  expect(windowOf([]).quantile(0.5)).toBe(-Infinity);
});

test("the first calls count at once, in whatever order they come", () => {
  const window = windowOf([3, -1, 2, -10]);

  expect([0, 0.24, 0.25, 0.5, 0.75, 1].map((share) => window.quantile(share))).toEqual([
    -10, -10, -1, 2, 3, 3,
  ]);
});

test("only the latest thousand calls count, and new ones are seen before so many more have come", () => {
  const window = windowOf(Array.from({ length: 3_000 }, (_, index) => index % 2));
  for (let call = 0; call < 1_063; call++) window.add(5);

  expect([window.quantile(0), window.quantile(0.999)]).toEqual([5, 5]);
});

test("no more than the share lies below, and with one more step more than it would", () => {
  const level = fc.double({ min: -100, max: 101, noNaN: true });
  const share = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(fc.array(level, { minLength: 1, maxLength: 16 }), share, (levels, most) => {
      const threshold = windowOf(levels).quantile(most);
      const below = levels.filter((one) => one < threshold).length;
      const upTo = levels.filter((one) => one <= threshold).length;

      expect(below).toBeLessThanOrEqual(most * levels.length);
      expect(upTo).toBeGreaterThan(most * levels.length);
    }),
    { numRuns: 10_000 },
  );
});

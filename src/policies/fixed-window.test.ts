import fc from "fast-check";
import { expect, test } from "vitest";
import { FixedWindow } from "./fixed-window.ts";

const windowOf = (calls: number): FixedWindow => new FixedWindow({ calls, perMs: 100 });

/** When so many calls begin that all come at this moment. */
const startsOf = (window: FixedWindow, nowMs: number, calls: number): number[] =>
  Array.from({ length: calls }, () => {
    const atMs = window.startAtMs(1, nowMs);
    window.take(1, atMs);
    return atMs;
  });

test("the first call begins a window, and the next ones follow it without a gap", () => {
  const first = windowOf(2);

  expect([startsOf(first, 1_030, 3), startsOf(first, 1_560, 4)]).toEqual([
    [1_030, 1_030, 1_130],
    [1_560, 1_560, 1_630, 1_630],
  ]);
});

test("about a border twice as many begin as in a window", () => {
  const two = windowOf(2);
  two.take(1, 0);

  expect([two.startAtMs(1, 99), ...startsOf(two, 99, 3)]).toEqual([99, 99, 100, 100]);
});

test("a call of several permits waits for the next window where too few are left", () => {
  const three = windowOf(3);
  three.take(2, 0);

  expect([1, 2, 3, 4].map((permits) => three.startAtMs(permits, 50))).toEqual([
    50,
    100,
    100,
    Infinity,
  ]);
});

test("what is left is that of the window of now", () => {
  const two = windowOf(2);
  const before = two.left(0);
  two.take(1, 10);

  expect([before, ...[10, 109, 110, 250].map((nowMs) => two.left(nowMs))]).toEqual([2, 1, 1, 2, 2]);
});

test("what is planned ahead is not overtaken by what would fit before it", () => {
  const three = windowOf(3);
  three.take(2, 0);
  three.take(2, three.startAtMs(2, 20));

  expect([1, 2].map((permits) => three.startAtMs(permits, 20))).toEqual([100, 200]);
});

test.for<[name: string, to: { calls: number; perMs: number }, startsAtMs: number[], left: number]>([
  ["more calls begin at once", { calls: 3, perMs: 100 }, [50, 100, 100, 100, 200], 1],
  ["fewer wait for the next window", { calls: 1, perMs: 100 }, [100, 200], 0],
  ["a shorter one is over sooner", { calls: 2, perMs: 60 }, [60, 60, 120], 0],
  ["or already", { calls: 2, perMs: 40 }, [50, 50, 80], 2],
  ["a longer one lasts longer", { calls: 2, perMs: 500 }, [500, 500, 1_000], 0],
])("changed, the window of now has another length: %s", ([, to, startsAtMs, left]) => {
  const changed = windowOf(2);
  changed.take(2, 0);
  changed.change(to, 50);
  const leftThen = changed.left(50);

  expect([startsOf(changed, 50, startsAtMs.length), leftThen]).toEqual([startsAtMs, left]);
});

test("what is over when it is changed counts no more", () => {
  const changed = windowOf(1);
  changed.take(1, 0);
  changed.change({ calls: 1, perMs: 1_000 }, 100);

  expect([changed.startAtMs(1, 100), ...startsOf(changed, 150, 2)]).toEqual([100, 150, 1_100]);
});

test("a copy goes its own way", () => {
  const first = windowOf(2);
  first.take(1, 30);
  const copy = first.copy();
  first.take(1, 50);
  copy.take(2, 140);

  expect([first.startAtMs(1, 120), copy.startAtMs(1, 140), copy.most]).toEqual([130, 230, 2]);
});

test("no window has more than its calls, and no length of time more than twice as many", () => {
  const calls = fc.integer({ min: 1, max: 5 });
  const perMs = fc.oneof(
    fc.integer({ min: 1, max: 100 }),
    fc.double({ min: 1, max: 100, noNaN: true }),
  );
  const step = fc.tuple(
    fc.oneof(fc.constant(0), fc.double({ min: 0, max: 250, noNaN: true })),
    fc.nat({ max: 4 }),
  );
  fc.assert(
    fc.property(calls, perMs, fc.array(step, { maxLength: 30 }), (most, per, steps) => {
      const played = new FixedWindow({ calls: most, perMs: per });
      let nowMs = 0;
      const begun = steps.map(([pauseMs, more]) => {
        const permits = 1 + (more % most);
        const startAtMs = played.startAtMs(permits, nowMs + pauseMs);
        // It is now, or the border that comes next.
        expect(startAtMs - nowMs - pauseMs).toBeLessThanOrEqual(per * (1 + 1e-9));
        nowMs = startAtMs;
        played.take(permits, nowMs);
        return { atMs: nowMs, permits };
      });

      const takenIn = (fromMs: number, lengthMs: number): number =>
        begun
          .filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + lengthMs)
          .reduce((all, { permits }) => all + permits, 0);
      const firstMs = begun[0]?.atMs ?? 0;
      for (const { atMs } of begun) {
        expect(takenIn(atMs, per * (1 - 1e-9))).toBeLessThanOrEqual(2 * most);
        const border = firstMs + Math.floor((atMs - firstMs) / per + 1e-9) * per;
        expect(takenIn(border + per * 1e-9, per * (1 - 3e-9))).toBeLessThanOrEqual(most);
      }
    }),
    { numRuns: 10_000 },
  );
});

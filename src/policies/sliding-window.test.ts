import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SlidingWindow } from "./sliding-window.ts";

const windowOf = (calls: number): SlidingWindow => new SlidingWindow({ calls, perMs: 100 });

test("all calls of a window may begin at once, and each makes room for another when it is over", () => {
  const full = windowOf(2);
  const startsAtMs = [0, 30, 40, 50, 500].map((nowMs) => {
    const atMs = full.startAtMs(1, nowMs);
    full.take(1, atMs);
    return atMs;
  });

  expect(startsAtMs).toEqual([0, 30, 100, 130, 500]);
});

test("a call of several permits waits until as many have left the window", () => {
  const full = windowOf(3);
  for (const atMs of [0, 10, 20]) full.take(1, atMs);

  expect([1, 2, 3].map((permits) => full.startAtMs(permits, 50))).toEqual([100, 110, 120]);
});

test("permits taken together leave together", () => {
  const full = windowOf(3);
  full.take(2, 0);
  full.take(1, 10);

  expect([1, 2, 3].map((permits) => full.startAtMs(permits, 50))).toEqual([100, 100, 110]);
});

test("what is left counts those that have left the window", () => {
  const full = windowOf(2);
  full.take(1, 0);
  full.take(1, 30);

  expect([30, 99, 100, 129, 130].map((nowMs) => full.left(nowMs))).toEqual([0, 0, 1, 1, 2]);
});

test("a call of many permits is kept as one, however many they are", () => {
  const most = Number.MAX_SAFE_INTEGER;
  const huge = windowOf(most);
  huge.take(most - 1, 0);
  huge.take(1, 50);

  const startsAtMs = [1, 2, most].map((permits) => huge.copy().startAtMs(permits, 60));
  const left = [60, 100, 150].map((nowMs) => huge.left(nowMs));

  expect([startsAtMs, left]).toEqual([
    [100, 100, 150],
    [0, most - 1, most],
  ]);
});

test("what is planned ahead is not overtaken by what would fit before it", () => {
  const full = windowOf(3);
  full.take(2, 0);
  full.take(2, full.startAtMs(2, 20));

  expect([1, 2].map((permits) => full.startAtMs(permits, 20))).toEqual([100, 200]);
});

test("however long it runs, a call costs no more time and memory than those of its window", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const long = windowOf(3);
  // 16 MB if they were kept, and hours if they were all looked at each time.
  const calls = 1_000_000;
  collect();
  const before = process.memoryUsage().heapUsed;

  for (let call = 0; call < calls; call++) long.take(1, long.startAtMs(1, call * 40));
  collect();
  const grownMb = (process.memoryUsage().heapUsed - before) / 1e6;

  expect(long.startAtMs(1, calls * 40 - 30)).toBe(calls * 40 - 20);
  expect(grownMb).toBeLessThan(8);
});

test("each call begins at the first moment at which there is room for it, however many there were", () => {
  const step = fc.record({
    pauseMs: fc.oneof(fc.constant(0), fc.nat(150)),
    permits: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 200, maxLength: 300 }), (steps) => {
      const played = windowOf(5);
      const begun: { readonly atMs: number; readonly permits: number }[] = [];
      const fits = (permits: number, nowMs: number): boolean =>
        begun
          .filter(({ atMs }) => atMs > nowMs - 100)
          .reduce((all, one) => all + one.permits, permits) <= 5;

      let nowMs = 0;
      for (const { pauseMs, permits } of steps) {
        nowMs += pauseMs;
        const startAtMs = played.startAtMs(permits, nowMs);
        const moments = [nowMs, ...begun.map(({ atMs }) => atMs + 100)];
        const first = moments.filter((atMs) => atMs >= nowMs && fits(permits, atMs));
        expect(startAtMs).toBe(Math.min(...first));
        nowMs = startAtMs;
        played.take(permits, nowMs);
        begun.push({ atMs: nowMs, permits });
      }
    }),
    { numRuns: 50 },
  );
});

test("more than its calls never fit", () => {
  expect([windowOf(2).startAtMs(2, 5), windowOf(2).startAtMs(3, 5)]).toEqual([5, Infinity]);
});

test.for<[name: string, to: { calls: number; perMs: number }, startsAtMs: number[], left: number]>([
  ["more calls begin at once", { calls: 4, perMs: 100 }, [50, 50, 100], 2],
  ["fewer wait until enough have left it", { calls: 1, perMs: 100 }, [130, 230, 330], 0],
  ["a shorter one lets go of them sooner", { calls: 2, perMs: 40 }, [50, 70, 90], 1],
  ["a longer one keeps those that were in it", { calls: 2, perMs: 500 }, [500, 530, 1_000], 0],
])("changed, what began before counts: %s", ([, to, startsAtMs, left]) => {
  const changed = windowOf(2);
  changed.take(1, 0);
  changed.take(1, 30);
  changed.change(to, 50);
  const leftThen = changed.left(50);
  const starts = startsAtMs.map(() => {
    const atMs = changed.startAtMs(1, 50);
    changed.take(1, atMs);
    return atMs;
  });

  expect([starts, leftThen]).toEqual([startsAtMs, left]);
});

test("what has left the window when it is changed counts no more, even in a longer one", () => {
  const changed = windowOf(1);
  changed.take(1, 0);
  changed.change({ calls: 1, perMs: 1_000 }, 100);

  expect([changed.startAtMs(1, 100), changed.left(100)]).toEqual([100, 1]);
});

test("a copy goes its own way", () => {
  const first = windowOf(2);
  first.take(1, 0);
  const copy = first.copy();
  first.take(1, 50);
  copy.take(1, 70);

  expect([first.startAtMs(2, 70), copy.startAtMs(2, 70), copy.most]).toEqual([150, 170, 2]);
});

test("a copy knows what was taken before, also of another copy, after the first has let go of it", () => {
  const first = windowOf(200);
  for (let call = 0; call < 200; call++) first.take(1, call);
  const copy = first.copy();
  copy.take(50, 150);
  const second = copy.copy();
  copy.take(1, 250);
  for (let call = 0; call < 200; call++) first.take(1, 300);

  expect([first, copy, second].map((window) => window.startAtMs(200, 200))).toEqual([
    400, 350, 299,
  ]);
  expect([first, copy, second].map((window) => window.left(220))).toEqual([0, 70, 71]);
});

test("a copy of a large window costs no more than one of a small one", () => {
  const large = windowOf(1_000_000);
  for (let call = 0; call < 1_000_000; call++) large.take(1, 0);

  // Minutes if each of them looked at all that was taken.
  const startsAtMs = new Set<number>();
  for (let copies = 0; copies < 20_000; copies++) {
    const copy = large.copy();
    copy.take(1, copy.startAtMs(1, 50));
    startsAtMs.add(copy.startAtMs(1, 50));
  }

  expect([...startsAtMs]).toEqual([100]);
});

test("in no window, wherever it begins, there are more than its calls", () => {
  const calls = fc.integer({ min: 1, max: 5 });
  const step = fc.tuple(
    fc.oneof(fc.constant(0), fc.double({ min: 0, max: 150, noNaN: true })),
    fc.nat({ max: 4 }),
  );
  fc.assert(
    fc.property(calls, fc.array(step, { maxLength: 30 }), (most, steps) => {
      const played = windowOf(most);
      let nowMs = 0;
      const startsAtMs = steps.flatMap(([pauseMs, more]) => {
        const permits = 1 + (more % most);
        nowMs = played.startAtMs(permits, nowMs + pauseMs);
        played.take(permits, nowMs);
        return Array.from({ length: permits }, () => nowMs);
      });

      for (const fromMs of startsAtMs) {
        const within = startsAtMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + 100);
        expect(within.length).toBeLessThanOrEqual(most);
      }
    }),
    { numRuns: 10_000 },
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { dueTicks, judgeTicks, momentOf, MOST_CAUGHT_UP, MOST_TICKS } from "./due-ticks.ts";
import { everyTimetable } from "./timetable.ts";

const MINUTE = 60_000;

test("a tick's delay is below the jitter, and the same for the same journal whenever it is asked for", () => {
  fc.assert(
    fc.property(
      fc.nat(4e12),
      fc.integer({ min: 1, max: 1e8 }),
      fc.string(),
      (tick, jitter, seed) => {
        const moment = momentOf(tick, jitter, seed);

        expect(moment - tick).toBeGreaterThanOrEqual(0);
        expect(moment - tick).toBeLessThan(jitter);
        expect(momentOf(tick, jitter, seed)).toBe(moment);
      },
    ),
    { numRuns: 10_000 },
  );
});

test("delays of neighbouring ticks, and of one tick in several journals, lie all over the jitter", () => {
  const tenths = (moments: readonly number[]) =>
    new Set(moments.map((ms) => Math.floor((ms % 1_000) / 100))).size;
  const days = Array.from({ length: 200 }, (_, day) => day * 86_400_000);

  expect(tenths(days.map((tick) => momentOf(tick, 1_000, "0.1")))).toBe(10);
  expect(tenths(days.map((_, seed) => momentOf(0, 1_000, String(seed))))).toBe(10);
});

test("without jitter a run begins at its tick", () => {
  expect(momentOf(77, 0, "0.5")).toBe(77);
});

test("due is what lies after what is dealt with, up to now, each once", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 10_000 }),
      fc.nat(1e6),
      fc.nat(1e6),
      fc.nat(99),
      (everyMs, afterMs, laterMs, jitterMs) => {
        const nowMs = afterMs + laterMs;
        const seed = "0.5";
        const ticks = dueTicks(everyTimetable(everyMs), { afterMs, nowMs, jitterMs, seed });

        const first = (Math.floor(afterMs / everyMs) + 1) * everyMs;
        const all = Array.from(
          { length: Math.max(0, Math.floor((nowMs - first) / everyMs) + 1) },
          (_, index) => first + index * everyMs,
        ).filter((tick) => momentOf(tick, jitterMs, seed) <= nowMs);
        expect(ticks).toEqual(all.slice(-MOST_TICKS));
      },
    ),
    { numRuns: 2_000 },
  );
});

test("of a year of seconds the newest are looked at", () => {
  const nowMs = 365 * 86_400_000;
  const ticks = dueTicks(everyTimetable(1_000), { afterMs: 0, nowMs, jitterMs: 0, seed: "" });

  expect([ticks.length, ticks.at(-1)]).toEqual([MOST_TICKS, nowMs]);
});

test("when the clock is set back, nothing that is dealt with is due again", () => {
  const span = { afterMs: 10 * MINUTE, nowMs: 5 * MINUTE, jitterMs: 0, seed: "" };

  expect(dueTicks(everyTimetable(MINUTE), span)).toEqual([]);
});

const RULES = { nowMs: 60 * MINUTE, graceMs: MINUTE, within: 30 * MINUTE, jitter: 0 };
/** By the minute. */
const at = (...minutes: number[]) => minutes.map((minute) => minute * MINUTE);

test.for<["none" | "last" | "all", number[], number | undefined, number[], number[]]>([
  ["none", at(60), 60 * MINUTE, [], []],
  ["none", at(59), 59 * MINUTE, [], []],
  ["none", at(58), undefined, at(58), []],
  ["none", at(58, 60), 60 * MINUTE, at(58), []],
  ["last", at(58, 60), 60 * MINUTE, at(58), []],
  ["last", at(56, 58), undefined, at(56, 58), at(58)],
  ["last", at(30), undefined, at(30), at(30)],
  ["last", at(29), undefined, at(29), []],
  ["all", at(29, 30, 58), undefined, at(29, 30, 58), at(30, 58)],
  ["all", at(29, 30, 60), 60 * MINUTE, at(29, 30), at(30)],
])("%s, of ticks at %o", ([catchUp, ticks, onTime, missed, caughtUp]) => {
  expect(judgeTicks(ticks, { ...RULES, catchUp })).toEqual({ onTime, missed, caughtUp });
});

test("what a tick's jitter takes does not make it late", () => {
  const rules = { ...RULES, jitter: 5 * MINUTE, catchUp: "last" } as const;

  expect(judgeTicks(at(54), rules)).toMatchObject({ onTime: 54 * MINUTE });
  expect(judgeTicks(at(25), rules)).toMatchObject({ onTime: undefined, caughtUp: at(25) });
  expect(judgeTicks(at(24), rules)).toMatchObject({ caughtUp: [] });
});

test("the newest hundred are caught up", () => {
  const ticks = Array.from({ length: 300 }, (_, index) => index);
  const judged = judgeTicks(ticks, { ...RULES, nowMs: 100_000, within: Infinity, catchUp: "all" });

  expect(judged.caughtUp).toEqual(ticks.slice(-MOST_CAUGHT_UP));
});

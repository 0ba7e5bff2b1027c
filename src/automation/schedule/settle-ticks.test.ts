import fc from "fast-check";
import { expect, test } from "vitest";
import { automation } from "../automation.ts";
import type { ScheduleState } from "./schedule-state.ts";
import type { ScheduleOptions } from "./schedule.ts";
import { settleTicks, type Circumstances } from "./settle-ticks.ts";

const MINUTE = 60_000;
const NOW_MS = 1_000 * MINUTE;
const ME = { host: "a", bootId: "b", pidNamespace: "n", pid: 1, startTime: "7" };
const OTHER = { ...ME, pid: 2 };

function stateOf(open: readonly number[]): ScheduleState {
  const fixed = { schema: 1, timetable: "", seed: "", handledMs: 0, missed: 5 } as const;
  return { ...fixed, open, server: OTHER, seenAtMs: 7 };
}

function circumstances(
  options: ScheduleOptions,
  change: Partial<Circumstances> = {},
): Circumstances {
  const every = { name: "main", every: MINUTE, ...options };
  const [schedule] = automation("a", { schedule: every }, () => undefined).settled.schedule;
  if (schedule === undefined) throw new Error("there is one");
  const now = { nowMs: NOW_MS, graceMs: MINUTE, isRunning: false, isBehind: false, server: ME };
  return { schedule, ...now, ...change };
}

const OPTIONS = fc.record({
  catchUp: fc.constantFrom("none", "last", "all"),
  overlap: fc.constantFrom("forbid", "queue", "replace"),
  within: fc.integer({ min: 0, max: 200 * MINUTE }),
});

test("every tick is run, told, or stood for by one that is run or told; none is run twice", () => {
  fc.assert(
    fc.property(
      OPTIONS,
      fc.uniqueArray(fc.integer({ min: 800, max: 1_000 }), { minLength: 1, maxLength: 200 }),
      fc.uniqueArray(fc.integer({ min: 700, max: 799 }), { maxLength: 100 }),
      fc.record({ isRunning: fc.boolean(), isBehind: fc.boolean() }),
      (options, minutes, waiting, standing) => {
        const { isRunning } = standing;
        const inOrder = (all: readonly number[]) =>
          all.map((minute) => minute * MINUTE).toSorted((one, other) => one - other);
        const [ticks, open] = [inOrder(minutes), inOrder(waiting)];
        const settled = settleTicks(stateOf(open), ticks, circumstances(options, standing));

        const skipped = settled.tell.flatMap((each) =>
          each.type === "schedule.skipped" ? [each.tickMs] : [],
        );
        const missed = settled.tell.find((each) => each.type === "schedule.missed");
        const isMissed = (tick: number) =>
          missed !== undefined &&
          ticks.includes(tick) &&
          tick >= missed.fromMs &&
          tick <= missed.toMs;
        const after = settled.state.open;
        for (const tick of [...open, ...ticks])
          expect([after.includes(tick), skipped.includes(tick), isMissed(tick)]).toContain(true);
        expect(after.length).toBeLessThanOrEqual(100);
        expect(new Set(after).size).toBe(after.length);
        expect(after.filter((tick) => skipped.includes(tick))).toEqual([]);
        expect(settled.state.handledMs).toBe(ticks.at(-1));
        expect(settled.state.missed).toBe(5 + (missed?.count ?? 0));
        expect(settled.replaces && !isRunning).toBe(false);
      },
    ),
    { numRuns: 5_000 },
  );
});

test("whoever sees to ticks that are open goes on with it; else it is whoever asks", () => {
  const seeing = [[], [5]].map((open) => {
    const { state } = settleTicks(stateOf(open), [NOW_MS], circumstances({ overlap: "queue" }));
    return [state.server, state.seenAtMs];
  });

  expect(seeing).toEqual([
    [ME, NOW_MS],
    [OTHER, 7],
  ]);
});

test("more than a hundred ticks do not wait: the oldest are skipped", () => {
  const open = Array.from({ length: 100 }, (_, index) => index);

  const { state, tell } = settleTicks(stateOf(open), [NOW_MS], circumstances({ catchUp: "all" }));

  expect(state.open).toEqual([...open.slice(1), NOW_MS]);
  expect(tell).toEqual([
    { type: "schedule.skipped", schedule: "main", tickMs: 0, reason: "too many ticks wait" },
    { type: "schedule.queued", schedule: "main", tickMs: NOW_MS },
  ]);
});

test("a tick that replaces what waits tells so", () => {
  const settled = settleTicks(
    stateOf([5]),
    [NOW_MS],
    circumstances({ overlap: "replace" }, { isRunning: true }),
  );

  expect([settled.state.open, settled.replaces, settled.tell]).toEqual([
    [NOW_MS],
    true,
    [
      {
        type: "schedule.skipped",
        schedule: "main",
        tickMs: 5,
        reason: "a newer tick replaced it",
      },
    ],
  ]);
});

test("when ticks were missed is remembered until others are", () => {
  const once = settleTicks(stateOf([]), [NOW_MS - MINUTE * 2], circumstances({}));
  const later = circumstances({}, { nowMs: NOW_MS + MINUTE });
  const again = settleTicks({ ...once.state, open: [] }, [NOW_MS + MINUTE], later);

  expect([once.state.missedAtMs, again.state.missedAtMs]).toEqual([NOW_MS, NOW_MS]);
});

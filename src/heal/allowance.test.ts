import fc from "fast-check";
import { expect, test } from "vitest";
import {
  actedOn,
  heldBy,
  holderAt,
  letGo,
  readTargetState,
  refusalAt,
  UNTOUCHED,
  type Limits,
} from "./allowance.ts";

const HOUR = 3_600_000;
const LIMITS: Limits = {
  budget: { times: 3, withinMs: HOUR },
  coolDownMs: 60_000,
  limitMs: 60_000,
};
const OWNER = { host: "a", bootId: "b", pidNamespace: "c", pid: 1, startTime: "2" };

test.for<[name: string, actedAtMs: readonly number[], nowMs: number, refusal: string | undefined]>([
  ["it may act at first", [], 0, undefined],
  [
    "it leaves a target alone for a while",
    [1_000],
    60_999,
    "it acted 1 m ago, and leaves it alone for 1 m",
  ],
  ["and may act again then", [1_000], 61_000, undefined],
  [
    "its budget has an end",
    [0, 100_000, 200_000],
    HOUR - 1,
    "its budget is spent: it acted 3 times within 1 h",
  ],
  ["and comes back", [0, 100_000, 200_000], HOUR, undefined],
  [
    "a time of day that was set back is borne",
    [1_000_000],
    999_000,
    "it acted 0 ms ago, and leaves it alone for 1 m",
  ],
  ["but not for long", [10 * HOUR], 0, undefined],
])("%s", ([, actedAtMs, nowMs, refusal]) => {
  expect(refusalAt({ actedAtMs }, LIMITS, nowMs)?.because).toBe(refusal);
});

test("a budget of one is told in the singular", () => {
  const limits = { ...LIMITS, budget: { times: 1, withinMs: HOUR } };

  expect(refusalAt({ actedAtMs: [0] }, limits, 1)).toEqual({
    because: "its budget is spent: it acted once within 1 h",
    isExhausted: true,
  });
});

test("it cools down from the end of the action on, however long that took", () => {
  const state = letGo(actedOn(UNTOUCHED, LIMITS, 0), { leftAtMs: 90_000 });

  expect([100_000, 150_000].map((nowMs) => refusalAt(state, LIMITS, nowMs))).toEqual([
    { because: "it acted 10 s ago, and leaves it alone for 1 m", isExhausted: false },
    undefined,
  ]);
  // Whose end nobody saw has its beginning only.
  const cut = actedOn(state, LIMITS, 200_000);
  expect([refusalAt(cut, LIMITS, 259_999)?.isExhausted, refusalAt(cut, LIMITS, 260_000)]).toEqual([
    false,
    undefined,
  ]);
});

test.for<[name: string, text: string]>([
  ["cut off", '{"actedAtMs":[1'],
  ["of another kind", "[]"],
  ["null", "null"],
  ["of a newer version", '{"acted":[{"atMs":1}]}'],
  ["with a moment that is none", '{"actedAtMs":["1"]}'],
  ["with half a holder", '{"actedAtMs":[1],"holder":{"token":"t"}}'],
])("a state that is %s forbids nothing", ([, text]) => {
  expect(readTargetState(text)).toEqual(UNTOUCHED);
});

test("it never acts more often than its budget within any length of time, nor sooner than it cools down", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: HOUR }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: HOUR }),
      (pauses, times, coolDownMs) => {
        const limits = { ...LIMITS, budget: { times, withinMs: HOUR }, coolDownMs };
        let state = UNTOUCHED;
        let nowMs = 0;
        const acted: number[] = [];
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          if (refusalAt(state, limits, nowMs) !== undefined) continue;
          state = readTargetState(JSON.stringify(letGo(actedOn(state, limits, nowMs), {})));
          acted.push(nowMs);
        }

        acted.forEach((atMs, index) => {
          expect(
            acted.filter((other) => other <= atMs && other > atMs - HOUR).length,
          ).toBeLessThanOrEqual(times);
          if (index > 0) expect(atMs - (acted[index - 1] ?? 0)).toBeGreaterThanOrEqual(coolDownMs);
        });
      },
    ),
    { numRuns: 2_000 },
  );
});

test.for<[name: string, nowMs: number, isGone: boolean | undefined, isHeld: boolean]>([
  ["a holder that lives holds it", 119, false, true],
  ["one of whom nothing is known, too", 119, undefined, true],
  ["not past its time", 120, false, false],
  ["nor when its process is gone", 119, true, false],
  ["a time of day that was set back is borne by it", 81, false, true],
  ["but not for long", 80, false, false],
])("%s", ([, nowMs, isGone, isHeld]) => {
  const holder = { owner: OWNER, token: "t", fromMs: 100, untilMs: 120 };
  const state = heldBy(UNTOUCHED, holder);

  expect(holderAt(state, nowMs, () => isGone)).toEqual(isHeld ? holder : undefined);
});

test("one with a small budget leaves what is counted for another with a larger one", () => {
  const small = { ...LIMITS, budget: { times: 1, withinMs: HOUR } };
  const state = actedOn({ actedAtMs: [0, 100_000] }, small, 200_000);

  expect([refusalAt(state, LIMITS, 300_000)?.because, state.actedAtMs.length]).toEqual([
    "its budget is spent: it acted 3 times within 1 h",
    3,
  ]);
  const many = Array.from({ length: 150 }, (_, index) => index);
  expect(actedOn({ actedAtMs: many }, small, 200).actedAtMs).toEqual([...many.slice(-99), 200]);
});

test("who lets it go leaves what is counted, and says when it was cured", () => {
  const held = heldBy(
    { actedAtMs: [1], healedAtMs: 2 },
    { owner: OWNER, token: "t", fromMs: 1, untilMs: 9 },
  );

  expect([letGo(held, {}), letGo(held, { healedAtMs: 5 }), letGo(UNTOUCHED, {})]).toEqual([
    { actedAtMs: [1], healedAtMs: 2 },
    { actedAtMs: [1], healedAtMs: 5 },
    { actedAtMs: [] },
  ]);
  expect(readTargetState(undefined)).toEqual(UNTOUCHED);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  admits,
  CLOSED,
  ended,
  halfOpened,
  healed,
  held,
  holdOf,
  ignored,
  isBroken,
  isCurrent,
  opened,
  pauseLeftMs,
  probing,
  type Call,
  type Circuit,
  type CircuitRules,
  type Closed,
  type HalfOpen,
  type Open,
} from "./circuit.ts";

const RULES: CircuitRules = {
  failures: 3,
  limits: undefined,
  probes: 2,
  successes: 2,
  probeFailures: 2,
  probeTimeout: 5_000,
  heals: false,
  checks: false,
};

const closed = (failures: number): Closed => ({
  state: "closed",
  generation: 4,
  failures,
  held: undefined,
});
const open = (untilMs: number): Open => ({
  state: "open",
  generation: 5,
  untilMs,
  pauseMs: 1_000,
  openings: 1,
});
const probe = (leaseUntilMs: number): Call => ({ generation: 6, startMs: 0, leaseUntilMs });
const halfOpen = (...probes: readonly Call[]): HalfOpen => ({
  state: "half-open",
  generation: 6,
  pauseMs: 1_000,
  openings: 1,
  probes,
  successes: 0,
  failures: 0,
  isHealed: true,
});

const [first, second] = [probe(5_000), probe(6_000)];

test.for<[name: string, circuit: Circuit, nowMs: number, isAdmitted: boolean, leftMs: number]>([
  ["closed admits", closed(2), 0, true, 0],
  ["open waits out its pause", open(1_000), 400, false, 600],
  ["open refuses to the last moment", open(1_000), 999, false, 1],
  ["open admits when the pause is over", open(1_000), 1_000, true, 0],
  ["open admits long after", open(1_000), 1e9, true, 0],
  ["half-open admits while there is a place", halfOpen(first), 0, true, 0],
  ["half-open refuses while all places are taken", halfOpen(first, second), 4_999, false, 0],
  ["half-open admits when a lease is over", halfOpen(first, second), 5_000, true, 0],
  ["unhealed, one place is all", { ...halfOpen(first), isHealed: false }, 0, false, 0],
  ["held open never admits", held(5, "open"), 1e9, false, Infinity],
  ["held closed admits", held(5, "closed"), 0, true, 0],
  ["switched off admits", held(5, "off"), 0, true, 0],
])("%s", ([, circuit, nowMs, isAdmitted, leftMs]) => {
  expect([admits(circuit, nowMs, RULES), pauseLeftMs(circuit, nowMs)]).toEqual([
    isAdmitted,
    leftMs,
  ]);
});

const GOOD = { isFailure: false, isSlow: false };
const FAILED = { isFailure: true, isSlow: false };
const SLOW = { isFailure: false, isSlow: true };

test.for<[name: string, after: Circuit, expected: Circuit]>([
  ["a success clears the count", ended(closed(2), 4, GOOD), closed(0)],
  ["a failure is counted", ended(closed(1), 4, FAILED), closed(2)],
  ["a slow success is no failure in a row", ended(closed(2), 4, SLOW), closed(0)],
  [
    "a good probe counts and frees its place",
    ended(halfOpen(first, second), first, GOOD),
    { ...halfOpen(second), successes: 1 },
  ],
  [
    "a failed probe counts and frees its place",
    ended(halfOpen(first, second), second, FAILED),
    { ...halfOpen(first), failures: 1 },
  ],
  [
    "a slow probe shows no recovery",
    ended(halfOpen(first), first, SLOW),
    { ...halfOpen(), failures: 1 },
  ],
  ["an ignored call leaves the count", ignored(closed(2), 4), closed(2)],
  ["an ignored probe gives its place back", ignored(halfOpen(first), first), halfOpen()],
  [
    "an ignored call of another generation takes no place",
    ignored(halfOpen(first), 4),
    halfOpen(first),
  ],
  [
    "what heals gives its place back",
    healed({ ...halfOpen(first), isHealed: false }, first),
    halfOpen(),
  ],
  ["the first opening", opened(closed(2), 50, 1_000), { ...open(1_050) }],
  [
    "the next opening in a row",
    opened(halfOpen(first), 50, 2_000),
    { ...open(2_050), generation: 7, pauseMs: 2_000, openings: 2 },
  ],
  ["half-open after the pause", halfOpened(open(0), RULES), halfOpen()],
  [
    "half-open with something to heal",
    halfOpened(open(0), { ...RULES, heals: true }),
    { ...halfOpen(), isHealed: false },
  ],
])("%s", ([, after, expected]) => {
  expect(after).toEqual(expected);
});

test("a success of a calm circuit makes nothing new", () => {
  expect(ended(CLOSED, 0, GOOD)).toBe(CLOSED);
});

test.for<[name: string, from: Open | HalfOpen, rules: Partial<CircuitRules>, probes: Call[]]>([
  [
    "the first call after the pause",
    open(0),
    {},
    [{ ...first, startMs: 100, leaseUntilMs: 5_100 }],
  ],
  [
    "another one beside it",
    halfOpen(first),
    {},
    [first, { ...first, startMs: 100, leaseUntilMs: 5_100 }],
  ],
  [
    "in place of a lapsed one",
    halfOpen(probe(100)),
    {},
    [{ ...first, startMs: 100, leaseUntilMs: 5_100 }],
  ],
  [
    "a check, which its limit ends first",
    open(0),
    { checks: true },
    [{ ...first, startMs: 100, leaseUntilMs: 10_100 }],
  ],
  [
    "a remedy, which its limit ends first",
    open(0),
    { heals: true },
    [{ ...first, startMs: 100, leaseUntilMs: 10_100 }],
  ],
])("a probe is %s", ([, from, rules, probes]) => {
  const { next, probe: begun } = probing(from, 100, { ...RULES, ...rules });

  expect(next).toMatchObject({ state: "half-open", generation: 6, probes });
  expect(next.probes.at(-1)).toBe(begun);
});

test.for<[name: string, circuit: Circuit, ticket: number | Call, nowMs: number, expected: boolean]>(
  [
    ["a call of this generation", closed(1), 4, 0, true],
    ["a timed call of this generation", closed(1), { ...first, generation: 4 }, 1e9, true],
    ["a call of an older one", closed(1), 2, 0, false],
    ["any call while open", open(0), 5, 0, false],
    ["a probe within its lease", halfOpen(first), first, 4_999, true],
    ["a probe at the end of its lease", halfOpen(first), first, 5_000, false],
    ["a probe that lost its place", halfOpen(second), first, 0, false],
    ["a call from before the opening", halfOpen(first), 4, 0, false],
  ],
)("whether the end counts of %s", ([, circuit, ticket, nowMs, expected]) => {
  expect(isCurrent(circuit, ticket, nowMs)).toBe(expected);
});

const LIMITS = { failures: Infinity, minimum: 10, rate: 0.5, slowRate: 0.8 };
const byWindow = (limits: Partial<typeof LIMITS> = {}): CircuitRules => ({
  ...RULES,
  limits: { ...LIMITS, ...limits },
});
const counted = (calls: number, failures: number, slow = 0) => ({ calls, failures, slow });

test.for<
  [
    name: string,
    circuit: Closed | HalfOpen,
    counts: ReturnType<typeof counted> | undefined,
    rules: CircuitRules,
    isOpen: boolean,
  ]
>([
  ["fewer in a row", closed(2), undefined, RULES, false],
  ["as many in a row", closed(3), undefined, RULES, true],
  ["as many in a row, but by a window", closed(3), counted(3, 3), byWindow(), false],
  ["held closed", { ...closed(9), held: "closed" }, undefined, RULES, false],
  ["fewer failed probes", { ...halfOpen(), failures: 1 }, undefined, RULES, false],
  ["enough failed probes", { ...halfOpen(), failures: 2 }, undefined, RULES, true],
  ["below the rate", closed(0), counted(100, 49), byWindow(), false],
  ["at the rate", closed(0), counted(100, 50), byWindow(), true],
  ["at the rate, below the minimum", closed(0), counted(9, 9), byWindow(), false],
  ["at the rate and the minimum", closed(0), counted(10, 5), byWindow(), true],
  ["below the slow rate", closed(0), counted(10, 0, 7), byWindow(), false],
  ["at the slow rate", closed(0), counted(10, 0, 8), byWindow(), true],
  ["fewer in the window", closed(0), counted(9, 2), byWindow({ failures: 3 }), false],
  [
    "as many in the window, below the minimum",
    closed(0),
    counted(3, 3),
    byWindow({ failures: 3 }),
    true,
  ],
])("whether it opens: %s", ([, circuit, counts, rules, isOpen]) => {
  expect(isBroken(circuit, counts, rules)).toBe(isOpen);
});

test.for<[circuit: Circuit, hold: ReturnType<typeof holdOf>]>([
  [closed(1), undefined],
  [open(1_000), undefined],
  [halfOpen(), undefined],
  [held(1, "open"), "open"],
  [held(1, "closed"), "closed"],
  [held(1, "off"), "off"],
])("whoever asks how %o is held is told", ([circuit, hold]) => {
  expect(holdOf(circuit)).toBe(hold);
});

test("an opening lasts as long as its pause, whatever went before", () => {
  const moment = fc.nat({ max: 1e9 });
  fc.assert(
    fc.property(moment, fc.nat(), fc.nat(), (nowMs, pauseMs, waitMs) => {
      const circuit = opened(closed(2), nowMs, pauseMs);

      expect(admits(circuit, nowMs + waitMs, RULES)).toBe(waitMs >= pauseMs);
      expect(pauseLeftMs(circuit, nowMs + waitMs)).toBe(Math.max(0, pauseMs - waitMs));
    }),
    { numRuns: 10_000 },
  );
});

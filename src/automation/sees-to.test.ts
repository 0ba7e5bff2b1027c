import { expect, test } from "vitest";
import type { Owner } from "../core/journal.ts";
import type { ScheduleState } from "./schedule/schedule-state.ts";
import { isSame, seesTo } from "./sees-to.ts";

const ME: Owner = { host: "a", bootId: "b", pidNamespace: "n", pid: 1, startTime: "7" };
const OTHER: Owner = { ...ME, pid: 2 };
const NOW_MS = 1_000_000;

function stateOf(server: Owner, agoMs: number): ScheduleState {
  const fixed = { schema: 1, timetable: "every 1", seed: "0", handledMs: 5, missed: 0 } as const;
  return { ...fixed, open: [5], server, seenAtMs: NOW_MS - agoMs };
}

test.for<[of: "mine" | "another's", agoMs: number, isGone: boolean | undefined, takes: boolean]>([
  ["mine", 19_999, undefined, false],
  ["mine", 20_000, undefined, true],
  ["mine", -20_000, undefined, true],
  ["another's", 59_999, undefined, false],
  ["another's", 59_999, false, false],
  ["another's", 60_000, undefined, true],
  ["another's", -60_000, undefined, true],
  ["another's", 0, true, true],
])("open ticks, %s, said %i ms ago, gone: %s", ([of, agoMs, isGone, takes]) => {
  const state = stateOf(of === "mine" ? ME : OTHER, agoMs);
  const server = { server: ME, isGone: () => isGone };

  const seen = seesTo(state, server, NOW_MS);

  expect(seen).toEqual(takes ? { state: { ...state, server: ME, seenAtMs: NOW_MS } } : undefined);
});

test("one process is told from another by all that is known of it", () => {
  const changes = Object.keys(ME).map((field) => ({ ...ME, [field]: "another" }));

  expect([isSame(ME, { ...ME }), ...changes.map((other) => isSame(ME, other as Owner))]).toEqual([
    true,
    ...changes.map(() => false),
  ]);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  admits,
  begun,
  ignored,
  letIn,
  OPEN,
  opened,
  refused,
  waitLeftMs,
  type GateState,
} from "./gate-state.ts";

const PROBE_MS = 50;

const closed = (untilMs: number, generation = 3): GateState => ({
  state: "closed",
  generation,
  room: 0,
  untilMs,
});
const opening = (room: number, untilMs = 150): GateState => ({
  state: "opening",
  generation: 3,
  room,
  untilMs,
});

test.for<[name: string, gate: GateState, nowMs: number, isAdmitted: boolean, leftMs: number]>([
  ["open admits", OPEN, 0, true, 0],
  ["closed waits", closed(100), 40, false, 60],
  ["closed waits to the last moment", closed(100), 99, false, 1],
  ["closed admits when the wait is over", closed(100), 100, true, 0],
  ["closed admits long after", closed(100), 500, true, 0],
  ["opening admits while there is room", opening(1), 100, true, 0],
  ["opening waits without room, for how long nobody knows", opening(0), 149, false, 0],
  ["opening admits one more when a probe takes too long", opening(0), 150, true, 0],
])("%s", ([, gate, nowMs, isAdmitted, leftMs]) => {
  expect([admits(gate, nowMs), waitLeftMs(gate, nowMs)]).toEqual([isAdmitted, leftMs]);
});

test.for<[name: string, after: GateState, expected: GateState]>([
  ["a call through an open gate changes nothing", begun(OPEN, 100, PROBE_MS), OPEN],
  ["the first call after the wait goes alone", begun(closed(100), 100, PROBE_MS), opening(0)],
  ["a further call takes room", begun(opening(2), 110, PROBE_MS), opening(1, 160)],
  ["one more without room takes none", begun(opening(0), 150, PROBE_MS), opening(0, 200)],
  ["a call that was let in makes room for two", letIn(opening(0), 3), opening(2)],
  ["one of an earlier opening makes none", letIn(opening(0), 2), opening(0)],
  ["one that was let in before makes none once it is closed", letIn(closed(100), 3), closed(100)],
  ["a call that tells nothing gives its room back", ignored(opening(0), 3), opening(1)],
  ["one of an earlier opening gives none back", ignored(opening(0), 2), opening(0)],
  ["a refusal closes", refused(OPEN, 100), closed(100, 1)],
  ["a refusal while it opens closes it anew", refused(opening(4), 300), closed(300, 4)],
  ["a longer wait counts", refused(closed(100), 200), closed(200)],
  ["a shorter wait does not", refused(closed(100), 50), closed(100)],
  ["open again, it remembers its generation", opened(opening(2)), { ...OPEN, generation: 3 }],
])("%s", ([, after, expected]) => {
  expect(after).toEqual(expected);
});

test("while it opens, no more go at once than were let in before, and one; a probe's time adds one", () => {
  const step = fc.constantFrom("begin", "let in", "ignored", "time");
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let gate = begun(closed(0), 0, PROBE_MS);
      let nowMs = 0;
      const count = { going: 1, letIn: 0, late: 0 };
      for (const next of steps) {
        if (next === "time") nowMs += PROBE_MS / 2;
        else if (next === "begin") {
          if (!admits(gate, nowMs)) continue;
          if (gate.room === 0) count.late++;
          count.going++;
          gate = begun(gate, nowMs, PROBE_MS);
        } else if (count.going > 0) {
          count.going--;
          if (next === "let in") count.letIn++;
          gate = next === "let in" ? letIn(gate, 3) : ignored(gate, 3);
        }
        expect(count.going + gate.room).toBe(1 + count.letIn + count.late);
      }
    }),
    { numRuns: 10_000 },
  );
});

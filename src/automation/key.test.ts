import fc from "fast-check";
import { expect, test } from "vitest";
import { seededDice } from "../core/dice.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { keyOf, newRunId, tickRunId } from "./key.ts";

test("run names sort by the moment of their start", () => {
  const random = seededDice(1);
  const at = (startAtMs: number) => newRunId(new VirtualClock({ startAtMs }), random);

  const names = [0, 1, 31, 32, 1_767_225_600_000, 1_767_225_600_001].map(at);

  expect(names).toEqual(names.toSorted());
  expect(names.every((name) => /^[0-9a-hjkmnp-tv-z]{26}$/.test(name))).toBe(true);
});

test("two runs that start at the same moment have different names", () => {
  const clock = new VirtualClock();
  const random = seededDice(1);

  expect(newRunId(clock, random)).not.toBe(newRunId(clock, random));
});

test("a key is fit for file names and URLs, whatever the step is called", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(), (task, step, generation) => {
      const key = keyOf({ runId: "01k9", task, step, generation });

      expect(key).toMatch(/^01k9-[a-z0-9-]{8,54}$/);
      expect(key).not.toContain("--");
    }),
    { numRuns: 10_000 },
  );
});

test.for<[name: string, other: object]>([
  ["run", { runId: "r2" }],
  ["task", { task: "u" }],
  ["step", { step: "S!" }],
  ["generation", { generation: 2 }],
])("another %s gives another key", ([, other]) => {
  const parts = { runId: "r1", task: "t", step: "s", generation: 1 };

  expect(keyOf({ ...parts, ...other })).not.toBe(keyOf(parts));
  expect(keyOf({ ...parts })).toBe(keyOf(parts));
});

test("a tick's run has one name, which sorts by the tick and differs by automation and schedule", () => {
  const tick = { automation: "nightly", schedule: "0 3 * * *", tickMs: 1_795_312_800_000 };
  const others = [
    { ...tick, automation: "hourly" },
    { ...tick, schedule: "0 4 * * *" },
    { ...tick, tickMs: tick.tickMs + 1 },
  ];

  const name = tickRunId(tick);

  expect(name).toBe(tickRunId({ ...tick }));
  expect(name).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
  const clock = new VirtualClock({ startAtMs: tick.tickMs });
  expect(name.slice(0, 10)).toBe(newRunId(clock, () => 0).slice(0, 10));
  expect(new Set([name, ...others.map(tickRunId)]).size).toBe(4);
  expect(tickRunId({ ...tick, tickMs: tick.tickMs + 1 }) > name).toBe(true);
});

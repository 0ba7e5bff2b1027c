import { expect, test } from "vitest";
import { automation } from "../automation.ts";
import {
  continues,
  newState,
  readScheduleState,
  scheduleKey,
  timetableOf,
} from "./schedule-state.ts";
import type { ScheduleOptions } from "./schedule.ts";

const SERVER = { host: "a", bootId: "b", pidNamespace: "n", pid: 1, startTime: "7" };
const HOUR = 3_600_000;

function scheduleOf(options: ScheduleOptions) {
  const [schedule] = automation("a", { schedule: options }, () => undefined).settled.schedule;
  if (schedule === undefined) throw new Error("there is one");
  return schedule;
}

test("what is written is read again", () => {
  const state = newState(scheduleOf({ every: "5m" }), { nowMs: 5, seed: "0.5", server: SERVER });
  const key = scheduleKey("nightly", "every 5 m");

  expect(key).toBe("schedule/nightly/every 5 m");
  expect(readScheduleState(key, JSON.stringify(state))).toEqual(state);
});

test.for(["", "null", "{}", '{"schema":2}'])(
  "what cannot be understood is an error: %s",
  (text) => {
    expect(() => readScheduleState("schedule/a/b", text)).toThrow(
      "The state of a schedule cannot be read: schedule/a/b; was it a newer holdfast?",
    );
  },
);

test("a schedule goes on while its timetable is the same, in whatever else it changes", () => {
  const cron = { name: "n", cron: "0 3 * * *" };
  const state = newState(scheduleOf(cron), { nowMs: 0, seed: "0", server: SERVER });
  const changes = [
    { ...cron, overlap: "queue", jitter: "5m" } as const,
    { ...cron, timezone: "Europe/Berlin" },
    { ...cron, cron: "1 3 * * *" },
    { name: "n", every: "1d" } as const,
  ];

  expect(changes.map((each) => continues(state, scheduleOf(each), 0))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(timetableOf(scheduleOf(cron))).toBe("0 3 * * * UTC");
});

test("a state from more than a day ahead is not gone on from", () => {
  const schedule = scheduleOf({ every: "5m" });
  const state = newState(schedule, { nowMs: 100 * HOUR, seed: "0", server: SERVER });

  expect([75 * HOUR, 75 * HOUR - 1].map((nowMs) => continues(state, schedule, nowMs))).toEqual([
    true,
    false,
  ]);
});

import { expect, test } from "vitest";
import { automation } from "../automation.ts";
import type { ScheduleOptions } from "./schedule.ts";

function schedulesOf(schedule: unknown) {
  const options = { schedule: schedule as ScheduleOptions };
  return automation("nightly", options, () => undefined).settled.schedule;
}

test("what is not said has the defaults of a careful operator", () => {
  expect(schedulesOf({ cron: " 0  3 * * * " })).toEqual([
    {
      name: "0 3 * * *",
      cron: " 0  3 * * * ",
      every: undefined,
      timezone: "UTC",
      jitter: 0,
      catchUp: "last",
      within: 3_600_000,
      overlap: "forbid",
      input: {},
      timeout: 86_400_000,
    },
  ]);
});

test("what is said holds, of each of several", () => {
  const schedules = schedulesOf([
    { every: "5m", jitter: "1m", catchUp: "all", within: Infinity, overlap: "queue" },
    { name: "night", cron: "@daily", timezone: "Europe/Berlin", input: { day: 1 }, timeout: "2h" },
  ]);

  expect(schedules).toEqual([
    expect.objectContaining({
      name: "every 5 m",
      every: 300_000,
      jitter: 60_000,
      catchUp: "all",
      within: Infinity,
      overlap: "queue",
    }),
    expect.objectContaining({
      name: "night",
      timezone: "Europe/Berlin",
      input: { day: 1 },
      timeout: 7_200_000,
    }),
  ]);
});

test("an automation without a schedule has none", () => {
  expect(schedulesOf(undefined)).toEqual([]);
});

const PATH = 'automation "nightly".schedule';

test.for<[schedule: unknown, message: string]>([
  [{}, `${PATH}: expected either cron or every`],
  [{ cron: "0 3 * * *", every: "5m" }, `${PATH}: expected either cron or every`],
  [
    { cron: "0 3 * *" },
    `${PATH}.cron: expected five fields (minute, hour, day of the month, month, weekday), received "0 3 * *"`,
  ],
  [
    { cron: "0 0 3 * * *" },
    `${PATH}.cron: expected five fields (minute, hour, day of the month, month, weekday), received "0 0 3 * * *"; there are no seconds: for those take every`,
  ],
  [
    { cron: "2026-01-01T00:00:00" },
    `${PATH}.cron: expected five fields (minute, hour, day of the month, month, weekday), received "2026-01-01T00:00:00"`,
  ],
  [
    { cron: "0 3 * * *", timezone: "Europe/Berln" },
    `${PATH}.timezone: expected a time zone such as "Europe/Berlin", received "Europe/Berln"`,
  ],
  [
    { every: "50ms" },
    `${PATH}.every: expected a duration such as "250ms", "2s" or "1m30s", at least 100 ms, received "50ms"`,
  ],
  [{ every: "5m", jitter: "5m" }, `${PATH}.jitter: expected less than every, received 300000`],
  [{ every: "5m", catchup: "all" }, `${PATH}.catchup: unknown; known are name, cron, every`],
  [{ every: "5m", overlap: "allow" }, `${PATH}.overlap: expected "forbid", "queue", "replace"`],
  [{ every: "5m", name: "n".repeat(101) }, `${PATH}.name: expected at most 100 characters`],
  [
    [{ every: "5m" }, { every: "300s" }],
    `${PATH}[1].name: there are two named "every 5 m"; each needs a name of its own`,
  ],
  [
    Array.from({ length: 101 }, (_, index) => ({ every: "5m", name: String(index) })),
    `${PATH}: expected at most 100, received 101`,
  ],
])("refuses %o", ([schedule, message]) => {
  expect(() => schedulesOf(schedule)).toThrow(message);
});

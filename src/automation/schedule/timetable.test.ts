import fc from "fast-check";
import { expect, test } from "vitest";
import { everyTimetable, readTimetable, type Times, type Timetable } from "./timetable.ts";

const BERLIN = "Europe/Berlin";
const NOW_MS = Date.parse("2026-01-01T00:00Z");

function readCron(cron: string, timezone = "UTC", jitter = 0): Promise<Timetable> {
  const times: Times = { name: "nightly", cron, every: undefined, timezone, jitter };
  return readTimetable(times, NOW_MS);
}

/** The ticks from one moment up to, not including, another, as far as they are told apart by `from` to `to`. */
function ticksOf(timetable: Timetable, from: string, to: string): string[] {
  const ticks: string[] = [];
  let tickMs = timetable.next(Date.parse(from) - 1);
  while (tickMs < Date.parse(to)) {
    ticks.push(new Date(tickMs).toISOString().slice(0, 16));
    tickMs = timetable.next(tickMs);
  }
  return ticks;
}

/** In Berlin the clock goes from 2 to 3 at 01:00 UTC. */
const SPRING = ["2026-03-28T23:00Z", "2026-03-29T22:00Z"] as const;
/** And from 3 to 2 at 01:00 UTC. */
const AUTUMN = ["2026-10-24T22:00Z", "2026-10-25T23:00Z"] as const;

test.for<[cron: string, spring: string[], autumn: string[]]>([
  ["30 2 * * *", ["01:00"], ["00:30"]],
  ["0 2 * * *", ["01:00"], ["00:00"]],
  ["0 3 * * *", ["01:00"], ["02:00"]],
  ["0 2,3 * * *", ["01:00"], ["00:00", "02:00"]],
  ["30 1-3 * * *", ["00:30", "01:00", "01:30"], ["23:30", "00:30", "02:30"]],
  ["15,45 2 * * *", ["01:00"], ["00:15", "00:45"]],
  ["*/30 2 * * *", [], ["00:00", "00:30", "01:00", "01:30"]],
])("%s in Berlin, when clocks go forward and back", async ([cron, spring, autumn]) => {
  const timetable = await readCron(cron, BERLIN);

  const seen = [SPRING, AUTUMN].map(([from, to]) =>
    ticksOf(timetable, from, to).map((tick) => tick.slice(11)),
  );
  expect(seen).toEqual([spring, autumn]);
});

test("an hourly job in Berlin has 23 ticks on the day of 23 hours, and 25 on that of 25", async () => {
  const timetable = await readCron("0 * * * *", BERLIN);

  const counts = [SPRING, AUTUMN].map(([from, to]) => ticksOf(timetable, from, to).length);
  expect(counts).toEqual([23, 25]);
});

const MINUTE = fc.integer({ min: 0, max: 59 });
const HOUR = fc.integer({ min: 0, max: 23 });
const ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "UTC"];

test("a job at a fixed time has one tick on each day of the year, in each zone", async () => {
  const local = (zone: string) => new Intl.DateTimeFormat("sv", { timeZone: zone });
  await fc.assert(
    fc.asyncProperty(MINUTE, HOUR, fc.constantFrom(...ZONES), async (minute, hour, zone) => {
      const timetable = await readCron(`${minute} ${hour} * * *`, zone);
      const day = local(zone);
      let tickMs = timetable.next(Date.parse("2026-01-01T12:00Z"));
      for (let count = 0; count < 365; count++) {
        const nextMs = timetable.next(tickMs);

        const apart = Date.parse(day.format(nextMs)) - Date.parse(day.format(tickMs));
        expect(apart).toBe(86_400_000);
        expect(timetable.previous(nextMs)).toBe(tickMs);
        tickMs = nextMs;
      }
    }),
    { numRuns: 10 },
  );
});

test("the tick before a moment is the last one before it, to the millisecond", async () => {
  const timetable = await readCron("0 12 * * *");
  const noonMs = Date.parse("2026-05-05T12:00Z");
  const dayMs = 86_400_000;

  const found = [-1, 0, 1, 500, 999, 1_000].map((ms) => timetable.previous(noonMs + ms));
  expect(found).toEqual([noonMs - dayMs, noonMs - dayMs, noonMs, noonMs, noonMs, noonMs]);
});

test("every so often is counted from the epoch, wherever it is asked for", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 86_400_000 * 40 }),
      fc.integer({ min: 0, max: 4e12 }),
      (everyMs, atMs) => {
        const { next, previous } = everyTimetable(everyMs);

        const [before, after] = [previous(atMs), next(atMs)];
        expect([before % everyMs, after % everyMs]).toEqual([before < 0 ? -0 : 0, 0]);
        expect(before).toBeLessThan(atMs);
        expect(after).toBeGreaterThan(atMs);
        expect(after - before).toBe(atMs % everyMs === 0 ? 2 * everyMs : everyMs);
      },
    ),
    { numRuns: 10_000 },
  );
});

test("a length of so many milliseconds and a fraction is a whole number of them", async () => {
  const times = { name: "n", cron: undefined, every: 100.4, timezone: "UTC", jitter: 0 };
  const timetable = await readTimetable(times, NOW_MS);

  expect(timetable.next(0)).toBe(100);
});

test.for<[cron: string, message: string]>([
  ["0 12 30 2 *", 'schedule "nightly".cron: never comes true: "0 12 30 2 *"'],
  ["60 * * * *", 'schedule "nightly".cron: Invalid value for minute: 60'],
  ["a * * * *", 'schedule "nightly".cron: configuration entry 1 (a) contains illegal characters.'],
  ["*/0 * * * *", 'schedule "nightly".cron: Syntax error, illegal stepping: 0'],
  ["@reboot", 'schedule "nightly".cron: @reboot is not supported'],
])("refuses %s", async ([cron, message]) => {
  await expect(readCron(cron)).rejects.toMatchObject({
    code: "OPTIONS_INVALID",
    message: expect.stringContaining(message) as unknown,
  });
});

test("a jitter that reaches from one tick to the next is refused", async () => {
  await expect(readCron("0,50 3 * * *", "UTC", 3_000_000)).rejects.toThrow(
    'schedule "nightly".jitter: expected less than the 50 m between two ticks, received 50 m',
  );
  await expect(readCron("0,50 3 * * *", "UTC", 2_999_999)).resolves.toBeDefined();
});

test("29 February comes true", async () => {
  const timetable = await readCron("0 12 29 2 *");

  expect(new Date(timetable.next(NOW_MS)).toISOString()).toBe("2028-02-29T12:00:00.000Z");
});

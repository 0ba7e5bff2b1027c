import { expect, test } from "vitest";
import { journalWith } from "../../journal/journal-with.contract.ts";
import { JournalError } from "../../core/errors.ts";
import { tickRunId } from "../key.ts";
import { MIDNIGHT_MS, Stage } from "./scheduler-fixture.contract.ts";

const MINUTE = 60_000;
const HOURLY = { cron: "0 * * * *" };

test("each tick becomes one run, named and dated by it; the first is the first after the start", async () => {
  const stage = new Stage();
  const server = stage.serve([await stage.plan({ every: "10m" })]);

  await stage.clock.advance(25 * MINUTE);
  server.stop();
  await server.serving;

  const runs = await stage.journal.findRuns();
  const dated = runs.map(({ id, status, scheduledForMs, startedAtMs }) => ({
    id,
    status,
    scheduledForMs,
    startedAtMs,
  }));
  const expected = [20, 10].map((minutes) => {
    const tickMs = MIDNIGHT_MS + minutes * MINUTE;
    const id = tickRunId({ automation: "job", schedule: "every 10 m", tickMs });
    return { id, status: "succeeded", scheduledForMs: tickMs, startedAtMs: tickMs };
  });
  expect(dated).toEqual(expected);
  expect(stage.told).toEqual(["fired 10", "ended 10 with 0", "fired 20", "ended 20 with 0"]);
});

test("two servers make one run of each tick", async () => {
  const stage = new Stage();
  const plan = await stage.plan({ every: "1m" });
  const servers = [stage.serve([plan]), stage.serve([plan])];

  await stage.clock.advance(10.5 * MINUTE);
  for (const server of servers) server.stop();
  await Promise.all(servers.map(({ serving }) => serving));

  const minutes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  expect(stage.started).toEqual(minutes);
  const runs = await stage.journal.findRuns();
  expect(runs.length).toBe(minutes.length);
});

test("a tick waits for its jitter, and a server that is started anew draws no other", async () => {
  const stage = new Stage();
  const plan = await stage.plan({ ...HOURLY, jitter: "20m" });
  const first = stage.serve([plan]);
  await stage.clock.advance(60 * MINUTE);
  const state = await stage.journal.readState("schedule/job/0 * * * *");
  first.kill();
  const second = stage.serve([plan]);
  await stage.clock.advance(30 * MINUTE);
  second.stop();

  const [run] = await stage.journal.findRuns();
  const delayMs = (run?.startedAtMs ?? 0) - MIDNIGHT_MS - 60 * MINUTE;
  expect(JSON.parse(state?.value ?? "")).toMatchObject({ seed: "0.5" });
  expect(stage.started).toEqual([60]);
  // What dice that are seeded with the tick give.
  expect(delayMs).toBe(JITTER_MS);
});

const JITTER_MS = 754_654;

test("what was cut off before is taken up at the start, and no tick is run twice", async () => {
  const stage = new Stage();
  const plan = await stage.plan({ every: "10m" });
  stage.parts = [{ lengthMs: 5 * MINUTE }, {}];
  const first = stage.serve([plan]);
  await stage.clock.advance(11 * MINUTE);
  first.kill();
  await stage.clock.advance(MINUTE);

  const second = stage.serve([plan]);
  await stage.clock.advance(MINUTE);
  second.stop();

  expect(stage.started).toEqual([10, "resume"]);
  expect(stage.told).toEqual(["fired 10", "ended - with 0"]);
  const runs = await stage.journal.findRuns();
  expect(runs.map(({ status, scheduledForMs }) => [status, scheduledForMs])).toEqual([
    ["succeeded", MIDNIGHT_MS + 10 * MINUTE],
  ]);
});

test("a server that is killed before its run is in the journal loses no tick", async () => {
  const stage = new Stage();
  const plan = await stage.plan({ every: "10m" });
  // The tick is among those that are open, and the run's process has claimed nothing yet.
  stage.parts = [{ claimsNothing: true }, {}];
  const first = stage.serve([plan]);
  await stage.clock.advance(10 * MINUTE);
  first.kill();
  stage.orders.length = 0;

  const second = stage.serve([plan]);
  await stage.clock.advance(MINUTE);
  second.stop();

  expect(stage.started).toEqual([10]);
});

test.for<["none" | "last" | "all", (number | string)[], string]>([
  ["none", [240], "missed 3 from 60 to 180, 0 caught up"],
  ["last", [180, 240], "missed 3 from 60 to 180, 1 caught up"],
  ["all", [120, 180, 240], "missed 3 from 60 to 180, 2 caught up"],
])("ticks that came while nobody served: %s", async ([catchUp, started, told]) => {
  const stage = new Stage();
  const plan = await stage.plan({ ...HOURLY, catchUp, within: "90m" });
  const first = stage.serve([plan]);
  await stage.clock.advance(MINUTE);
  first.stop();
  stage.clock.jumpWallClock(209 * MINUTE);

  const second = stage.serve([plan]);
  await stage.clock.advance(31 * MINUTE);
  second.stop();

  expect(stage.started).toEqual(started);
  expect(stage.told[0]).toBe(told);
  const state = await stage.journal.readState("schedule/job/0 * * * *");
  expect(JSON.parse(state?.value ?? "")).toMatchObject({ missed: 3, open: [] });
});

test("a machine that slept for a month finds it out within a second", async () => {
  const stage = new Stage();
  const server = stage.serve([await stage.plan({ cron: "0 0 1 * *", catchUp: "none" })]);
  await stage.clock.advance(MINUTE);
  // 31 days are more than a timer can take.
  stage.clock.jumpWallClock(31 * 24 * 60 * MINUTE - MINUTE - 500);

  await stage.clock.advance(1_500);
  server.stop();

  expect(stage.started).toEqual([31 * 24 * 60]);
});

test("when the clock is set back an hour, no tick runs twice", async () => {
  const stage = new Stage();
  const server = stage.serve([await stage.plan({ every: "30m" })]);
  await stage.clock.advance(91 * MINUTE);
  stage.clock.jumpWallClock(-60 * MINUTE);

  await stage.clock.advance(120 * MINUTE);
  server.stop();

  expect(stage.started).toEqual([30, 60, 90, 120, 150]);
});

test("a schedule that was served under a clock far ahead begins anew under the right one", async () => {
  const stage = new Stage();
  const plan = await stage.plan(HOURLY);
  stage.clock.jumpWallClock(365 * 24 * 60 * MINUTE);
  const first = stage.serve([plan]);
  await stage.clock.advance(MINUTE);
  first.stop();
  stage.clock.jumpWallClock(-365 * 24 * 60 * MINUTE);

  const second = stage.serve([plan]);
  await stage.clock.advance(60 * MINUTE);
  second.stop();

  expect(stage.started).toEqual([60]);
});

test("a running server finds out that its clock was far ahead, too", async () => {
  const stage = new Stage();
  const server = stage.serve([await stage.plan(HOURLY)]);
  await stage.clock.advance(MINUTE);
  stage.clock.jumpWallClock(365 * 24 * 60 * MINUTE);
  await stage.clock.advance(2 * MINUTE);
  stage.orders.length = 0;
  stage.clock.jumpWallClock(-365 * 24 * 60 * MINUTE);

  await stage.clock.advance(60 * MINUTE);
  server.stop();

  expect(stage.started).toEqual([60]);
});

test.for<["forbid" | "queue" | "replace", (number | string)[], string[]]>([
  ["forbid", [10, 40], ["skipped 20: it still runs", "skipped 30: it still runs"]],
  ["queue", [10, 20], ["queued 20", "skipped 30: a tick waits already"]],
  ["replace", [10, 20], ["replaced 20"]],
])("a tick comes while the automation runs: %s", async ([overlap, started, told]) => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 25 * MINUTE }, { lengthMs: 12 * MINUTE }];
  const server = stage.serve([await stage.plan({ every: "10m", overlap })]);

  await stage.clock.advance((overlap === "forbid" ? 41 : 29) * MINUTE);
  if (overlap === "queue") await stage.clock.advance(7 * MINUTE);
  server.stop();

  expect(stage.started.slice(0, 2)).toEqual(started);
  expect(stage.told.filter((line) => !/^(fired|ended)/.test(line))).toEqual(told);
});

test("a run that is replaced is asked to cancel, then told to end, then killed; and rolled back", async () => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 60 * MINUTE, isObedient: false }, {}];
  const server = stage.serve([await stage.plan({ every: "10m", overlap: "replace" })]);

  await stage.clock.advance(21 * MINUTE);
  server.stop();

  expect(stage.started).toEqual([10, "rollback", 20]);
  expect(stage.signals).toEqual(["SIGTERM after 1210 s", "SIGKILL after 1220 s"]);
  const runs = await stage.journal.findRuns();
  expect(runs.map(({ status }) => status)).toEqual(["succeeded", "failed"]);
});

test("a rollback is neither replaced nor tried for ever", async () => {
  const stage = new Stage();
  const stubborn = { lengthMs: 60 * MINUTE, isObedient: false };
  stage.parts = [stubborn, { lengthMs: 15 * MINUTE, status: "interrupted", exitCode: 75 }];
  const server = stage.serve([await stage.plan({ every: "10m", overlap: "replace" })]);

  await stage.clock.advance(39 * MINUTE);
  server.stop();

  expect(stage.started).toEqual([10, "rollback"]);
  expect(stage.told).toEqual([
    "fired 10",
    "replaced 20",
    "ended 10 with 137",
    "skipped 20: a newer tick replaced it",
    "ended - with 75",
    "skipped 30: an unfinished run waits for a human",
  ]);
});

test("a run that cancels itself when it is asked needs no signal and no rollback by others", async () => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 60 * MINUTE }, {}];
  const server = stage.serve([await stage.plan({ every: "10m", timeout: "3m" })]);

  await stage.clock.advance(19 * MINUTE);
  server.stop();

  expect([stage.started, stage.signals]).toEqual([[10], []]);
  expect(stage.told).toEqual(["fired 10", "timed_out 10", "ended 10 with 80"]);
});

test("a run that another process has counts as running, and is asked to make way", async () => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 60 * MINUTE }, {}];
  const plan = await stage.plan({ every: "10m", overlap: "replace" });
  const first = stage.serve([plan]);
  await stage.clock.advance(11 * MINUTE);
  first.stop();

  const second = stage.serve([plan]);
  await stage.clock.advance(10 * MINUTE);
  second.stop();

  expect([stage.started, stage.signals]).toEqual([[10, 20], []]);
  expect(stage.told).toContain("replaced 20");
});

test("all ticks that were missed are run one after the other, and those that come meanwhile after them", async () => {
  const stage = new Stage();
  const plan = await stage.plan({ every: "10m", catchUp: "all" });
  const first = stage.serve([plan]);
  await stage.clock.advance(MINUTE);
  first.stop();
  stage.clock.jumpWallClock(34 * MINUTE);
  stage.parts = [{ lengthMs: 4 * MINUTE }];

  const second = stage.serve([plan]);
  await stage.clock.advance(24 * MINUTE);
  second.stop();

  expect(stage.started).toEqual([10, 20, 30, 40, 50]);
  // Each begins at the moment at which the one before has ended.
  const moments = (await stage.journal.findRuns()).map(({ startedAtMs }) => startedAtMs);
  const lengths = moments.slice(1).map((atMs, index) => (moments[index] ?? 0) - atMs);
  expect(lengths).toEqual([4 * MINUTE, 4 * MINUTE, 4 * MINUTE, 4 * MINUTE]);
});

test("a tick that had to wait for too long is missed", async () => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 45 * MINUTE }, {}];
  const plan = await stage.plan({ every: "20m", overlap: "queue", within: "20m" });
  const server = stage.serve([plan]);

  await stage.clock.advance(66 * MINUTE);
  server.stop();

  expect(stage.started).toEqual([20]);
  expect(stage.told).toEqual([
    "fired 20",
    "queued 40",
    "skipped 60: a tick waits already",
    "ended 20 with 0",
    "missed 1 from 40 to 40, 0 caught up",
  ]);
});

test("an unfinished run that cannot be finished is tried again at each tick, and keeps it from running", async () => {
  const stage = new Stage();
  await stage.cutOff("r1");
  stage.parts = [{ status: "in doubt", exitCode: 82 }];
  const server = stage.serve([await stage.plan({ every: "10m" })]);

  await stage.clock.advance(21 * MINUTE);
  server.stop();

  expect(stage.started).toEqual(["resume", "resume", "resume"]);
  expect(stage.told).toEqual([
    "ended - with 82",
    "ended - with 82",
    "skipped 10: an unfinished run waits for a human",
    "ended - with 82",
    "skipped 20: an unfinished run waits for a human",
  ]);
});

test("a run that another process has for a moment is tried a second time, and no third", async () => {
  const stage = new Stage();
  stage.parts = [{ claimsNothing: true, exitCode: 69 }];
  const server = stage.serve([await stage.plan({ every: "10m" })]);

  await stage.clock.advance(15 * MINUTE);
  server.stop();

  expect(stage.started).toEqual([10, 10]);
});

test("a process that ends before it has a run costs that tick, and no further one", async () => {
  const stage = new Stage();
  stage.parts = [{ claimsNothing: true, exitCode: 78 }, {}];
  const server = stage.serve([await stage.plan({ every: "10m" })]);

  await stage.clock.advance(21 * MINUTE);
  server.stop();

  expect(stage.told).toEqual(["fired 10", "ended 10 with 78", "fired 20", "ended 20 with 0"]);
});

test("several schedules of one automation take turns", async () => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 2 * MINUTE }];
  const schedules = [
    { every: "10m", overlap: "queue" },
    { name: "too", every: "10m", overlap: "queue" },
  ] as const;
  const server = stage.serve([await stage.plan(schedules)]);

  await stage.clock.advance(15 * MINUTE);
  server.stop();

  expect(stage.started).toEqual([10, 10]);
  expect((await stage.journal.findRuns()).length).toBe(2);
});

test("a drained server starts nothing more, and ends when its runs have ended", async () => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 15 * MINUTE }];
  const { scheduler, serving, stop } = stage.serve([await stage.plan({ every: "10m" })]);
  await stage.clock.advance(11 * MINUTE);

  stop();
  await serving;
  let isDrained = false;
  const draining = scheduler.drain().then(() => (isDrained = true));
  await stage.clock.advance(13 * MINUTE);
  const before = { isDrained, running: scheduler.running };
  await stage.clock.advance(2 * MINUTE);
  await draining;

  expect([before, isDrained]).toEqual([{ isDrained: false, running: 1 }, true]);
  expect(stage.started).toEqual([10]);
});

test("interrupted runs get SIGTERM, and SIGKILL 30 seconds later", async () => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 60 * MINUTE, isObedient: false }];
  const { scheduler, stop } = stage.serve([await stage.plan({ every: "10m" })]);
  await stage.clock.advance(10 * MINUTE);

  stop();
  scheduler.interrupt();
  const draining = scheduler.drain();
  await stage.clock.advance(MINUTE);
  await draining;

  expect(stage.signals).toEqual(["SIGTERM after 600 s", "SIGKILL after 630 s"]);
});

test("plans can be changed: a new timetable has missed nothing, and who is gone from them runs on", async () => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 12 * MINUTE }];
  const other = await stage.plan({ every: "10m" }, "other");
  const named = { name: "main", every: "10m" } as const;
  const server = stage.serve([await stage.plan(named), other]);
  await stage.clock.advance(11 * MINUTE);

  server.scheduler.use([await stage.plan({ ...named, every: "7m" })]);
  await stage.clock.advance(20 * MINUTE);
  server.stop();

  expect(stage.told).toEqual([
    "fired 10",
    "fired 10",
    "skipped 13: it still runs",
    "skipped 20: it still runs",
    "ended 10 with 0",
    "ended 10 with 0",
    "fired 27",
  ]);
  expect(server.scheduler.running).toBe(1);
});

test("a journal that fails is told of once, and the ticks are run when it is back", async () => {
  const stage = new Stage();
  let isBroken = false;
  const journal = journalWith(stage.journal, {
    readState: (key) =>
      isBroken ? Promise.reject(new JournalError("full")) : stage.journal.readState(key),
  });
  const server = stage.serve([await stage.plan({ every: "10m" })], { journal });
  await stage.clock.advance(MINUTE);
  isBroken = true;
  await stage.clock.advance(9.5 * MINUTE);
  isBroken = false;
  await stage.clock.advance(MINUTE);
  server.stop();

  expect(stage.events.map(({ type }) => type)).toEqual([
    "journal.failed",
    "schedule.fired",
    "schedule.ended",
  ]);
});

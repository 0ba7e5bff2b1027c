import { expect, test } from "vitest";
import type { Owner } from "../core/journal.ts";
import { thisProcess } from "../journal/owner.ts";
import type { AutomationDocument } from "./schedule-document.ts";
import { schedule } from "./schedule.ts";
import { giveSign, readSigns, takeSignBack, clearSigns } from "./serve/server-sign.ts";
import { fakeWorld, runCommand, type FakeWorld } from "./world-fixture.contract.ts";

const NIGHTLY: AutomationDocument = {
  automation: "nightly",
  file: "/srv/nightly.ts",
  schedules: [
    {
      name: "main",
      cron: "0 3 * * *",
      timezone: "UTC",
      jitterMs: 0,
      catchUp: "last",
      withinMs: null,
      overlap: "forbid",
      timeoutMs: null,
    },
  ],
};

async function sign(world: FakeWorld, owner: Owner, automations = [NIGHTLY]): Promise<void> {
  const given = {
    schema: 1,
    owner,
    version: "0.1.0",
    sinceMs: world.clock.now(),
    automations,
  } as const;
  await giveSign(await world.openJournal(), given, world.clock.now());
}

/** By what can be told on every machine: the fake one's time zone is its own. */
async function listed(world: FakeWorld, ...words: string[]) {
  const { exitCode, stdout, stderr } = await runCommand(schedule, [...words, "--json"], world);
  return {
    exitCode,
    stderr,
    ...(JSON.parse(stdout) as { automations: unknown[]; servers: unknown[] }),
  };
}

const DAY = 86_400_000;
/** 1 January 2026, 03:00 UTC: the fake clock starts three hours before. */
const THREE_MS = Date.parse("2026-01-01T03:00Z");

test("what is being served is listed, with its next runs and its last", async () => {
  const world = fakeWorld();
  const journal = await world.openJournal();
  await sign(world, thisProcess());
  const run = {
    automation: "nightly",
    codeHash: "",
    input: "{}",
    resumes: 0,
    startedAtMs: 7,
  } as const;
  const { hold } = await journal.claim({ ...run, id: "r1", status: "running" }, thisProcess());
  await journal.writeRun(hold, {
    ...run,
    id: "r1",
    status: "failed",
    exitCode: 80,
    scheduledForMs: 5,
  });

  const seen = await listed(world);

  const nextAtMs = [0, 1, 2, 3, 4].map((day) => THREE_MS + day * DAY);
  expect(seen).toEqual({
    exitCode: 0,
    stderr: "",
    schema: 1,
    automations: [
      {
        ...NIGHTLY,
        schedules: [{ ...NIGHTLY.schedules[0], nextAtMs, handledMs: null, missed: 0 }],
        lastRun: { id: "r1", startedAtMs: 7, exitCode: 80, scheduledForMs: 5, status: "failed" },
      },
    ],
    servers: [
      {
        host: thisProcess().host,
        pid: process.pid,
        version: "0.1.0",
        sinceMs: world.clock.now(),
        seenAtMs: world.clock.now(),
        isAlive: true,
      },
    ],
  });
});

test("the next runs are those that are still to come by the schedule's own state and dice", async () => {
  const world = fakeWorld();
  const jitterMs = 7_200_000;
  await sign(world, thisProcess(), [
    { ...NIGHTLY, schedules: NIGHTLY.schedules.map((each) => ({ ...each, jitterMs })) },
  ]);
  const handledMs = THREE_MS + DAY;
  const value = JSON.stringify({ schema: 1, seed: "0.5", handledMs, missed: 4, open: [] });
  const key = "schedule/nightly/main";
  await (await world.openJournal()).writeState({ key, value, atMs: 0 });

  const { automations } = await listed(world);

  const [{ schedules }] = automations as [{ schedules: [{ nextAtMs: number[]; missed: number }] }];
  const [{ nextAtMs, missed }] = schedules;
  const days = nextAtMs.map((atMs) => Math.floor((atMs - THREE_MS) / DAY));
  expect([days, missed]).toEqual([[2, 3, 4, 5, 6], 4]);
  const delays = nextAtMs.map((atMs) => (atMs - THREE_MS) % DAY);
  expect(new Set(delays).size).toBe(5);
  expect(Math.max(...delays)).toBeLessThan(jitterMs);
});

test("for people it is a table, and who serves it", async () => {
  const world = fakeWorld();
  await sign(world, thisProcess());

  const { exitCode, stdout } = await runCommand(schedule, [], world);

  const lines = stdout.split("\n");
  expect(exitCode).toBe(0);
  expect(lines[0]).toMatch(/^AUTOMATION +SCHEDULE +ZONE +NEXT +LAST RUN +STARTED +MISSED$/);
  expect(lines[1]).toMatch(/^nightly +main +UTC +2026-01-01 \S+ +- +- +0$/);
  expect(lines[3]).toMatch(/^nightly, main: (2026-01-0\d \d\d:00:00(, )?){5}$/);
  expect(lines[5]).toMatch(/^Served by process \d+ on \S+ since 2026-\S+ \S+, version 0\.1\.0$/);
});

test("a server that is silent for 90 seconds, or whose process is gone, serves nothing", async () => {
  const world = fakeWorld();
  const journal = await world.openJournal();
  const gone = { ...thisProcess(), bootId: "another start of this machine" };
  const away = { ...thisProcess(), host: "!another", bootId: "another", pid: 7 };
  await sign(world, gone);
  await sign(world, away);
  const states = async () =>
    (await readSigns(journal, world.clock.now())).map(({ isAlive }) => isAlive);

  const atOnce = await states();
  await world.clock.advance("90s");
  const at90 = await states();
  await world.clock.advance(1);
  const later = await states();
  const { exitCode, stderr } = await runCommand(schedule, [], world);
  await clearSigns(journal, world.clock.now());
  const cleared = await readSigns(journal, world.clock.now());
  await takeSignBack(journal, away, world.clock.now());

  expect([atOnce, at90, later]).toEqual([
    [true, false],
    [true, false],
    [false, false],
  ]);
  expect([exitCode, stderr]).toEqual([
    1,
    "Nothing is being served; holdfast serve FILE... does that.\n",
  ]);
  expect(cleared.map(({ owner }) => owner.host)).toEqual(["!another"]);
  expect(await readSigns(journal, 0)).toEqual([]);
});

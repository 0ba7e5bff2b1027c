/** `holdfast serve --once`: it starts what is due, waits for that, and ends. */

import { expect, test } from "vitest";
import { Stage } from "./scheduler-fixture.contract.ts";

const MINUTE = 60_000;
const HOURLY = { cron: "0 * * * *" };

test("what is due is run, as late as it may be, and nothing is waited for but that", async () => {
  const stage = new Stage();
  const plan = await stage.plan(HOURLY);
  const once = () => {
    const { scheduler } = stage.serve([plan], { isOnce: true });
    return stage.clock.settle(() => scheduler.serveOnce(new AbortController().signal));
  };

  const first = await once();
  await stage.clock.advance(75 * MINUTE);
  stage.parts = [{ status: "failed", exitCode: 1 }];
  const second = await once();

  expect([first, second, stage.started]).toEqual([[], [1], [60]]);
  expect(stage.told).toEqual(["fired 60", "ended 60 with 1"]);
});

test("ticks that come meanwhile are left to the next one, so that it ends", async () => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 25 * MINUTE }];
  const plan = await stage.plan({ every: "10m", overlap: "queue" });
  const once = async () => {
    const { scheduler } = stage.serve([plan], { isOnce: true });
    void scheduler.serveOnce(new AbortController().signal);
    await stage.clock.advance(65 * MINUTE);
    return scheduler.running;
  };

  const running = [await once(), await once(), await once()];

  expect([running, stage.started]).toEqual([
    [0, 0, 0],
    [60, 130],
  ]);
  expect(stage.told).toEqual([
    "missed 5 from 10 to 50, 0 caught up",
    "fired 60",
    "ended 60 with 0",
    "missed 6 from 70 to 120, 0 caught up",
    "fired 130",
    "ended 130 with 0",
  ]);
});

test("a tick that finds its automation running is skipped, and that is told", async () => {
  const stage = new Stage();
  stage.parts = [{ lengthMs: 25 * MINUTE }];
  const plan = await stage.plan({ every: "10m" });
  for (let times = 0; times < 2; times++) {
    const { scheduler } = stage.serve([plan], { isOnce: true });
    void scheduler.serveOnce(new AbortController().signal);
    await stage.clock.advance(60 * MINUTE);
  }

  expect(stage.told).toEqual([
    "missed 5 from 10 to 50, 0 caught up",
    "fired 60",
    "skipped 70: it still runs",
    "skipped 80: it still runs",
    "ended 60 with 0",
  ]);
});

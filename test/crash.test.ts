/**
 * Real processes and `kill -9`, because the promise is about those; so these tests wait for real.
 * The whole of it, with every window several times, is `test/crash/kill-runs.ts`.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { campaign } from "./crash/campaign.ts";
import { countHits, sumUp } from "./crash/counts.ts";
import { play, playUndisturbed } from "./crash/kill.ts";
import { setStage, type Scenario } from "./crash/night.ts";
import { makePlan, type ScenarioWindow } from "./crash/plan.ts";
import { findRepeated } from "./crash/repeats.ts";
import { differences } from "./crash/tree.ts";
import { labelOf } from "./crash/windows.ts";

/** Dozens of runs of a second each, on a machine that may be busy with all other tests. */
const MANY_RUNS_MS = 400_000;

test(
  "killed at any kind of moment, a run is complete or as before after one more start",
  { timeout: MANY_RUNS_MS },
  async () => {
    const seed = process.env["HOLDFAST_SEED"] ?? "2026";

    const report = await campaign({ seed, kills: 28, concurrency: 2 });

    const problems = report.verdicts.flatMap(({ kill, problems: found }) =>
      found.map((problem) => `kill ${kill.number}: ${problem}`),
    );
    const { kills, fromOutside, stopped } = sumUp(report);
    const hits = countHits(report);
    const kinds = new Set(hits.map(({ kind }) => kind));
    const missed = [...kinds].filter((kind) =>
      hits.every((row) => row.kind !== kind || row.hits === 0),
    );
    expect({ seed, problems, kills, fromOutside, stopped, missed }).toEqual({
      seed,
      problems: [],
      kills: 28,
      fromOutside: 3,
      stopped: 1,
      missed: [],
    });
    expect(kinds.size).toBeGreaterThan(15);
  },
);

test("steps that are done again after a kill are noticed", { timeout: MANY_RUNS_MS }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-sabotage-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const stage = await setStage(directory);
  const [scenario] = stage.scenarios as [Scenario];
  const reference = await playUndisturbed(stage, scenario, "sabotage");
  const window = { subject: "upload archive", written: "result", side: "after" } as const;
  const aim = { scenario, window };
  const kill = { number: 1, seed: "sabotage", aim };

  const { problems } = await play(stage, reference, kill, ({ journal }) => {
    using database = new DatabaseSync(journal);
    database.exec("DELETE FROM steps");
  });

  expect(problems).toEqual(
    expect.arrayContaining([
      "snapshot database was done again",
      "manifest was done again",
      "archive was done again",
      "rehearse restore was done again",
      "checksum was done again",
      "upload archive was done again",
    ]),
  );
});

const scenarios = ["success", "outage"].map((name) => ({ name }) as Scenario);

const windows: readonly ScenarioWindow[] = scenarios.flatMap((scenario) =>
  ["archive", "upload"].flatMap((subject) =>
    (["intent", "result"] as const).map((written) => ({
      scenario,
      window: { subject, written, side: "after" as const },
    })),
  ),
);

test("as many kills as the plan asks for aim at every window so often, and no fewer do", () => {
  const plan = makePlan(windows, scenarios, "1");

  const aimedAt = (kills: number) => {
    const aims = Array.from({ length: kills }, (_, index) => plan.aimOf(index + 1));
    return windows.map(
      ({ scenario, window }) =>
        aims.filter(
          (aim) =>
            aim.scenario === scenario && "window" in aim && labelOf(aim.window) === labelOf(window),
        ).length,
    );
  };

  expect(Math.min(...aimedAt(plan.killsFor(5)))).toBe(5);
  expect(Math.min(...aimedAt(plan.killsFor(5) - 1))).toBe(4);
});

test("the first kills of a plan come at one window of every kind", () => {
  const plan = makePlan(windows, scenarios, "1");

  const firsts = [1, 2].map((number) => plan.aimOf(number));

  const kinds = new Set(firsts.map((aim) => "window" in aim && aim.window.written));
  expect(kinds).toEqual(new Set(["intent", "result"]));
});

test("of the kills from outside every second is a Ctrl-C", () => {
  const plan = makePlan(windows, scenarios, "1");

  const signals = [8, 16, 24, 32].map((number) => {
    const aim = plan.aimOf(number);
    return "signal" in aim ? aim.signal : aim;
  });

  expect(signals).toEqual(["SIGKILL", "SIGINT", "SIGKILL", "SIGINT"]);
});

test("what is missing, too much or changed is told apart", () => {
  const found = differences("objects", { a: "1", b: "2", c: "3" }, { a: "1", b: "9", d: "4" });

  expect(found).toEqual([
    "objects: b is 9, not 2",
    "objects: c is missing",
    "objects: d should not be there",
  ]);
});

test("an object that is copied or deleted again is noticed, and one that is put back is not", () => {
  const step = (name: string) =>
    ({ task: "prune", name, key: `key-${name}`, kind: "step", status: "completed" }) as never;
  const steps = [step("copy demo/x"), step("delete demo/x"), step("delete demo/y")];
  const names = new Set<string>();

  const again = findRepeated(steps, {
    names,
    requests: [
      { method: "GET", name: "demo/x" },
      { method: "DELETE", name: "demo/y" },
    ],
  });
  const undone = findRepeated(steps, {
    names,
    requests: [{ method: "PUT", name: "demo/x", key: "key-delete demo/x-undo" }],
  });

  expect({ again, undone }).toEqual({
    again: ["prune/copy demo/x", "prune/delete demo/y"],
    undone: [],
  });
});

/**
 * Real processes and `kill -9`, because the promise is about those; so these tests wait for real. The
 * whole of it, thousands of kills, is `test/crash/many-kills.ts`.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { recordChecksum } from "../src/journal/row-checksum.ts";
import { dealDisk } from "./crash/full/deal.ts";
import { evidenceOf } from "./crash/full/evidence.ts";
import { manyKills } from "./crash/many/campaign.ts";
import { counted, NO_COUNTS } from "./crash/many/counts.ts";
import { dealer, type Kill } from "./crash/many/deal.ts";
import { judgeLedger, type Entry } from "./crash/many/ledger.ts";
import { endOrphans } from "./crash/many/orphans.ts";
import type { Place } from "./crash/many/place.ts";
import { play, playUndisturbed, type Verdict } from "./crash/many/play.ts";
import { SCENARIOS, type Scenario } from "./crash/many/scenarios.ts";
import { kindOf, type Window } from "./crash/windows.ts";

/** Hundreds of processes of a fifth of a second each, on a machine that may be busy with all other tests. */
const MANY_RUNS_MS = 600_000;

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-kills-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

const KILLS = 200;

test(
  "killed at every kind of moment of every automation, and again, runs end as was promised",
  { timeout: MANY_RUNS_MS },
  async () => {
    const seed = process.env["HOLDFAST_SEED"] ?? "2026";
    const kinds = new Set<string>();
    const verdicts: Verdict[] = [];

    await manyKills({
      directory: temporaryDirectory(),
      seed,
      from: 1,
      to: KILLS,
      concurrency: 3,
      onStart(windows) {
        for (const { scenario, window } of windows)
          kinds.add(`${scenario.name}: ${kindOf(window)}`);
      },
      onVerdict: (verdict) => void verdicts.push(verdict),
    });

    const problems = verdicts.flatMap(({ kill, problems: found }) =>
      found.map(({ what, text }) => `kill ${kill.number}: ${what}: ${text}`),
    );
    for (const { kill } of verdicts) {
      const { aim } = kill;
      if ("window" in aim) kinds.delete(`${aim.scenario.name}: ${kindOf(aim.window)}`);
    }
    const { kills, fromOutside, deaths } = verdicts.reduce(counted, NO_COUNTS);
    expect({ seed, problems, kills, fromOutside, missed: [...kinds] }).toEqual({
      seed,
      problems: [],
      kills: KILLS,
      fromOutside: KILLS / 8,
      missed: [],
    });
    // Some of those that went on were killed as well.
    expect(deaths).toBeGreaterThan(KILLS);
  },
);

const [SIDE_BY_SIDE] = SCENARIOS as readonly [Scenario];

/** Kills "side by side" when all but its last step has ended, and does `sabotage` to its world. */
async function playWith(sabotage: (place: Place) => void): Promise<Verdict> {
  const directory = temporaryDirectory();
  const reference = await playUndisturbed(directory, SIDE_BY_SIDE, "undisturbed");
  const window: Window = { subject: "finish", written: "intent", side: "after" };
  const aim = { scenario: SIDE_BY_SIDE, window };
  return play(directory, { number: 1, aim, again: [], isCommandLine: false }, reference, sabotage);
}

/** Changes the journal behind everybody's back, and its checksums too, so that only the world can tell. */
function tamper({ journal }: Place, sql: string): void {
  using database = new DatabaseSync(journal);
  database.function("checksum_of", (record) => recordChecksum(String(record)));
  database.exec(`${sql};
    UPDATE runs SET checksum = checksum_of(record);
    UPDATE steps SET checksum = checksum_of(record)`);
}

test(
  "a finished step whose record is gone is done again, and that is noticed",
  { timeout: MANY_RUNS_MS },
  async () => {
    const { problems } = await playWith((place) =>
      tamper(place, "DELETE FROM steps WHERE name = 'short'"),
    );

    // Under the key that it had, so that one object is there all the same.
    expect(problems).toEqual([{ what: "run again", text: "short was finished, and done again" }]);
  },
);

test("a result that was changed in the journal is noticed", { timeout: MANY_RUNS_MS }, async () => {
  const { problems } = await playWith((place) =>
    tamper(
      place,
      `UPDATE steps SET record = json_set(record, '$.value', '"another"') WHERE name = 'short'`,
    ),
  );

  expect(problems).toEqual([
    {
      what: "lost result",
      text: expect.stringMatching(/^short answered another, and .* was recorded$/),
    },
    { what: "lost result", text: expect.stringMatching(/^short put .*, and answered another$/) },
  ]);
});

test("what is left behind is noticed, and ended", { timeout: MANY_RUNS_MS }, async () => {
  const ended = Promise.withResolvers<NodeJS.Signals | null>();

  const { problems } = await playWith((place) => {
    writeFileSync(join(place.root, "tmp", "forgotten"), "");
    writeFileSync(join(place.root, "objects", "before"), "changed");
    const [name, value] = place.marker.split("=") as [string, string];
    const orphan = spawn("sleep", ["300"], { env: { PATH: process.env["PATH"], [name]: value } });
    orphan.once("exit", (_, signal) => ended.resolve(signal));
  });

  expect(problems).toEqual([
    { what: "orphan", text: expect.stringMatching(/^sleep 300 \(\d+\)$/) },
    { what: "leftover", text: "left behind: tmp/forgotten should not be there" },
    { what: "lost result", text: "what was there before has changed" },
  ]);
  expect(await ended.promise).toBe("SIGKILL");
});

test("a run that ends otherwise than it must is noticed", { timeout: MANY_RUNS_MS }, async () => {
  const { problems } = await playWith((place) =>
    tamper(place, "UPDATE runs SET record = json_set(record, '$.input', '{\"fails\":true}')"),
  );

  expect(problems).toContainEqual({ what: "wrong end", text: "its runs: running, undefined" });
  expect(problems).toContainEqual({
    what: "wrong end",
    text: expect.stringContaining("it ended by 82, not 0"),
  });
});

test("nobody but who has the marker is taken for an orphan", async () => {
  const child = spawn("sleep", ["300"], { env: { PATH: process.env["PATH"], MARKER: "ours too" } });
  onTestFinished(() => void child.kill("SIGKILL"));

  expect(await endOrphans("MARKER=ours", 0)).toEqual([]);
  expect(await endOrphans("MARKER=ours too", 0)).toEqual([`sleep 300 (${child.pid})`]);
});

/** Of one step, whose key is `k` where nothing else is said. */
function entries(...words: readonly (Entry["what"] | Partial<Entry>)[]): Entry[] {
  return words.map((word) => ({
    what: "begun",
    step: "s",
    key: "k",
    ...(typeof word === "string" ? { what: word } : word),
  }));
}

test.for<[says: string, what: string, story: Entry[]]>([
  ["", "it is done once", entries("begun", "landed", "recorded")],
  ["", "nothing happened at first", entries("begun", "begun", "landed")],
  ["", "it is undone and done again", entries("begun", "landed", "undone", "begun", "landed")],
  ["", "it had landed, and bears it", entries("begun", "landed", { isRepeatable: true })],
  ["", "an undo whose end nobody recorded", entries("begun", "undoing", "undone", "undoing")],
  ["", "an undo of the next key", entries("undo recorded", { what: "undoing", key: "k2" })],
  [
    "s was finished, and done again",
    "it was recorded",
    entries("recorded", { isRepeatable: true }),
  ],
  ["s had landed, and was done again", "its answer got lost", entries("begun", "landed", "begun")],
  [
    "the undo of s was finished, and done again",
    "it was undone",
    entries("undoing", "undone", "undo recorded", "undoing"),
  ],
  [
    "s answered b, and a was recorded",
    "another answer",
    entries({ what: "recorded", value: "a" }, { what: "answered", value: "b" }),
  ],
  [
    "",
    "another answer after it was undone",
    entries({ what: "recorded", value: "a" }, "undone", { what: "answered", value: "b" }),
  ],
])("the ledger says %j of a step when %s", ([says, , story]) => {
  const texts = judgeLedger([...story, { what: "begun", step: "another" }]).map(({ text }) => text);

  expect(texts).toEqual(says === "" ? [] : [says]);
});

const KINDS = ["intent", "result"] as const;
const WINDOWS = SCENARIOS.flatMap((scenario) =>
  KINDS.flatMap((written) =>
    ["a", "b", "c"].map((subject) => ({
      scenario,
      window: { subject, written, side: "after" } as const,
    })),
  ),
);

test("the same seed deals the same kills, another one others", () => {
  const dealt = (seed: string) => {
    const deal = dealer(WINDOWS, SCENARIOS, seed);
    return Array.from({ length: 1_000 }, (_, index) => deal(index + 1));
  };

  const kills = dealt("1");

  expect(dealt("1")).toEqual(kills);
  expect(dealt("2")).not.toEqual(kills);
  const throughCommandLine = kills.filter(({ isCommandLine }) => isCommandLine).length;
  const again = kills.map((kill) => kill.again.length);
  expect([throughCommandLine > 25, throughCommandLine < 100]).toEqual([true, true]);
  expect([again.includes(0), Math.max(...again)]).toEqual([true, 3]);
  // Six windows in a scenario: whoever goes on dies within the first half of so many.
  expect(new Set(kills.flatMap((kill) => kill.again))).toEqual(new Set([1, 2, 3]));
});

test("the same seed deals the same full disks, with ballast and without", () => {
  const dealt = (seed: string) =>
    Array.from({ length: 200 }, (_, index) => dealDisk(seed, index + 1));

  const disks = dealt("1");

  expect(dealt("1")).toEqual(disks);
  expect(dealt("2")).not.toEqual(disks);
  const starts = disks.flatMap(({ whileFull }) => whileFull);
  const most = (numbers: readonly number[]) => [Math.min(...numbers), Math.max(...numbers)];
  expect({
    later: [true, false].map((hasBallast) =>
      most(disks.filter((disk) => disk.hasBallast === hasBallast).map(({ later }) => later)),
    ),
    whileFull: most(disks.map(({ whileFull }) => whileFull.length)),
    again: most(disks.map(({ again }) => again.length)),
    refilled: new Set(starts.map(({ isRefilled }) => isRefilled)).size,
    deaths: most(starts.flatMap(({ diesAfter }) => diesAfter ?? [])),
    isLeftToItself: starts.some(({ diesAfter }) => diesAfter === undefined),
  }).toEqual({
    later: [
      [0, 40],
      [0, 8],
    ],
    whileFull: [0, 3],
    again: [0, 2],
    refilled: 2,
    deaths: [1, 13],
    isLeftToItself: true,
  });
});

const [FIRST] = WINDOWS as [Kill["aim"]];

test("what processes told of their disk is counted", () => {
  const directory = temporaryDirectory();
  const told = (name: string, windows: readonly Window[], isKilled: boolean) => {
    const list = join(directory, name);
    writeFileSync(list, windows.map((window) => `${JSON.stringify(window)}\n`).join(""));
    return { list, isKilled };
  };
  const at = (written: Window["written"], side: Window["side"] = "after"): Window => ({
    subject: "disk",
    written,
    side,
  });
  const heard = [
    told("first", [at("refusal"), at("ballast's removal"), at("commit", "before")], true),
    told("second", [at("refusal"), at("commit")], false),
    told("third", [at("ballast's place"), at("commit")], true),
    { list: join(directory, "died before it told anything"), isKilled: true },
  ];

  const evidence = { refusals: 2, released: 1, made: 1 };
  const inside = { ...evidence, diedAt: ["before the commit", "after the commit"] };
  expect([evidenceOf(heard, false), evidenceOf(heard, true)]).toEqual([
    inside,
    { ...evidence, diedAt: ["after the commit"] },
  ]);
  const kill: Kill = { number: 1, aim: FIRST, again: [], isCommandLine: false };
  const verdict: Verdict = { kill, deaths: 2, starts: 4, problems: [], kept: "", disk: inside };
  expect([verdict, verdict].reduce(counted, NO_COUNTS).disk).toEqual({
    refusals: 4,
    released: 2,
    made: 2,
    diedAt: { "before the commit": 2, "after the commit": 2 },
  });
});

test("the first kills come at each kind of window of each scenario", () => {
  const deal = dealer(WINDOWS, SCENARIOS, "1");
  const count = SCENARIOS.length * KINDS.length;

  // One of eight comes from outside.
  const firsts = Array.from({ length: count + Math.floor(count / 7) }, (_, index) =>
    deal(index + 1),
  );

  const kinds = firsts.flatMap(({ aim }) =>
    "window" in aim ? [`${aim.scenario.name}: ${kindOf(aim.window)}`] : [],
  );
  expect(new Set(kinds).size).toBe(count);
});

/** What becomes of a guarded command whose journal cannot be used: it is run, unless a lock would be in vain. */

import { mkdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place, type Place } from "./cli-process.ts";

/** What is wrong with the journal, and the environment in which it is. */
type Broken = readonly [
  what: string,
  prepare: (at: Place) => Promise<Readonly<Record<string, string>>> | Record<string, string>,
];

async function written(at: Place): Promise<DatabaseSync> {
  await holdfast(at, ["exec", "--", "true"]);
  return new DatabaseSync(join(at.home, "holdfast.db"));
}

const BROKEN: readonly Broken[] = [
  ["is nowhere", () => ({ HOLDFAST_HOME: "/dev/null/home" })],
  ["has a place that is no path", () => ({ HOLDFAST_HOME: "relative" })],
  [
    "is a directory",
    (at) => {
      mkdirSync(join(at.home, "holdfast.db"), { recursive: true });
      return {};
    },
  ],
  [
    "is no journal",
    (at) => {
      at.file("home/holdfast.db", Buffer.alloc(50_000, "no journal"));
      return {};
    },
  ],
  [
    "is a newer holdfast's",
    async (at) => {
      const database = await written(at);
      database.exec("PRAGMA user_version = 9999");
      database.close();
      return {};
    },
  ],
];

const GUARD = ["--cleanup", 'echo "cleanup $HOLDFAST_OUTCOME" >> ledger'];
const FAILING = ["--", "sh", "-c", "echo ran >> ledger; exit 7"];

test.for(BROKEN)("where it %s, the command is run, undone and alerted of", async ([, prepare]) => {
  const at = place();
  const env = await prepare(at);
  const alert = ["--alert", "grep -c runId >> ledger", "--undo", "echo undone >> ledger"];

  const { exitCode, stderr } = await holdfast(at, ["exec", ...GUARD, ...alert, ...FAILING], env);

  expect({ exitCode, did: at.did() }).toEqual({
    exitCode: 80,
    did: ["ran", "undone", "cleanup failed", "0"],
  });
  expect(stderr).toContain("the journal cannot be used, so this run of sh is not recorded: ");
});

test.for(BROKEN)(
  "where it %s, nothing is run under a lock, and somebody hears of it",
  async ([, prepare]) => {
    const at = place();
    const env = await prepare(at);
    const alert = ["--alert", "cat > alert.json", "--report", "report.json"];

    const ended = await holdfast(at, ["exec", "--lock", "a", ...GUARD, ...alert, ...FAILING], env);

    const [told, report] = ["alert.json", "report.json"].map((name) =>
      readFileSync(join(at.root, name), "utf8"),
    );
    const { outcome, exitCode, attempts } = JSON.parse(told ?? "") as Record<string, unknown>;
    expect({ exit: ended.exitCode, told, did: at.did(), outcome, exitCode, attempts }).toEqual({
      exit: 125,
      told: report,
      did: [],
      outcome: "broken",
      exitCode: 125,
      attempts: 0,
    });
  },
);

test("one that another process keeps locked is waited for a while, and then done without", async () => {
  const at = place();
  const database = await written(at);
  database.exec("BEGIN IMMEDIATE");

  const free = await holdfast(at, ["exec", ...FAILING]);
  const locked = await holdfast(at, ["exec", "--lock", "a", ...FAILING]);
  database.close();

  const codes = [free.exitCode, locked.exitCode];
  expect({ codes, did: at.did() }).toEqual({ codes: [7, 125], did: ["ran"] });
});

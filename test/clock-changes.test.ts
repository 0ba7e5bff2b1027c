/**
 * The clock of the machine is set back or forward, between two starts and in the middle of a run: real
 * processes, whose clock is so much off. Lengths, waits and the order of runs never go by it; ages and
 * leases do, and must bear it.
 */

import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdChecksum } from "../src/journal/row-checksum.ts";
import { fixture, place, start, type Place } from "./cli-process.ts";

const ENTRY = join(import.meta.dirname, "shifted-clock.ts");
const HOUR_MS = 3_600_000;

/** A handful of processes one after the other, on a machine that may be busy with all other tests. */
const MANY_RUNS_MS = 120_000;

const STARTING = { entry: ENTRY, limitMs: MANY_RUNS_MS };

type Env = Readonly<Record<string, string>>;

/** Starts the command line with its clock so far from the real time. */
function startAt(at: Place, shiftMs: number, words: readonly string[], env: Env = {}) {
  return start(at, words, { CLOCK_SHIFT: String(shiftMs), ...env }, STARTING);
}

function run(at: Place, shiftMs: number, env?: Env, ...flags: string[]) {
  const input = JSON.stringify({ root: at.root });
  return startAt(at, shiftMs, ["run", fixture("clock.ts"), "--input", input, ...flags], env);
}

async function killed(at: Place, shiftMs: number): Promise<void> {
  expect((await run(at, shiftMs, { CRASH: "yes" }).ended).exitCode).toBe(137);
}

/**
 * As if the process that was killed had been one of another machine, of which nobody here can know. Its
 * lease is one of ten minutes, so that a slow test changes nothing.
 */
function moveOwnerElsewhere(at: Place): void {
  using database = new DatabaseSync(join(at.home, "holdfast.db"));
  database.function("checksum_of", (id, fence, owner) =>
    holdChecksum(String(id), Number(fence), String(owner)),
  );
  database.exec(`UPDATE runs SET lease_length_ms = 600000,
    owner = json_set(owner, '$.host', 'elsewhere', '$.bootId', 'its own');
    UPDATE runs SET hold_checksum = checksum_of(id, fence, owner)`);
}

const SHIFTS: [what: string, shiftMs: number][] = [
  ["an hour back", -HOUR_MS],
  ["an hour forward", HOUR_MS],
  ["ten days back", -240 * HOUR_MS],
];

test.concurrent.for(SHIFTS)(
  "set %s between kill and resume, the run goes on at once",
  { timeout: MANY_RUNS_MS },
  async ([, shiftMs]) => {
    const at = place();
    await killed(at, 0);

    const { exitCode } = await run(at, shiftMs).ended;

    // What was in the middle is attempted again; that attempt is not the first, so it does not fail.
    expect({ exitCode, did: at.did() }).toEqual({
      exitCode: 0,
      did: ["one", "two", "two", "three"],
    });
  },
);

test.concurrent.for(SHIFTS)(
  "set %s in the middle of a run, it goes on and nobody else gets it",
  { timeout: MANY_RUNS_MS },
  async ([, shiftMs]) => {
    const at = place();
    const running = run(at, 0, { CLOCK_THEN: String(shiftMs), WAIT: "go" });
    await expect.poll(() => at.did(), { timeout: 20_000, interval: 5 }).toContain("two");

    const others = await Promise.all([0, shiftMs].map((ms) => run(at, ms).ended));
    at.file("go", "");
    const { exitCode } = await running.ended;

    expect({ others: others.map((other) => other.exitCode), exitCode, did: at.did() }).toEqual({
      others: [69, 69],
      exitCode: 0,
      did: ["one", "two", "two", "three"],
    });
  },
);

test.concurrent(
  "a run of the future is not too old, and one that has become so asks",
  { timeout: MANY_RUNS_MS },
  async () => {
    const [early, late] = [place(), place()];
    await Promise.all([killed(early, 0), killed(late, 0)]);

    const young = await run(early, -37 * HOUR_MS).ended;
    const old = await run(late, 37 * HOUR_MS).ended;
    const answered = await run(late, 37 * HOUR_MS, {}, "--resume").ended;

    expect([young.exitCode, old.exitCode, answered.exitCode]).toEqual([0, 82, 0]);
    expect(old.stderr).toContain("it is 1 d 13 h old, and resumed only within 1 d 12 h");
  },
);

test.concurrent(
  "set back, a lease of another machine lasts one length more, and not an hour",
  { timeout: MANY_RUNS_MS },
  async () => {
    const at = place();
    await killed(at, 0);
    moveOwnerElsewhere(at);

    const atOnce = await run(at, -HOUR_MS).ended;
    const later = await run(at, -HOUR_MS / 2).ended;

    expect([atOnce.exitCode, later.exitCode]).toEqual([69, 0]);
  },
);

test.concurrent(
  "set forward, a lease of another machine runs out early",
  { timeout: MANY_RUNS_MS },
  async () => {
    const at = place();
    await killed(at, 0);
    moveOwnerElsewhere(at);

    const now = await run(at, 0).ended;
    const later = await run(at, HOUR_MS).ended;

    expect([now.exitCode, later.exitCode]).toEqual([69, 0]);
  },
);

test.concurrent(
  "runs stand in the order in which they began, whatever the clock said then",
  { timeout: MANY_RUNS_MS },
  async () => {
    const at = place();
    for (const shiftMs of [0, -HOUR_MS, HOUR_MS]) {
      expect((await run(at, shiftMs).ended).exitCode).toBe(0);
    }

    const { stdout } = await startAt(at, 0, ["runs", "--json"]).ended;

    const { runs } = JSON.parse(stdout) as { runs: { startedAtMs: number }[] };
    const behindMs = runs.map(({ startedAtMs }) => (runs[0]?.startedAtMs ?? 0) - startedAtMs);
    expect(behindMs.map((ms) => Math.round(ms / HOUR_MS))).toEqual([0, 2, 1]);
  },
);

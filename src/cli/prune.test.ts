import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { examine } from "../advise/doctor.ts";
import { thisProcess } from "../journal/owner.ts";
import { sqliteJournal } from "../journal/sqlite.ts";
import { backup } from "./backup.ts";
import { UsageError } from "./command.ts";
import { doctor } from "./doctor.ts";
import { pruneAtEnd } from "./prune-runs.ts";
import { prune } from "./prune.ts";
import { fakeWorld, runCommand } from "./world-fixture.contract.ts";

const DAY_MS = 86_400_000;

/** A state directory with so many runs, a day apart, the newest one day old; each has a log. */
async function home(count: number, env: Readonly<Record<string, string>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-prune-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "logs"));
  const file = join(directory, "holdfast.db");
  const journal = sqliteJournal(file, { ballast: 0 });
  onTestFinished(() => journal.close());
  const world = {
    ...fakeWorld({ env: { HOLDFAST_HOME: directory, ...env } }),
    logDirectory: async () => join(directory, "logs"),
    openJournal: async () => sqliteJournal(file, { ballast: 0 }),
  };
  for (let age = count; age >= 1; age--) {
    const atMs = world.clock.now() - age * DAY_MS;
    const run = {
      id: `run-${age}`,
      automation: "nightly",
      status: "running",
      codeHash: "",
      input: JSON.stringify("x".repeat(10_000)),
      startedAtMs: atMs,
      resumes: 0,
    } as const;
    const { hold } = await journal.claim(run, thisProcess());
    await journal.writeRun(hold, { ...run, status: "succeeded", endedAtMs: atMs });
    await journal.release(hold);
    writeFileSync(join(directory, "logs", `run-${age}.jsonl`), "");
  }
  const left = async () => (await journal.findRuns({ limit: Infinity })).length;
  return { world, directory, file, journal, left };
}

test("what is older than a quarter is deleted with its log, beside the newest twenty", async () => {
  const { world, directory, left } = await home(130);

  const ended = await runCommand(prune, ["--json"], world);

  const { freedBytes, bytes, freeBytes, ...rest } = JSON.parse(ended.stdout) as Record<
    string,
    number
  >;
  // A run of exactly ninety days is not older.
  expect([rest, await left()]).toEqual([{ schema: 1, dryRun: false, runs: 40 }, 90]);
  expect(readdirSync(join(directory, "logs")).length).toBe(90);
  expect([(freedBytes ?? 0) > 40 * 8_000, (bytes ?? 0) > 0, freeBytes]).toEqual([true, true, 0]);
});

test("a dry run deletes nothing and tells what would be", async () => {
  const { world, left } = await home(30);

  const ended = await runCommand(prune, ["--dry-run", "--older-than", "5d", "--keep", "3"], world);

  expect([ended.stdout, await left()]).toEqual([
    "25 runs would be deleted: older than 5 d, beside the newest 3 of each automation\n",
    30,
  ]);
});

test.for([
  [["--older-than", "soon"], '--older-than: expected an age such as 90d or 12h, received "soon"'],
  [["--older-than", "0"], '--older-than: expected an age such as 90d or 12h, received "0"'],
  [["--keep=-1"], '--keep: expected a whole number from 0, received "-1"'],
  [["--keep", "x"], '--keep: expected a whole number from 0, received "x"'],
] as const)("%j is refused", async ([words, message]) => {
  await expect(runCommand(prune, words, fakeWorld())).rejects.toThrow(new UsageError(message));
});

test.for([
  [{}, 110],
  [{ HOLDFAST_PRUNE: "off" }, 130],
])("at the end of a run a few are deleted, unless the environment says %o", async ([env, runs]) => {
  const { world, journal, left } = await home(130, env as Readonly<Record<string, string>>);

  await pruneAtEnd(journal, world);

  expect(await left()).toBe(runs);
});

test("that a journal cannot be pruned is no failure of the run", async () => {
  const { world, journal } = await home(1);
  await journal.close();

  await expect(pruneAtEnd(journal, world)).resolves.toBeUndefined();
});

test("a backup tells what is in it, and the doctor finds it well", async () => {
  const { world, directory } = await home(3);
  const copy = join(directory, "copy.db");

  const made = await runCommand(backup, [copy], world);
  const looked = await runCommand(doctor, ["--journal", copy, "--json"], {
    ...world,
    printed: [],
    print: (text) => void looks.push(text),
  });

  const { findings } = JSON.parse(looks.join("")) as {
    findings: { check: string; says: string }[];
  };
  expect([made.stdout, looked.exitCode]).toEqual([
    expect.stringMatching(/^.*copy\.db: 3 runs, 0 steps, .* kB, checked\n$/),
    0,
  ]);
  expect(findings[0]).toEqual({
    check: "journal",
    state: "ok",
    says: `${copy}: 3 runs, 0 steps, all as they were written`,
  });
  expect(existsSync(`${copy}-wal`)).toBe(false);
});
const looks: string[] = [];

test("the doctor of no journal says so, and makes none", async () => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-none-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const world = fakeWorld({ env: { HOLDFAST_HOME: join(directory, "none") } });

  const { exitCode, stdout } = await runCommand(doctor, [], world);

  expect([exitCode, stdout, readdirSync(directory)]).toEqual([
    0,
    `✓ journal: there is none yet; the first run makes ${directory}/none/holdfast.db\n`,
    [],
  ]);
});

test.for([
  [
    doctor,
    [],
    "a database is checked by its own means (pg_amcheck); --journal FILE looks at a file",
  ],
  [backup, ["copy.db"], "copy the database with pg_dump (docs/postgres.md)"],
] as const)(
  "with a journal in a database, $0.name looks at no file",
  async ([command, words, todo]) => {
    const world = fakeWorld({ env: { HOLDFAST_JOURNAL: "postgres://localhost/app" } });

    const running = runCommand(command, [...words], world);

    await expect(running).rejects.toThrow(
      new UsageError(`HOLDFAST_JOURNAL names a database, and this takes a file: ${todo}`),
    );
  },
);

test("where a state directory should be and is not, the doctor finds that", async () => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-none-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const notes = join(directory, "notes.txt");
  writeFileSync(notes, "");

  const { exitCode, stdout } = await runCommand(
    doctor,
    [],
    fakeWorld({ env: { HOLDFAST_HOME: notes } }),
  );

  expect([exitCode, stdout]).toEqual([
    74,
    expect.stringContaining(`✗ place: ${notes} cannot be looked at: ENOTDIR`),
  ]);
});

test("what is written while the doctor looks is not from the future", async () => {
  const { world, journal, file, directory } = await home(1);
  const laterMs = world.clock.now() + DAY_MS;
  await journal.writeState({ key: "a", value: "1", atMs: laterMs });
  const moments = [world.clock.now()];

  const { findings } = examine({
    file,
    logs: directory,
    version: "0",
    // Later each time that it is asked: it took a day to read all.
    now: () => moments.push(laterMs) && (moments.shift() ?? 0),
    isGone: () => true,
  });

  expect(findings.find(({ check }) => check === "clock")?.state).toBe("ok");
});

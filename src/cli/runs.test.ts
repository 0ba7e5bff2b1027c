import { expect, test } from "vitest";
import type { RunRecord } from "../core/journal.ts";
import { memoryJournal } from "../journal/memory.ts";
import { thisProcess } from "../journal/owner.ts";
import { UsageError } from "./command.ts";
import { runs } from "./runs.ts";
import { show } from "./show.ts";
import { fakeWorld, runCommand } from "./world-fixture.contract.ts";

const FIRST_AT_MS = new Date(2026, 10, 22, 3, 0, 7).getTime();

const RECORDS: readonly RunRecord[] = [
  run("r1", "nightly", { status: "succeeded", exitCode: 0, tasks: { succeeded: 2, total: 2 } }),
  run("r2", "weekly", { status: "failed", exitCode: 80, tasks: { succeeded: 0, total: 1 } }),
  run("r3", "nightly", { status: "in doubt" }),
];

function run(id: string, automation: string, change: Partial<RunRecord>): RunRecord {
  const startedAtMs = FIRST_AT_MS + Number(id.slice(1)) * 1_000;
  return {
    id,
    automation,
    status: "running",
    codeHash: "hash",
    input: "{}",
    startedAtMs,
    endedAtMs: startedAtMs + 2_500,
    resumes: 0,
    ...change,
  };
}

/** Lists these runs, whose process is there or gone. */
async function listed(words: readonly string[], records = RECORDS, isGone = false) {
  const world = fakeWorld();
  const journal = memoryJournal({ clock: world.clock, isGone: () => isGone });
  for (const record of records) {
    const { hold } = await journal.claim({ ...record, status: "running" }, thisProcess());
    await journal.writeRun(hold, record);
  }
  return runCommand(runs, words, fakeWorld({ journal }));
}

test("lists runs as a table, the newest first", async () => {
  expect(await listed([])).toEqual({
    exitCode: 0,
    stdout: `RUN  AUTOMATION  STATUS     EXIT  TASKS  STARTED              TOOK
r3   nightly     in doubt   -     -      2026-11-22 03:00:10  2.5 s
r2   weekly      failed     80    0/1    2026-11-22 03:00:09  2.5 s
r1   nightly     succeeded  0     2/2    2026-11-22 03:00:08  2.5 s
`,
    stderr: "",
  });
});

test("says why there is a run that nobody simply started, and --ids gives names alone", async () => {
  const records = [
    run("r1", "a", { status: "succeeded", retryOf: { runId: "r0" } }),
    run("r2", "b", { status: "succeeded", parentId: "r1" }),
    run("r3", "c", { status: "cancelled", scheduledForMs: 0 }),
  ];

  const { stdout } = await listed([], records);
  const ids = await listed(["--ids"], records);

  expect(stdout.split("\n").map((line) => line.slice(17, 38).trim())).toEqual([
    "STATUS",
    "cancelled, scheduled",
    "succeeded, a child",
    "succeeded, a retry",
    "",
  ]);
  expect(ids.stdout).toBe("r3\nr2\nr1\n");
});

test.for<[terminal: number, first: string]>([
  [95, "01aaaaaaaaaaaaaaaaaaaaaab1"],
  [80, "aaaaaab1"],
])(
  "in a terminal of %i columns a run is called %s, and show knows it",
  async ([terminal, first]) => {
    const journal = memoryJournal();
    const world = fakeWorld({ journal });
    const record = run("r1", "nightly", { id: "01aaaaaaaaaaaaaaaaaaaaaab1" });
    await journal.claim(record, thisProcess());

    const { stdout } = await runCommand(runs, [], { ...world, columns: terminal });
    const { exitCode } = await runCommand(show, [first], world);

    expect([stdout.split("\n")[1]?.split(" ")[0], exitCode]).toEqual([first, 0]);
  },
);

test.for<[isGone: boolean, status: string, holder: object | null]>([
  [false, "running  -     -      2026-11-22 03:00:11  2.5 s", thisProcess()],
  [true, "cut off  -     -      2026-11-22 03:00:11  -", null],
])("of a running run it is told whether its process is gone: %o", async ([isGone, row, holder]) => {
  const records = [run("r4", "nightly", {})];

  const [text, json] = [
    await listed([], records, isGone),
    await listed(["--json"], records, isGone),
  ];

  expect(text.stdout.split("\n")[1]).toBe(`r4   nightly     ${row}`);
  expect(JSON.parse(json.stdout)).toMatchObject({ runs: [{ status: "running", holder }] });
});

test.for<[words: string[], ids: string[]]>([
  [
    ["--automation", "nightly"],
    ["r3", "r1"],
  ],
  [["--status", "failed"], ["r2"]],
  [["--status", "in-doubt"], ["r3"]],
  [
    ["--limit", "2"],
    ["r3", "r2"],
  ],
  [["--automation", "nightly", "--status", "succeeded", "--limit", "1"], ["r1"]],
])("%j finds %j", async ([words, ids]) => {
  const { stdout } = await listed([...words, "--json"]);

  const { runs: found } = JSON.parse(stdout) as { runs: { id: string }[] };
  expect(found.map(({ id }) => id)).toEqual(ids);
});

test("for programs it is one document, without the inputs", async () => {
  const [first] = RECORDS;
  const { input: _, ...record } = first as RunRecord;
  const { stdout } = await listed(["--json"], RECORDS.slice(0, 1));

  expect(JSON.parse(stdout)).toEqual({ schema: 1, runs: [{ ...record, waits: [] }] });
});

test.for<[words: string[], records: readonly RunRecord[], stderr: string]>([
  [[], [], "No runs yet; holdfast run FILE makes the first.\n"],
  [["--automation", "hourly"], RECORDS, "No runs fit.\n"],
  [["--status", "abandoned"], RECORDS, "No runs fit.\n"],
])("with %j it says when there is none", async ([words, records, stderr]) => {
  expect(await listed(words, records)).toEqual({ exitCode: 0, stdout: "", stderr });
});

test.for(["0", "-1", "1.5", "x", "10001"])("refuses --limit=%s", async (limit) => {
  await expect(listed([`--limit=${limit}`])).rejects.toThrow(
    new UsageError(`--limit: expected a whole number from 1 to 10000, received "${limit}"`),
  );
});

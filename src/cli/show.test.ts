import { expect, test } from "vitest";
import {
  attemptBegun,
  attemptFailed,
  newStep,
  renewed,
  stepCompleted,
  stepFailed,
  undoBegun,
  undoEnded,
} from "../automation/step-record.ts";
import type { RunRecord, StepRecord } from "../core/journal.ts";
import { encodeValue } from "../journal/codec.ts";
import { memoryJournal } from "../journal/memory.ts";
import { describeOwner, thisProcess } from "../journal/owner.ts";
import { show } from "./show.ts";
import { fakeWorld, runCommand } from "./world-fixture.contract.ts";

const RUN: RunRecord = {
  id: "01aaaaaaaaaaaaaaaaaaaaaaaa",
  automation: "nightly",
  status: "running",
  file: "/srv/my night.ts",
  codeHash: "hash",
  input: encodeValue({ directory: "/srv/data" }, "input"),
  startedAtMs: new Date(2026, 10, 22, 3, 0, 7).getTime(),
  resumes: 0,
};

function step(name: string, change: Partial<Parameters<typeof newStep>[0]> = {}): StepRecord {
  const parts = {
    runId: RUN.id,
    task: "",
    kind: "step",
    position: 1,
    hasUndo: true,
    atMs: 0,
  } as const;
  return { ...newStep({ ...parts, name, ...change }), key: `key-${name}` };
}

function failure(message: string, atMs: number) {
  const fault = { class: "degraded", code: "HTTP_503", effect: "unknown" } as const;
  return { atMs, fault, error: { type: "Error", message, stack: "the stack" } };
}

const completed = (record: StepRecord, value: unknown = 1): StepRecord =>
  stepCompleted(attemptBegun(record, 1, 0), encodeValue(value, "value"), 2_000);

/** Shows what the journal holds of one run, which its process holds or has left behind. */
async function shown(
  steps: readonly StepRecord[],
  { isHeld = false, ...change }: Partial<RunRecord> & { readonly isHeld?: boolean } = {},
  words: readonly string[] = ["last"],
) {
  const world = fakeWorld({ env: { API_TOKEN: "hunter2-hunter2" } });
  const journal = memoryJournal({ clock: world.clock });
  const { hold } = await journal.claim(RUN, thisProcess());
  for (const record of steps) await journal.writeStep(hold, record);
  await journal.writeRun(hold, { ...RUN, endedAtMs: RUN.startedAtMs + 65_000, ...change });
  if (!isHeld) await journal.release(hold);
  const opened = fakeWorld({ env: world.env, journal });
  return runCommand(show, words, opened);
}

test("shows tasks, steps, attempts, faults and undos", async () => {
  const uploaded = attemptFailed(
    attemptBegun(step("upload"), 1, 0),
    failure("no room", 40),
    "none",
  );
  const undone = (record: StepRecord) => undoEnded(undoBegun(record, 1, 0), "done", { atMs: 5 });
  const pruned = step("remove", { task: "prune", position: 4 });
  const task = step("", { task: "prune", kind: "task", position: 3 });
  const { stdout, ...rest } = await shown(
    [
      completed(step("archive")),
      stepCompleted(attemptBegun(renewed(undone(uploaded)), 2, 50), "1", 90),
      completed(step("read back", { kind: "read", hasUndo: false, position: 2 })),
      { ...stepFailed(task, failure("not found", 9)), undo: "done" },
      undone(undoEnded(undoBegun(completed(pruned), 1, 0), "begun", failure("blip", 3))),
    ],
    { status: "succeeded", exitCode: 0, tasks: { succeeded: 1, total: 2 }, resumes: 1 },
  );

  expect(rest).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatchInlineSnapshot(`
    "nightly, run 01aaaaaaaaaaaaaaaaaaaaaaaa: succeeded, exit code 0, 1/2 tasks succeeded
      started 2026-11-22 03:00:07, took 1 m 5 s, resumed once
      file /srv/my night.ts
      input {"directory":"/srv/data"}

    task nightly
      ✓ step archive: completed in 2 s
          key key-archive
      ✓ step upload: completed in 90 ms
          key 01aaaaaaaaaaaaaaaaaaaaaaaa-upload-d22f108d3710cdd1
          attempt 1, 40 ms: HTTP_503 (degraded, effect unknown): no room
          attempt 2, 40 ms
          undo attempt 1, 5 ms
      ✓ read read back: completed in 2 s

    task prune: failed, rolled back completely
      because of HTTP_503 (degraded): not found
      ✓ step remove: completed in 2 s, undone
          key key-remove
          undo attempt 1, 3 ms: HTTP_503 (degraded, effect unknown): blip
    "
  `);
});

test("no length is negative after the clock was set back", async () => {
  const failed = attemptFailed(attemptBegun(step("upload"), 1, 5_000), failure("no", 0), "none");
  const record = { ...stepFailed(failed, failure("no", 0)), startedAtMs: 5_000 };

  const { stdout } = await shown([record], {
    status: "failed",
    endedAtMs: RUN.startedAtMs - 3_600_000,
  });

  expect(stdout.match(/-?\d+ ms/g)).toEqual(["0 ms", "0 ms", "0 ms"]);
});

const HEADS: [
  what: string,
  change: Parameters<typeof shown>[1],
  steps: StepRecord[],
  lines: string[],
][] = [
  [
    "a run that goes on",
    { isHeld: true },
    [attemptBegun(step("upload"), 1, 0)],
    [
      `nightly, run 01aaaaaaaaaaaaaaaaaaaaaaaa: running (${describeOwner(thisProcess())})`,
      "  started 2026-11-22 03:00:07, took 1 m 5 s",
      "  file /srv/my night.ts",
      '  input {"directory":"/srv/data"}',
      "",
      "task nightly",
      "  · step upload: begun, no end yet",
      "      key key-upload",
      "      attempt 1, no end yet",
    ],
  ],
  [
    "a run whose process is gone",
    {},
    [attemptBegun(step("upload"), 1, 0)],
    [
      "nightly, run 01aaaaaaaaaaaaaaaaaaaaaaaa: cut off",
      "  started 2026-11-22 03:00:07",
      "  file /srv/my night.ts",
      '  input {"directory":"/srv/data"}',
      "  Its process is gone. To go on with it:",
      "    holdfast resume 01aaaaaaaaaaaaaaaaaaaaaaaa",
      "  To take it back:",
      "    holdfast rollback 01aaaaaaaaaaaaaaaaaaaaaaaa",
      "",
      "task nightly",
      "  ? step upload: begun, its end was not seen",
      "      key key-upload",
      "      attempt 1, end not seen",
    ],
  ],
  [
    "a run that was interrupted",
    { status: "interrupted", exitCode: 130, resumes: 2, tasks: { succeeded: 0, total: 1 } },
    [attemptFailed(attemptBegun(step("upload"), 1, 0), failure("no room", 40), "none")],
    [
      "nightly, run 01aaaaaaaaaaaaaaaaaaaaaaaa: interrupted, exit code 130, 0/1 tasks succeeded",
      "  started 2026-11-22 03:00:07, took 1 m 5 s, resumed 2 times",
      "  file /srv/my night.ts",
      '  input {"directory":"/srv/data"}',
      "  To go on with it:",
      "    holdfast resume 01aaaaaaaaaaaaaaaaaaaaaaaa",
      "  To take it back:",
      "    holdfast rollback 01aaaaaaaaaaaaaaaaaaaaaaaa",
      "",
      "task nightly",
      "  ? step upload: between two attempts",
      "      key key-upload",
      "      attempt 1, 40 ms: HTTP_503 (degraded, effect unknown): no room",
    ],
  ],
  [
    "a run in doubt",
    { status: "in doubt", exitCode: 82 },
    [attemptBegun(step("the charge", { task: "pay", hasUndo: false }), 1, 0)],
    [
      "nightly, run 01aaaaaaaaaaaaaaaaaaaaaaaa: in doubt, exit code 82",
      "  started 2026-11-22 03:00:07, took 1 m 5 s",
      "  file /srv/my night.ts",
      '  input {"directory":"/srv/data"}',
      '  Nobody knows whether step "pay/the charge" happened. Look, then decide.',
      "  If it did not happen:",
      "    holdfast resume 01aaaaaaaaaaaaaaaaaaaaaaaa --decide 'pay/the charge=absent'",
      "  If it did (replace null by what it answered, as JSON):",
      "    holdfast resume 01aaaaaaaaaaaaaaaaaaaaaaaa --decide 'pay/the charge=null'",
      "  Or take the run back:",
      "    holdfast rollback 01aaaaaaaaaaaaaaaaaaaaaaaa",
      "",
      "task pay",
      "  ? step the charge: begun, its end was not seen",
      "      key key-the charge",
      "      attempt 1, end not seen",
    ],
  ],
  [
    "what could not be taken back",
    { status: "failed", exitCode: 81 },
    [
      {
        ...step("", { kind: "task", hasUndo: false }),
        status: "failed",
        undo: "failed",
      },
      attemptBegun(step("the charge", { hasUndo: false }), 1, 0),
    ],
    [
      "nightly, run 01aaaaaaaaaaaaaaaaaaaaaaaa: failed, exit code 81",
      "  started 2026-11-22 03:00:07, took 1 m 5 s",
      "  file /srv/my night.ts",
      '  input {"directory":"/srv/data"}',
      "  To try the undos again that failed:",
      "    holdfast rollback 01aaaaaaaaaaaaaaaaaaaaaaaa",
      "",
      "task nightly: failed, ROLLBACK INCOMPLETE",
      "  ? step the charge: begun, its end was not seen, not taken back",
      "      key key-the charge",
      "      attempt 1, end not seen",
    ],
  ],
  [
    "a run from code, which no file takes up",
    { status: "interrupted", file: undefined },
    [],
    [
      "nightly, run 01aaaaaaaaaaaaaaaaaaaaaaaa: interrupted",
      "  started 2026-11-22 03:00:07, took 1 m 5 s",
      '  input {"directory":"/srv/data"}',
    ],
  ],
];

test.for([
  ["human", "as a human decided"],
  ["reconcile", "found by its reconcile"],
] as const)("says of a step that its %s told of that it was %s", async ([toldBy, words]) => {
  const { stdout } = await shown([
    stepCompleted(attemptBegun(step("upload"), 1, 0), "1", 2_000, toldBy),
  ]);

  expect(stdout).toContain(`✓ step upload: completed in 2 s, ${words}`);
});

test("words that stand beside the name of a secret are shown", async () => {
  const task = {
    ...step("", { task: "rotate token", kind: "task" }),
    status: "completed",
  } as const;
  const { stdout } = await shown([completed(step("reset password")), task], {
    status: "succeeded",
  });

  expect(stdout.split("\n").filter((line) => /run|step|task/.test(line))).toEqual([
    "nightly, run 01aaaaaaaaaaaaaaaaaaaaaaaa: succeeded",
    "task nightly",
    "  ✓ step reset password: completed in 2 s",
    "task rotate token: completed",
  ]);
});

test.for(HEADS)("shows %s", async ([, change, steps, lines]) => {
  const { stdout } = await shown(steps, change);

  expect(stdout.trimEnd().split("\n")).toEqual(lines);
});

test("shows where a run comes from, and who wanted its end", async () => {
  const world = fakeWorld();
  const journal = memoryJournal({ clock: world.clock });
  const { hold } = await journal.claim(RUN, thisProcess());
  await journal.writeRun(hold, {
    ...RUN,
    status: "cancelled",
    version: "2",
    parentId: "p1",
    scheduledForMs: RUN.startedAtMs,
    retryOf: { runId: "r0", from: "upload" },
    endedAtMs: RUN.startedAtMs,
  });
  await journal.writeStep(hold, undoEnded(attemptBegun(step("upload"), 1, 0), "done", { atMs: 0 }));
  await journal.release(hold);
  const value = JSON.stringify({ by: "ann on web-1", atMs: RUN.startedAtMs, reason: "why" });
  await journal.writeState({ key: `run/${RUN.id}/cancel`, value, atMs: 0 });

  const { stdout } = await runCommand(show, ["last"], fakeWorld({ journal }));
  const json = await runCommand(show, ["last", "--json"], fakeWorld({ journal }));

  expect(stdout.split("\n").slice(2, 11)).toEqual([
    "  version 2",
    "  scheduled for 2026-11-22 03:00:07",
    "  child of run p1",
    '  does run r0 again from "upload" on',
    "  cancel asked for by ann on web-1, 2026-11-22 03:00:07: why",
    "  file /srv/my night.ts",
    '  input {"directory":"/srv/data"}',
    "",
    "task nightly",
  ]);
  expect(stdout).toContain("  ✗ step upload: ended with the run, undone\n");
  expect(JSON.parse(json.stdout)).toMatchObject({ run: { cancel: { by: "ann on web-1" } } });
});

test.for<[undo: StepRecord["undo"], line: string]>([
  ["begun", "  ✓ step a: completed in 2 s, undo begun"],
  ["failed", "  ✓ step a: completed in 2 s, UNDO FAILED"],
])("an undo that is %s is shown, with its attempt that has no end", async ([undo, line]) => {
  const { stdout } = await shown([{ ...undoBegun(completed(step("a")), 1, 0), undo }]);

  expect(stdout.trimEnd().split("\n").slice(-3)).toEqual([
    line,
    "      key key-a",
    "      undo attempt 1, end not seen",
  ]);
});

test("an attempt whose end was not seen is shown, also where a later one ended well", async () => {
  const cutOff = undoBegun(completed(step("a")), 1, 0);
  const { stdout } = await shown([undoEnded(undoBegun(cutOff, 2, 0), "done", { atMs: 5 })]);

  expect(stdout.trimEnd().split("\n").slice(-2)).toEqual([
    "      undo attempt 1, end not seen",
    "      undo attempt 2, 5 ms",
  ]);
});

test.for<[undo: StepRecord["undo"], line: string]>([
  ["done", "task prune: failed, rolled back completely"],
  ["failed", "task prune: failed, ROLLBACK INCOMPLETE"],
  ["none", "task prune: failed, nothing to roll back"],
])("a failed task whose undo is %s", async ([undo, line]) => {
  const task = step("", { task: "prune", kind: "task" });
  const { stdout } = await shown([{ ...stepFailed(task, failure("no", 1)), undo }]);

  expect(stdout.trimEnd().split("\n").slice(-2)).toEqual([
    line,
    "  because of HTTP_503 (degraded): no",
  ]);
});

test("--json is everything that the journal holds, with values as they were", async () => {
  const value = { at: new Date(0), big: 5n, set: new Set([1]), bytes: new Uint8Array([1, 2]) };
  const { stdout } = await shown([completed(step("a"), value)], {}, ["last", "--json"]);

  const document = JSON.parse(stdout) as { steps: unknown[] };
  expect(document).toMatchObject({
    schema: 1,
    run: { id: RUN.id, input: { directory: "/srv/data" }, codeHash: "hash" },
    steps: [
      { name: "a", key: "key-a", attempts: [{ number: 1, startedAtMs: 0, endedAtMs: 2_000 }] },
    ],
  });
  expect(document.steps[0]).toHaveProperty("value");
});

test.for([
  [{ isHeld: true }, { status: "running", holder: thisProcess() }],
  [{}, { status: "running", holder: null }],
] as const)("--json of a run with %o tells its process", async ([change, run]) => {
  const { stdout } = await shown([], change, ["last", "--json"]);

  expect((JSON.parse(stdout) as { run: object }).run).toMatchObject(run);
});

test("--json of a run that has ended has no process", async () => {
  const { stdout } = await shown([], { status: "failed" }, ["last", "--json"]);

  expect((JSON.parse(stdout) as { run: object }).run).not.toHaveProperty("holder");
});

test.for(["01aa", "aaaa", RUN.id, "last"])("a run is found by %s", async (name) => {
  const { exitCode } = await shown([], {}, [name]);

  expect(exitCode).toBe(0);
});

test.for<[name: string, stderr: string]>([
  ["zz", 'holdfast show: there is no run "zz"; holdfast runs lists them\n'],
  ["hunter2-hunter2", 'holdfast show: there is no run "***"; holdfast runs lists them\n'],
])("no run is found by %s", async ([name, stderr]) => {
  expect(await shown([], {}, [name])).toEqual({ exitCode: 1, stdout: "", stderr });
});

test("of very many runs that fit a name no more than a hundred are counted", async () => {
  const world = fakeWorld();
  const journal = memoryJournal({ clock: world.clock });
  for (let index = 0; index < 101; index++) {
    const run = { ...RUN, id: `01-${index}`, automation: `a${index}` };
    await journal.claim(run, thisProcess());
  }

  const { stderr } = await runCommand(show, ["01"], fakeWorld({ journal }));

  expect(stderr).toBe('holdfast show: more than 100 runs fit "01"; give more of the name\n');
});

test("a name that fits several runs is not enough, and last is the newest", async () => {
  const world = fakeWorld();
  const journal = memoryJournal({ clock: world.clock });
  for (const id of ["01a", "01b"]) {
    const { hold } = await journal.claim({ ...RUN, id }, thisProcess());
    await journal.writeRun(hold, { ...RUN, id, status: "failed" });
  }
  const ask = (name: string) => runCommand(show, [name], fakeWorld({ journal }));

  expect(await ask("01")).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: 'holdfast show: 2 runs fit "01"; give more of the name\n',
  });
  expect((await ask("last")).stdout.split("\n")[0]).toBe("nightly, run 01b: failed");
});

test("without any run, last says so", async () => {
  expect(await runCommand(show, ["last"], fakeWorld())).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "holdfast show: there are no runs yet; holdfast run FILE makes the first\n",
  });
});

test("no secret and no control character is shown", async () => {
  const leaky = stepFailed(attemptBegun(step("a"), 1, 0), failure("\u001b[2Jno", 1));
  const { stdout } = await shown([{ ...leaky, key: "hunter2-hunter2" }]);

  expect([
    stdout.includes("hunter2"),
    stdout.includes("\u001b"),
    stdout.includes("key ***"),
  ]).toEqual([false, false, true]);
});

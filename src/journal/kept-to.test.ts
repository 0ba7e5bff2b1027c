import { describe, expect, test } from "vitest";
import type { Journal, Owner, RunRecord, StepRecord } from "../core/journal.ts";
import { keptTo } from "./kept-to.ts";
import { memoryJournal } from "./memory.ts";

const OWNER: Owner = { host: "h", bootId: "b", pidNamespace: "n", pid: 1, startTime: "1" };

function record(id: string, automation: string, more: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    automation,
    status: "running",
    codeHash: "c",
    input: '{"secret":1}',
    startedAtMs: 0,
    resumes: 0,
    ...more,
  };
}

function step(runId: string): StepRecord {
  return {
    runId,
    task: "",
    name: "s",
    kind: "step",
    position: 1,
    status: "completed",
    generation: 1,
    key: "k",
    attempts: [],
    startedAtMs: 0,
    effect: "unknown",
    undo: "none",
    undoAttempts: [],
  };
}

/** A journal with a run of another automation, and what "nightly" has of it. */
async function both() {
  const journal = memoryJournal();
  const { hold: theirs } = await journal.claim(record("o1", "other"), OWNER, [step("o1")]);
  return { journal, theirs, kept: keptTo(journal, "nightly") };
}

test("its own runs, and their children, are as in any journal", async () => {
  const { journal, kept } = await both();

  const { hold } = await kept.claim(record("n1", "nightly"), OWNER);
  const child = record("c1", "child", { parentId: "n1", lock: "c1" });
  const below = record("b1", "below", { parentId: "c1", lock: "b1" });
  const claimed = await kept.claim(child, OWNER);
  await kept.claim(below, OWNER);
  await kept.writeStep(claimed.hold, step("c1"));
  await kept.renew(hold);
  await kept.writeState({ key: "run/n1/signal/go", value: "1", atMs: 1 });
  await kept.writeState({ key: "breaker/store", value: "1", atMs: 1 });
  await kept.writeRun(hold, record("n1", "nightly", { status: "succeeded" }));
  await kept.release(hold);

  expect([
    (await journal.findRun("n1"))?.status,
    await kept.readSteps("c1"),
    (await kept.readState("run/n1/signal/go"))?.value,
    await kept.readStates({ prefix: "breaker/" }),
    (await kept.claimRun("n1", OWNER))?.run.id,
    await kept.claimRun("none", OWNER),
    await kept.findHolder("n1"),
    kept.renewEveryMs,
  ]).toEqual([
    "succeeded",
    [step("c1")],
    "1",
    [expect.objectContaining({ key: "breaker/store" })],
    "n1",
    undefined,
    OWNER,
    journal.renewEveryMs,
  ]);
});

test("of other runs it learns how they are, and nothing of their input", async () => {
  const { kept } = await both();
  await kept.claim(record("n1", "nightly"), OWNER);

  expect(await kept.findRun("o1")).toEqual(record("o1", "other", { input: "{}" }));
  expect(await kept.findRuns()).toEqual([
    record("n1", "nightly"),
    record("o1", "other", { input: "{}" }),
  ]);
});

type Held = Awaited<ReturnType<typeof both>>["theirs"];

describe("refused is", () => {
  test.for<readonly [string, (kept: Journal, theirs: Held) => Promise<unknown>]>([
    ["a run of another automation", (kept) => kept.claim(record("x", "other"), OWNER)],
    ["another's lock", (kept) => kept.claim(record("x", "nightly", { lock: "other" }), OWNER)],
    [
      "a child of another's",
      (kept) => kept.claim(record("x", "nightly", { parentId: "o1" }), OWNER),
    ],
    ["a child of nobody's", (kept) => kept.claim(record("x", "nightly", { parentId: "?" }), OWNER)],
    ["another's run by its id", (kept) => kept.claimRun("o1", OWNER)],
    ["to renew another's lease", (kept, theirs) => kept.renew(theirs)],
    ["to release it", (kept, theirs) => kept.release(theirs)],
    ["to write the run", (kept, theirs) => kept.writeRun(theirs, record("o1", "other"))],
    ["to write a step", (kept, theirs) => kept.writeStep(theirs, step("o1"))],
    ["to read its steps", (kept) => kept.readSteps("o1")],
    ["its shared values", (kept) => kept.readState("run/o1/cancel")],
    ["to approve it", (kept) => kept.writeState({ key: "run/o1/signal/go", value: "1", atMs: 1 })],
    ["a list of all values", (kept) => kept.readStates({ prefix: "" })],
    ["a schedule", (kept) => kept.writeState({ key: "schedule/x/y", value: "1", atMs: 1 })],
    ["to prune", (kept) => kept.prune({ endedBeforeMs: 1, keep: 0, limit: 1 })],
  ])("%s", async ([, act]) => {
    const { journal, kept, theirs } = await both();
    const before = [await journal.findRuns(), await journal.readStates({ prefix: "" })];

    await expect(act(kept, theirs)).rejects.toThrow("An automation with permissions may not");

    expect([await journal.findRuns(), await journal.readStates({ prefix: "" })]).toEqual(before);
    expect(await journal.findHolder("o1")).toEqual(OWNER);
  });

  test("to write to another run under a hold of its own", async () => {
    const { journal, kept } = await both();
    const { hold } = await kept.claim(record("n1", "nightly"), OWNER);

    await expect(
      kept.writeRun(hold, record("o1", "other", { status: "succeeded" })),
    ).rejects.toThrow("may not write");
    await expect(kept.writeStep(hold, step("o1"))).rejects.toThrow("may not write");

    expect((await journal.findRun("o1"))?.status).toBe("running");
  });
});

/** Runs that are gone on with by their id: once more rolled back, or done again as a new run. */

import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import type { RunRecord, StepRecord } from "../core/journal.ts";
import { journalWith } from "../journal/journal-with.contract.ts";
import { memoryJournal } from "../journal/memory.ts";
import { automation } from "./automation.ts";
import { newStep, stepCompleted } from "./step-record.ts";
import { execute, type ExecuteOptions } from "./execute.ts";
import { Machine, undoInto, type Did, type Main } from "./play.contract.ts";

/** A machine, and a world that can be mended between two runs. */
function machineWith(main: (world: World) => Main) {
  const world: World = { isBroken: true };
  return { world, machine: new Machine((run, did, clock) => main(world)(run, did, clock)) };
}

interface World {
  isBroken: boolean;
}

/** An undo that fails while the world is broken. */
const stubborn = (world: World, did: Did, name: string) => ({
  undo: () => {
    did.push(`undo ${name}`);
    if (world.isBroken) throw new Error("no way back");
  },
  undoRetry: { attempts: 1 },
});

const breaks = (world: World) => {
  if (world.isBroken) throw Object.assign(new Error("broken"), { code: "EACCES" });
};

const LEFT =
  (world: World): Main =>
  async (run, did) => {
    await run.step("a", () => void did.push("a"), undoInto(did, "a"));
    await run.step("b", () => void did.push("b"), stubborn(world, did, "b"));
    await run.step("c", () => breaks(world));
  };

test("what a rollback left is undone once more, and what is undone is passed over", async () => {
  const { world, machine } = machineWith(LEFT);
  const first = await machine.start();
  world.isBroken = false;

  const again = await machine.start({ runId: first.result.runId, unfinished: "rollback" });

  expect([first.result.exitCode, again.result.runId, again.result.exitCode, again.did]).toEqual([
    81,
    first.result.runId,
    80,
    ["a", "b", "undo b", "undo a", "undo b"],
  ]);
  expect(again.run).toMatchObject({ status: "failed", exitCode: 80, resumes: 1 });
});

test("a task's undos are tried again, and what the run did itself is kept", async () => {
  const { world, machine } = machineWith((around) => async (run, did) => {
    await run.step("own", () => void did.push("own"), undoInto(did, "own"));
    await run.task("kept", (task) => task.step("k", () => void did.push("k"), undoInto(did, "k")));
    await run.task("left", async (task) => {
      await task.step("b", () => void did.push("b"), stubborn(around, did, "b"));
      await task.step("c", () => breaks(around));
    });
  });
  const first = await machine.start();
  world.isBroken = false;

  const again = await machine.start({ runId: first.result.runId, unfinished: "rollback" });

  expect([first.result.exitCode, again.result.exitCode, again.result.count, again.did]).toEqual([
    81,
    80,
    { succeeded: 2, total: 3 },
    ["own", "k", "b", "undo b", "undo b"],
  ]);
});

test("a task that the code no longer has is left, and said to be", async () => {
  const { machine, world } = machineWith((around) => async (run, did) => {
    await run.step("own", () => void did.push("own"), undoInto(did, "own"));
    if (!around.isBroken) return;
    await run.task("left", async (task) => {
      await task.step("b", () => void did.push("b"), stubborn(around, did, "b"));
      throw new Error("broken");
    });
  });
  const first = await machine.start();
  world.isBroken = false;

  const again = await machine.start({ runId: first.result.runId, unfinished: "rollback" });

  expect([again.result.exitCode, again.did]).toEqual([81, ["own", "b", "undo b"]]);
  expect(again.events.find(({ type }) => type === "rollback.failed")).toMatchObject({
    steps: ["left/b"],
  });
});

test("killed while it is rolled back once more, the next start goes on with that", async () => {
  const { world, machine } = machineWith(LEFT);
  const { result } = await machine.start();
  world.isBroken = false;
  await machine.startAndKill((record) => "resumes" in record, {
    runId: result.runId,
    unfinished: "rollback",
  });

  const next = await machine.start();

  expect([next.result.runId, next.result.exitCode, next.did]).toEqual([
    result.runId,
    80,
    ["a", "b", "undo b", "undo a", "undo b"],
  ]);
});

test("a run that was left is rolled back by its id, and killed at once is not gone on with", async () => {
  const main: Main = async (run, did) => {
    await run.step("a", () => void did.push("a"), undoInto(did, "a"));
    await run.step("b", () => void did.push("b"));
  };
  const machine = new Machine(main);
  await machine.cutOff([done("a", 1)]);
  await machine.start({ unfinished: "fresh" });
  await machine.startAndKill((record) => "resumes" in record, {
    runId: "r1",
    unfinished: "rollback",
  });

  const next = await machine.start();

  expect([next.result.runId, next.result.exitCode, next.did]).toEqual([
    "r1",
    80,
    ["a", "b", "undo a"],
  ]);
});

const REFUSED: [
  what: string,
  run: Partial<RunRecord>,
  steps: StepRecord[],
  options: Pick<ExecuteOptions, "unfinished" | "retryOf">,
  says: string,
][] = [
  [
    "going on with one that has ended",
    { status: "failed" },
    [],
    { unfinished: "resume" },
    'Run r1 of "demo" has ended (failed), so there is nothing to go on with; start it anew, or do it again from a step',
  ],
  [
    "rolling back one that succeeded",
    { status: "succeeded" },
    [],
    { unfinished: "rollback" },
    'Run r1 of "demo" cannot be rolled back: it succeeded, and what succeeded is kept',
  ],
  [
    "rolling back one that was rolled back",
    { status: "failed" },
    [],
    { unfinished: "rollback" },
    'Run r1 of "demo" cannot be rolled back: nothing of it is left that could be undone',
  ],
  [
    "rolling back one of another automation",
    { automation: "other", status: "abandoned" },
    [],
    { unfinished: "rollback" },
    'Run r1 is one of "other", and the code that was given is "demo"',
  ],
  [
    "doing one again that succeeded",
    { status: "succeeded" },
    [],
    { retryOf: { runId: "r1" } },
    'Run r1 of "demo" succeeded, so there is nothing to do again',
  ],
  [
    "doing one again that is unfinished",
    { status: "interrupted" },
    [],
    { retryOf: { runId: "r1" } },
    'Run r1 of "demo" is unfinished (interrupted); resume it or roll it back',
  ],
];

test.for(REFUSED)("%s is refused, and nothing is held", async ([, run, steps, options, says]) => {
  const machine = new Machine((_, did) => void did.push("ran"));
  await machine.cutOff(steps);
  const { journal } = machine;
  const claim = await journal.claimRun("r1", { ...OWNER });
  if (claim === undefined) throw new Error("there is no run");
  await journal.writeRun(claim.hold, { ...claim.run, ...run });
  await journal.release(claim.hold);
  const runId = options.retryOf === undefined ? "r1" : undefined;

  await expect(machine.start({ ...options, runId })).rejects.toThrow(says);

  expect([await journal.findHolder("r1"), machine.did]).toEqual([undefined, []]);
});

/** At another throw of the dice, for the virtual clock stands still and would give the same id. */
const doAgain = (runId: string): ExecuteOptions => ({ retryOf: { runId }, random: () => 0.25 });

const OWNER = { host: "h", bootId: "", pidNamespace: "", pid: 1, startTime: "" };

test("a run that is not there is refused, and so is an id with a fresh start", async () => {
  const machine = new Machine(() => undefined);

  await expect(machine.start({ runId: "r9" })).rejects.toThrow("There is no run r9");
  await expect(machine.start({ retryOf: { runId: "r9" } })).rejects.toThrow("There is no run r9");
  await expect(machine.start({ runId: "r9", unfinished: "fresh" })).rejects.toThrow(
    'execute.runId: excludes retryOf, and "fresh"',
  );
  await expect(machine.start({ runId: "r9", retryOf: { runId: "r9" } })).rejects.toThrow(
    "execute.runId: excludes retryOf",
  );
  await expect(machine.start({ retryOf: { runId: "r9", form: "a" } as never })).rejects.toThrow(
    "execute.retryOf.form: unknown; known are runId, from",
  );
});

test("while another run of the automation is unfinished, an older one is neither undone nor done again", async () => {
  const { machine } = machineWith(LEFT);
  const { result } = await machine.start();
  await machine.cutOff([], { id: "r2", startedAtMs: machine.clock.now() + 1 });
  const says = 'Run r2 of "demo" is unfinished (running); resume it or roll it back first';

  await expect(machine.start({ runId: result.runId, unfinished: "rollback" })).rejects.toThrow(
    says,
  );
});

test("nor is one done again that another process is faster with", async () => {
  const { machine } = machineWith(MIXED);
  const { result } = await machine.start();
  const { journal } = machine;
  const looked = machine.start(doAgain(result.runId));
  await expect(
    (async () => {
      await machine.cutOff([], { id: "r2", startedAtMs: machine.clock.now() + 1 });
      await looked;
    })(),
  ).rejects.toThrow(/Run r2 of "demo" (is unfinished|was begun meanwhile)/);

  expect(await journal.findHolder(result.runId)).toBeUndefined();
  await expect(machine.start(doAgain(result.runId))).rejects.toThrow(
    'Run r2 of "demo" is unfinished (running); resume it or roll it back first',
  );
});

function done(name: string, position: number, change: Partial<StepRecord> = {}): StepRecord {
  const parts = { runId: "r1", task: "", name, kind: "step", position, hasUndo: true } as const;
  return { ...stepCompleted(newStep({ ...parts, atMs: 0 }), `"${name}"`, 0), ...change };
}

/** Steps without undo, a task that succeeded, a read, and one that fails while the world is broken. */
const MIXED =
  (world: World): Main =>
  async (run, did) => {
    const seen = await run.read("look", () => did.push("look"));
    await run.step("plain", ({ key }) => void did.push(`plain ${key.length > 0} ${seen}`));
    await run.step("undoable", () => void did.push("undoable"), undoInto(did, "undoable"));
    await run.task("whole", (task) => task.step("w", () => void did.push("w"), undoInto(did, "w")));
    await run.step("fails", () => {
      did.push("fails");
      breaks(world);
    });
    await run.step("last", () => void did.push("last"));
  };

test("a run is done again from the step that failed, with what is in effect", async () => {
  const { world, machine } = machineWith(MIXED);
  const first = await machine.start({ input: { a: 1 } });
  const { did } = machine;
  const before = did.length;
  world.isBroken = false;

  const again = await machine.start(doAgain(first.result.runId));

  expect(did.slice(before)).toEqual(["undoable", "fails", "last"]);
  expect(again.run).toMatchObject({
    status: "succeeded",
    input: '{"a":1}',
    retryOf: { runId: first.result.runId, from: "fails" },
    resumes: 0,
  });
  expect(again.events.find(({ type }) => type === "run.retried")).toMatchObject({
    of: first.result.runId,
    from: "fails",
    takenOver: 3,
    undone: ["undoable"],
  });
  const keyOf = (steps: readonly StepRecord[], name: string) =>
    steps.find((step) => step.name === name)?.key;
  expect(keyOf(again.steps, "plain")).toBe(keyOf(first.steps, "plain"));
  expect(keyOf(again.steps, "undoable")).not.toBe(keyOf(first.steps, "undoable"));
});

test("what it took over is rolled back with the new run, exactly once", async () => {
  const main =
    (world: World): Main =>
    async (run, did) => {
      await run.step("a", () => void did.push("a"), stubborn(world, did, "a"));
      await run.step("b", () => void did.push("b"), undoInto(did, "b"));
      await run.step("c", () => {
        throw Object.assign(new Error("broken"), { code: "EACCES" });
      });
    };
  const { machine } = machineWith(main);
  await machine.cutOff([done("a", 1), done("b", 2)]);
  const left = await machine.journal.claimRun("r1", OWNER);
  if (left === undefined) throw new Error("there is no run");
  await machine.journal.writeRun(left.hold, { ...left.run, status: "abandoned" });
  await machine.journal.release(left.hold);

  const again = await machine.start({ retryOf: { runId: "r1" } });

  expect([again.result.exitCode, again.did]).toEqual([81, ["undo b", "undo a"]]);
  await expect(machine.start({ runId: "r1", unfinished: "rollback" })).rejects.toThrow(
    `Run r1 of "demo" cannot be rolled back: run ${again.result.runId} did it again, and took over what it had done; roll that one back`,
  );
  await expect(machine.start({ retryOf: { runId: "r1" } })).rejects.toThrow(
    `Run r1 of "demo" was done again already, as run ${again.result.runId}`,
  );
});

test("a step that is not there is refused, by name, and the run can still be done again", async () => {
  const { world, machine } = machineWith(MIXED);
  const { result } = await machine.start();
  world.isBroken = false;

  await expect(machine.start({ retryOf: { runId: result.runId, from: "fales" } })).rejects.toThrow(
    `Run ${result.runId} has no step "fales"; it has "look", "plain", "undoable", "whole", "whole/w", "fails"`,
  );
  expect((await machine.start(doAgain(result.runId))).result.exitCode).toBe(0);
});

test("what comes later and was kept is undone before it is done anew", async () => {
  const { world, machine } = machineWith((around) => async (run, did) => {
    await run.task("first", (task) => task.step("f", () => (did.push("f"), breaks(around))));
    await run.step("after", () => void did.push("after"), undoInto(did, "after"));
  });
  const { result } = await machine.start();
  world.isBroken = false;

  const again = await machine.start(doAgain(result.runId));

  expect([result.exitCode, again.result.exitCode, again.did]).toEqual([
    1,
    0,
    ["f", "after", "f", "undo after", "after"],
  ]);
});

test("killed before the new run is written, the old one can still be rolled back", async () => {
  const { machine, world } = machineWith(LEFT);
  const { result } = await machine.start();
  await machine.journal.writeState({
    key: `run/${result.runId}/retried-by`,
    value: "never-written",
    atMs: 0,
  });
  world.isBroken = false;

  const again = await machine.start({ runId: result.runId, unfinished: "rollback" });

  expect(again.result.exitCode).toBe(80);
});

test("what is still in effect must be rolled back before it is done again", async () => {
  const { machine } = machineWith(LEFT);
  const { result } = await machine.start();

  await expect(machine.start(doAgain(result.runId))).rejects.toThrow(
    `Step "b" of run ${result.runId} is still in effect; roll that run back, then do it again`,
  );
});

test("done again, a run takes its locks and temporary places anew, and its cleanups are done", async () => {
  const { world, machine } = machineWith((around) => async (run, did, clock) => {
    await run.cleanup("tidy", ({ outcome }) => void did.push(`tidy, ${outcome}`));
    await using _ = await run.lock("shop");
    await using temp = await run.tempDirectory("scratch");
    await run.step("look", async () => {
      const other = automation("other", (it) => it.lock("shop", { wait: 0 }));
      const { status } = await execute(other, { journal: machine.journal, clock, sinks: [] });
      did.push(`${existsSync(temp.path) ? "has its place" : "has none"}, other ${status}`);
      breaks(around);
    });
  });
  const { result } = await machine.start();
  world.isBroken = false;

  const again = await machine.start(doAgain(result.runId));

  const looked = "has its place, other failed";
  expect(again.did).toEqual([looked, "tidy, failed", looked, "tidy, succeeded"]);
});

test("a lease that cannot be given back changes neither a retry nor a refusal", async () => {
  let isBroken = true;
  const work = automation("work", (run) => run.step("a", () => breaks({ isBroken })));
  const kept = memoryJournal();
  const journal = journalWith(kept, {
    release: async (hold) => {
      if (isBroken) return kept.release(hold);
      throw new Error("the journal is away");
    },
  });
  const { runId } = await execute(work, { journal });
  isBroken = false;

  const refused = execute(work, { journal, runId, unfinished: "resume" });
  await expect(refused).rejects.toThrow("has ended (failed)");
  await kept.release({ runId, fence: 2 });
  const again = await execute(work, { journal, retryOf: { runId } });

  expect(again.status).toBe("succeeded");
});

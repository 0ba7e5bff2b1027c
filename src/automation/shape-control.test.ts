/** What becomes of maps, children and waits when a run is cancelled, rolled back or done again. */

import { expect, test } from "vitest";
import { memoryJournal } from "../journal/memory.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { automation } from "./automation.ts";
import { cancelRun } from "./cancel/cancel.ts";
import { childRunId } from "./key.ts";
import { failing, Machine, stepAt, undoInto, type Main } from "./play.contract.ts";

/** Has the run cancelled after `afterMs`, from another process. */
async function cancelled(main: Main, afterMs: number, ofChild?: string) {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock, isGone: () => false });
  const machine = new Machine(main, {}, { clock, journal });
  const asked = (async () => {
    await clock.sleep(afterMs);
    const runs = await journal.findRuns();
    const id = runs.find(({ parentId }) => parentId === undefined)?.id ?? "";
    const runId = ofChild === undefined ? id : childRunId(id, ofChild);
    return cancelRun(journal, runId, { by: "ann", wait: 0, clock });
  })();
  const { result, did } = await machine.start();
  await clock.settle(() => asked);
  const runs = await journal.findRuns();
  return { result, did, statuses: runs.map((run) => [run.automation, run.status]) };
}

const inner = (did: string[]) =>
  automation("inner", async (run) => {
    await run.step("one", () => did.push("one"), undoInto(did, "one"));
    await run.sleep("nap", "1h");
  });

test.for<[what: string, main: Main, expected: string[], exitCode: number]>([
  ["sleep", (run) => run.sleep("nap", "1h"), [], 1],
  ["signal", (run) => run.waitForSignal("go"), [], 1],
  [
    "map",
    (run, did, clock) =>
      run.map(
        "hosts",
        ["a", "b", "c"],
        async (host, task) => {
          await task.step("update", () => did.push(host), undoInto(did, host));
          if (host !== "a") await clock.sleep(9_000, task.signal);
        },
        { key: (host) => host, concurrency: 2 },
      ),
    ["a", "b", "c", "undo b", "undo c"],
    80,
  ],
  ["child", (run, did) => run.child("c", inner(did)), ["one", "undo one"], 80],
  [
    "task that comes after another",
    (run, did, clock) => {
      void run.task("a", (task) => clock.sleep(9_000, task.signal));
      void run.task("b", () => did.push("b"), { after: ["a"] });
    },
    [],
    1,
  ],
])(
  "a %s ends, and is taken back, when its run is cancelled",
  async ([, main, expected, exitCode]) => {
    const { result, did, statuses } = await cancelled(main, 2_500);

    expect([result.status, result.exitCode, did.toSorted()]).toEqual([
      "cancelled",
      exitCode,
      expected.toSorted(),
    ]);
    expect(new Set(statuses.map(([, status]) => status))).toEqual(new Set(["cancelled"]));
  },
);

test("a child that is cancelled alone is one that failed", async () => {
  const { result, did, statuses } = await cancelled(
    async (run, log) => {
      const child = await run.child("c", inner(log), {}, { mayFail: true });
      log.push(child.ok ? "ok" : child.fault.code);
    },
    2_500,
    "c",
  );

  expect([result.status, did]).toEqual(["succeeded", ["one", "undo one", "RUN_CANCELLED"]]);
  expect(statuses).toContainEqual(["inner", "cancelled"]);
});

test("undos of items that failed are tried again by another rollback", async () => {
  let isBroken = true;
  const machine = new Machine((run, did) =>
    run.map(
      "hosts",
      ["a", "b"],
      async (host, task) => {
        const undo = () => {
          if (isBroken) failing("EIO")();
          did.push(`undo ${host}`);
        };
        await task.step("update", () => did.push(host), { undo, undoRetry: { attempts: 1 } });
        if (host === "b") failing("EACCES")();
      },
      { key: (host) => host },
    ),
  );
  const first = await machine.start();
  isBroken = false;
  const runId = first.result.runId;
  const second = await machine.start({ runId, unfinished: "rollback" });

  expect([first.result.exitCode, second.result.exitCode]).toEqual([81, 80]);
  expect(second.did).toEqual(["a", "b", "undo b"]);
  await expect(machine.start({ runId, unfinished: "rollback" })).rejects.toThrow(
    "nothing of it is left",
  );
});

test.for<[what: string, main: Main]>([
  ["map", (run) => run.map("hosts", ["a"], failing("EACCES"))],
  [
    "child",
    async (run, did) => {
      await run.step("fails", failing("EACCES", 0));
      await run.child("hosts", inner(did));
      await run.step("fails too", failing("EACCES"));
    },
  ],
])(
  "a run with a %s that has not come to a good end is not done again from a step",
  async ([what, main]) => {
    const machine = new Machine(main);
    const { result } = await machine.start();
    const from = what === "child" ? "fails" : undefined;

    await expect(machine.start({ retryOf: { runId: result.runId, from } })).rejects.toThrow(
      `has the ${what} "hosts", which cannot be done again from a step`,
    );
  },
);

test("what items of a map hold is let go of when their run is given up", async () => {
  const machine = new Machine((run) =>
    run.map("hosts", ["a"], async (_, task) => {
      await task.lock("db");
      await task.step("update", () => 1);
    }),
  );
  await machine.startAndKill(stepAt("update", { status: "completed" }));
  await machine.start({ unfinished: "fresh", random: () => 0.25 });

  expect(await machine.journal.readStates({ prefix: "" })).toEqual([]);
});

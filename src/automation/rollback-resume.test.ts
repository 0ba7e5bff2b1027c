import { expect, test } from "vitest";
import { failing, Machine, rollingBack, stepAt, undoInto } from "./play.contract.ts";

test("a rollback that was begun is not turned into a success by code that has changed", async () => {
  let fails = true;
  const machine = new Machine(async (run, did) => {
    await run.step("a", () => 1, undoInto(did, "a"));
    await run.step("b", () => 1, undoInto(did, "b"));
    if (fails) throw new Error("no");
  });

  await machine.startAndKill(stepAt("b", { undo: "done" }));
  fails = false;
  await machine.startAndKill((record) => "task" in record && record.task === "");
  const { result, did, types } = await machine.start();

  expect([result.exitCode, did, types.includes("task.completed")]).toEqual([
    80,
    ["undo b", "undo a"],
    false,
  ]);
});

test("killed in a rollback on request, the next start goes on rolling back, and not forward", async () => {
  const machine = new Machine(async (run, did) => {
    await run.task("order", async (task) => {
      await task.step("reserve", () => 1, undoInto(did, "reserve"));
      await task.step("wait", () => new Promise(() => {}));
    });
    await run.step("send invoice", () => did.push("invoice sent"));
  });
  await machine.startAndKill(stepAt("wait", { status: "begun" }));

  await machine.startAndKill(
    (record) => "task" in record && record.task === "order" && record.status === "failed",
    { unfinished: "rollback", decisions: { "order/wait": "absent" } },
  );
  const { result, did } = await machine.start();

  expect([result.exitCode, did]).toEqual([80, ["undo reserve"]]);
});

test("a repeatable step whose end nobody saw does not make a rollback incomplete", async () => {
  const machine = new Machine(async (run, did) => {
    await run.step("one", () => 1, undoInto(did, "one"));
    await run.step("slow", () => new Promise(() => {}), { repeatable: true });
  });
  await machine.startAndKill(stepAt("slow", { status: "begun" }));

  const { result, did } = await machine.start({ unfinished: "rollback" });

  expect([result.exitCode, did]).toEqual([80, ["undo one"]]);
});

test("a reconcile goes on when its task has failed meanwhile, and tells what there is to take back", async () => {
  const machine = new Machine((run, _, clock) =>
    Promise.all([
      run.step("fails", () => clock.sleep(10).then(failing("EIO")), { repeatable: true }),
      run.step("asked", () => new Promise(() => {}), {
        reconcile: () => clock.sleep(100).then(() => "absent" as const),
      }),
    ]),
  );
  await machine.startAndKill(stepAt("asked", { status: "begun" }));

  const { result } = await machine.start();

  expect([result.status, result.exitCode]).toEqual(["failed", 1]);
});

test("a run that goes forward beside the rollback of a task needs what it requires", async () => {
  let isThere = true;
  const machine = new Machine(
    async (run, did) => {
      await run.task(
        "side",
        async (side) => {
          await side.step("one", () => 1, undoInto(did, "one"));
          throw new Error("no");
        },
        { mayFail: true },
      );
      await run.step("after", () => did.push("after"));
    },
    { requires: { check: () => isThere } },
  );
  await machine.startAndKill(rollingBack);
  isThere = false;

  const { result, did } = await machine.start();

  expect([result.status, did]).toEqual(["interrupted", []]);
});

test("a recorded task that is reached while the run fails is rolled back for what the run failed by", async () => {
  let isSlow = true;
  const machine = new Machine(async (run, did, clock) => {
    const side = async () => {
      await clock.sleep(isSlow ? 0 : 50);
      await run.task("side", async (task) => {
        await task.step("one", () => 1, undoInto(did, "one"));
        await task.step("slow", () => clock.sleep(60_000), { repeatable: true });
      });
    };
    await Promise.all([
      side(),
      clock.sleep(isSlow ? 1_000 : 10).then(() => run.step("fails", failing("EIO"))),
    ]);
  });
  await machine.startAndKill(stepAt("slow", { status: "begun" }));
  isSlow = false;

  const { result } = await machine.start();

  const codes = result.tasks.map((task) => task.result.ok || task.result.fault.code);
  expect([result.exitCode, codes]).toEqual([80, ["EIO", "EIO"]]);
});

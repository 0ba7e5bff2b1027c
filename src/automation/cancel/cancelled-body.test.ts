import { expect, test } from "vitest";
import { Machine, play } from "../play.contract.ts";

const endless = () => new Promise<never>(() => {});

test("a function that waits for something endless is given up after a cancellation, and told of", async () => {
  const controller = new AbortController();
  const machine = new Machine(endless);
  const { clock, journal } = machine;
  const running = machine.start({ signal: controller.signal });
  await clock.advance(10);
  controller.abort(new Error("stop"));
  await clock.advance(4_999);
  const [before] = await journal.findRuns();

  const { result, events } = await running;

  expect({
    before: before?.status,
    status: result.status,
    exitCode: result.exitCode,
    warnings: events.filter((event) => event.type === "log.written").map(({ message }) => message),
  }).toEqual({
    before: "running",
    status: "interrupted",
    exitCode: 130,
    warnings: [
      "The function did not end after the run was stopped, and is given up; hand it run.signal",
    ],
  });
});

test("a function that was cancelled before it waits is given up as well", async () => {
  const { result } = await play(endless, { signal: AbortSignal.abort(new Error("stop")) });

  expect(result.status).toBe("interrupted");
});

test("a function that ends within the grace is not said to be given up", async () => {
  const controller = new AbortController();
  const machine = new Machine(async (_, __, clock) => {
    controller.abort(new Error("stop"));
    await clock.sleep(4_000);
  });

  const { result, types } = await machine.start({ signal: controller.signal });

  const { pending } = machine.clock;
  expect([result.status, types.includes("log.written"), pending]).toEqual([
    "interrupted",
    false,
    0,
  ]);
});

test("the rollback of a task is waited for after a cancellation, however long it takes", async () => {
  const controller = new AbortController();
  const { result, did, types } = await play(
    (run, log, clock) =>
      run.task("task", async (task) => {
        await task.step("one", () => 1, {
          undo: async () => {
            controller.abort(new Error("stop"));
            await clock.sleep(60_000);
            log.push("undone");
          },
        });
        throw new Error("no");
      }),
    { signal: controller.signal },
  );

  expect({
    did,
    status: result.status,
    isGivenUp: types.includes("log.written"),
  }).toEqual({ did: ["undone"], status: "interrupted", isGivenUp: false });
});

test("a function that waits for something endless is given up when a step is in doubt", async () => {
  const machine = new Machine(async (run, _, clock) => {
    await Promise.allSettled([run.step("charge", () => clock.sleep(600_000))]);
    await endless();
  });
  await machine.startAndKill((record) => "name" in record && record.name === "charge");

  const { result } = await machine.start();

  expect([result.status, result.exitCode]).toEqual(["in doubt", 82]);
});

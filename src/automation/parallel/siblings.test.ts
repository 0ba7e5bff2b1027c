import { expect, test } from "vitest";
import { failing, Machine, play, stepAt, type Main } from "../play.contract.ts";

const types = (events: readonly { type: string; where: { task?: string | undefined } }[]) =>
  events
    .filter(({ type }) => type.startsWith("task."))
    .map(({ type, where }) => `${where.task ?? "own"} ${type.slice(5)}`)
    .filter((told) => !told.startsWith("own"));

const inOrder: Main = (run, did, clock) => {
  const body = (name: string) => async () => {
    did.push(`${name} begins`);
    await clock.sleep(10);
    did.push(`${name} ends`);
  };
  void run.task("a", body("a"));
  void run.task("b", body("b"), { after: ["a"] });
  void run.task("c", body("c"));
  void run.task("d", body("d"), { after: ["b", "c"] });
};

test("a task begins when all that it comes after have ended", async () => {
  const { did, events, result } = await play(inOrder);

  expect(did).toEqual([
    "a begins",
    "c begins",
    "a ends",
    "b begins",
    "c ends",
    "b ends",
    "d begins",
    "d ends",
  ]);
  expect(types(events).filter((told) => told.endsWith("waiting"))).toEqual([
    "b waiting",
    "d waiting",
  ]);
  expect(result.count).toEqual({ succeeded: 4, total: 4 });
});

test("after a kill the order is the same, and what has ended is not run again", async () => {
  const machine = new Machine(inOrder);
  await machine.startAndKill(stepAt("", { task: "b", status: "begun" }));
  const { did, result } = await machine.start();

  expect(did.filter((what) => what.startsWith("a"))).toEqual(["a begins", "a ends"]);
  expect(did.slice(-3)).toEqual(["b ends", "d begins", "d ends"]);
  expect(result.count).toEqual({ succeeded: 4, total: 4 });
});

const dependent: Main = async (run, did) => {
  const a = run.task("a", failing("EACCES"), { mayFail: true });
  const b = run.task("b", () => did.push("b"), { after: ["a"] });
  const c = run.task("c", () => did.push("c"), { after: ["b"] });
  const results = await Promise.all([a, b, c]);
  run.log.info("ended", {
    results: results.map((each) =>
      each.ok ? "ok" : [each.fault, String(each.error), each.rollback],
    ),
  });
};

test("a task whose dependency failed is not run, and neither is what comes after it", async () => {
  const machine = new Machine(dependent);
  const { events, did, result, steps } = await machine.start();
  const fault = { class: "fatal", code: "DEPENDENCY_FAILED", effect: "none" };

  expect([did, result.exitCode, result.count]).toEqual([[], 1, { succeeded: 0, total: 3 }]);
  expect(events.find(({ type }) => type === "log.written")).toMatchObject({
    data: {
      results: [
        [{ code: "EACCES" }, "Error: failure 1", "none"],
        [
          fault,
          'DependencyError: Task "b" was not run, for it comes after "a", which failed',
          "none",
        ],
        [
          fault,
          'DependencyError: Task "c" was not run, for it comes after "b", which failed',
          "none",
        ],
      ],
    },
  });
  expect(types(events).slice(-4)).toEqual(["a started", "a failed", "b skipped", "c skipped"]);
  expect(
    steps.map(({ task, status, fault: { code } = {} as never }) => [task, status, code]),
  ).toEqual([
    ["a", "failed", "EACCES"],
    ["b", "failed", "DEPENDENCY_FAILED"],
    ["c", "failed", "DEPENDENCY_FAILED"],
  ]);
});

test("a task that was left out stays so after a kill", async () => {
  const machine = new Machine(dependent);
  await machine.startAndKill(stepAt("", { task: "b", status: "failed" }));
  const { did, result, steps } = await machine.start();

  expect([did, result.exitCode, steps.length]).toEqual([[], 1, 3]);
});

test.for<[what: string, main: Main, problem: string]>([
  [
    "an unknown one",
    (run) => run.task("a", () => 1, { after: ["b"] }),
    'Task "a" comes after "b", and no task of that name was declared before it',
  ],
  [
    "one that is declared later",
    (run) => {
      const a = run.task("a", () => 1, { after: ["b"] });
      void run.task("b", () => 1);
      return a;
    },
    'Task "a" comes after "b", and no task of that name was declared before it',
  ],
  ["itself", (run) => run.task("a", () => 1, { after: ["a"] }), 'Task "a" comes after itself'],
  [
    "what is no name",
    (run) => run.task("a", () => 1, { after: [1 as never] }),
    'task "a".after[0]: expected text that is not empty, received 1',
  ],
])("a task cannot come after %s", async ([, main, problem]) => {
  const { result } = await play(main);

  expect(String(result.error)).toContain(problem);
});

test.for<[concurrency: number | undefined, most: number]>([
  [2, 2],
  [undefined, 16],
])("with concurrency %s, %i tasks run at a time", async ([concurrency, most]) => {
  let running = 0;
  let seen = 0;
  const main: Main = (run, _, clock) => {
    for (let each = 0; each < 20; each++) {
      void run.task(`t${each}`, async () => {
        seen = Math.max(seen, ++running);
        await clock.sleep(5);
        running--;
      });
    }
  };
  const { result } = await play(main, {}, { concurrency });

  expect([seen, result.count]).toEqual([most, { succeeded: 20, total: 20 }]);
});

test("a task that waits for its turn is not begun once the run's own task has failed", async () => {
  const { did, result } = await play(
    async (run, log, clock) => {
      void run.task("a", () => clock.sleep(10).then(() => log.push("a")));
      void run.task("b", () => log.push("b"));
      await run.step("fails", failing("EACCES"));
    },
    {},
    { concurrency: 1 },
  );

  expect([did, result.count]).toEqual([["a"], { succeeded: 1, total: 2 }]);
});

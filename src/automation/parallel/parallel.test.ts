import { expect, expectTypeOf, test } from "vitest";
import type { Clock } from "../../core/clock.ts";
import type { Task } from "../automation.ts";
import { failing, Machine, play, stepAt, undoInto, type Did, type Main } from "../play.contract.ts";

test("functions answer in their order, or by their names", async () => {
  await play(async (run, _, clock) => {
    const list = await run.parallel([
      () => clock.sleep(9).then(() => "slow"),
      () => run.step("two", () => 2),
    ]);
    const named = await run.task("inner", (task) =>
      task.parallel({ a: () => task.read("one", () => 1), b: () => "x" }),
    );

    expectTypeOf(list).toEqualTypeOf<[string, number]>();
    expect(list).toEqual(["slow", 2]);
    expect(named.ok && named.value).toEqual({ a: 1, b: "x" });
  });
});

test.for<[concurrency: number | undefined, most: number]>([
  [1, 1],
  [3, 3],
  [undefined, 8],
])("with concurrency %s, %i run at a time", async ([concurrency, most]) => {
  let running = 0;
  let seen = 0;
  await play((run, _, clock) => {
    const branch = async () => {
      seen = Math.max(seen, ++running);
      await clock.sleep(5);
      running--;
    };
    return run.parallel(Array(12).fill(branch), { concurrency });
  });

  expect(seen).toBe(most);
});

const several: Main = async (run, did, clock) => {
  await run.parallel(
    [
      () => run.step("a", () => void did.push("a"), undoInto(did, "a")),
      async () => {
        await clock.sleep(5);
        await run.step("b", failing("EACCES"), undoInto(did, "b"));
      },
      () => run.step("c", ({ signal }) => clock.sleep(100, signal), undoInto(did, "c")),
      () => run.step("d", () => void did.push("d")),
    ],
    { concurrency: 2 },
  );
};

test("after the first failure nothing begins, and all that was begun is aborted and undone", async () => {
  const { did, result } = await play(several);

  expect([did, result.exitCode, result.durationMs]).toEqual([
    ["a", "undo b", "undo c", "undo a"],
    80,
    5,
  ]);
});

test("killed before its failure is known to the task, it takes back what lies behind the failure too", async () => {
  const machine = new Machine(several);
  await machine.startAndKill(stepAt("b", { status: "failed" }));
  const { did, result } = await machine.start();

  // "c" was cut off: it is undone to be attempted again, and then with the rest.
  expect([did, result.exitCode]).toEqual([["a", "undo c", "undo b", "undo c", "undo a"], 80]);
});

test("a failure that is caught begins nothing behind it", async () => {
  const { did, result } = await play(async (run, log) => {
    await run
      .parallel([failing("EACCES"), () => log.push("second")], { concurrency: 1 })
      .catch(() => log.push("caught"));
    await run.step("after", () => log.push("after"));
  });

  expect([did, result.status]).toEqual([["caught", "after"], "succeeded"]);
});

test.for<[what: unknown, options: object, problem: string]>([
  [5, {}, "parallel: expected an array or an object of functions, received 5"],
  [[1], {}, 'parallel["0"]: expected a function, received 1'],
  [[], { concurrency: 0 }, "parallel.concurrency: expected an integer >= 1"],
  [[], { limit: 1 }, "parallel.limit: unknown"],
])("refuses %o with %o", async ([work, options, problem]) => {
  const { result } = await play((run) => run.parallel(work as never, options));

  expect(String(result.error)).toContain(problem);
});

/** "a" fails when "b" and "c" are done and "d" is under way, and that is caught; "e" is never begun. */
async function surviving(task: Task, did: Did, clock: Clock): Promise<void> {
  const log = (name: string) => task.step(name, () => void did.push(name), { repeatable: true });
  const branches = [
    () => task.step("a", () => clock.sleep(50).then(failing("EACCES"))),
    () => log("b"),
    () => log("c"),
    () => task.step("d", () => clock.sleep(200).then(() => did.push("d")), { repeatable: true }),
    () => log("e"),
  ];
  await task.parallel(branches, { concurrency: 2 }).catch(() => did.push("caught"));
  await log("last");
}

test.for<[where: string, main: Main]>([
  ["the run", (run, did, clock) => surviving(run, did, clock)],
  ["a scope", (run, ...rest) => run.scope("part", (task) => surviving(task, ...rest))],
  ["a task", (run, ...rest) => run.task("part", (task) => surviving(task, ...rest))],
])(
  "killed after %s caught a failure, what lies behind goes on if it had begun",
  async ([, main]) => {
    const machine = new Machine(main);
    await machine.startAndKill((record) => "name" in record && record.name.endsWith("last"));
    const { did, result } = await machine.start();

    // One "d" is of the attempt that was under way when the process was killed.
    expect([String(result.error), did]).toEqual([
      "undefined",
      ["b", "c", "caught", "caught", "last", "d", "d"],
    ]);
  },
);

test("what lies behind a failure that was caught is come to in a scope that had ended", async () => {
  const machine = new Machine(async (run, did, clock) => {
    await run.scope("part", (task) => surviving(task, did, clock));
    await run.step("z", () => did.push("z"), { repeatable: true });
  });
  await machine.startAndKill(stepAt("z", { status: "begun" }));
  const { did, result } = await machine.start();

  expect([String(result.error), did]).toEqual([
    "undefined",
    ["b", "c", "caught", "last", "d", "caught", "z"],
  ]);
});

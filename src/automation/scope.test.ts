import { expect, test } from "vitest";
import { journalWith } from "../journal/journal-with.contract.ts";
import { failing, Machine, play } from "./play.contract.ts";

test("a step that failed before the function ended, and that nobody awaited, fails the task", async () => {
  const { result } = await play(async (run, _, clock) => {
    void run.step("one", failing("EIO"));
    await run.step("two", () => clock.sleep(50));
  });

  expect(result.exitCode).toBe(1);
});

test("what follows a step that nobody awaited is waited for too", async () => {
  const { result, did } = await play((run, log) => {
    const follow = async () => {
      await run.step("one", () => log.push("one"));
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      await run.step("two", () => log.push("two"));
    };
    void follow();
  });

  expect([result.status, did]).toEqual(["succeeded", ["one", "two"]]);
});

test("a step that fails once the function has ended fails the task, whoever would have caught it", async () => {
  const { result } = await play((run, _, clock) => {
    const fail = () => clock.sleep(10).then(() => Promise.reject(new TypeError("late")));
    void run.step("one", fail).catch(() => undefined);
  });

  expect(String(result.error)).toBe("TypeError: late");
});

test.for<[how: string, handle: (step: Promise<unknown>) => unknown]>([
  ["catch", (step) => step.catch(() => undefined)],
  [
    "await in a try",
    async (step) => {
      try {
        await step;
      } catch {
        /* It may fail. */
      }
    },
  ],
  ["allSettled", (step) => Promise.allSettled([step])],
  ["then", (step) => step.then(undefined, () => undefined)],
])("a step's error that is handled by %s does not fail the task", async ([, handle]) => {
  const { result } = await play(async (run) => {
    const handled = handle(run.step("one", failing("EIO")));
    await run.step("two", () => 1);
    await handled;
  });

  expect(result.exitCode).toBe(0);
});

test("a step that is begun after the end is refused, and told of", async () => {
  let late: Promise<unknown> | undefined;
  const machine = new Machine(async (run, _, clock) => {
    late = clock.sleep(10).then(() => run.step("late", () => 1));
    await run.step("one", () => 1);
  });
  const { events } = await machine.start();

  await expect(machine.clock.settle(() => late)).rejects.toThrow(
    'Step "late" was called after its task had ended',
  );

  expect(events.filter((event) => event.type === "log.written")).toMatchObject([
    { level: "WARNING", message: 'Step "late" was called after its task had ended' },
  ]);
});

test("a step that is called after its task has failed is refused, and told of", async () => {
  let late: Promise<unknown> | undefined;
  const machine = new Machine(async (run, _, clock) => {
    late = clock.sleep(10).then(() => run.step("late", () => 1));
    await run.step("one", failing("EIO"));
  });
  const { events } = await machine.start();

  const problem = 'Step "late" was called after its task had failed';
  await expect(machine.clock.settle(() => late)).rejects.toThrow(problem);
  expect(events.flatMap((event) => (event.type === "log.written" ? [event.message] : []))).toEqual([
    problem,
  ]);
});

test("the signal of a task aborts when its function has ended", async () => {
  const { did } = await play((run, log) => {
    run.signal.addEventListener("abort", () => log.push(String(run.signal.reason)));
  });

  expect(did).toEqual(["Error: the task has ended"]);
});

test("a value that is damaged in the journal is a failure of the journal: nothing is undone", async () => {
  const machine = new Machine(async (run, did, clock) => {
    await run.step("one", () => "value", { undo: () => void did.push("undone") });
    await run.step("two", () => clock.sleep(600_000), { repeatable: true });
  });
  await machine.startAndKill((record) => "name" in record && record.name === "two");
  const { journal } = machine;
  const damaged = journalWith(journal, {
    claim: async (...args: Parameters<typeof journal.claim>) => {
      const claim = await journal.claim(...args);
      const steps = claim.steps.map((step) =>
        step.name === "one" ? { ...step, value: "{" } : step,
      );
      return { ...claim, steps };
    },
  });

  await expect(machine.start({ journal: damaged })).rejects.toMatchObject({
    code: "JOURNAL_FAILED",
  });
  expect(machine.did).toEqual([]);
});

test("what a policy says outside of steps does not name the run's own task", async () => {
  const { events } = await play(async (run) => {
    const { retry } = await import("../policies/retry.ts");
    await retry({ attempts: 1 })
      .run(() => Promise.reject(new Error("x")))
      .catch(() => undefined);
    run.log.info("done");
  });

  const said = events.filter(({ type }) => type === "attempt.failed");
  expect(said.map(({ where }) => "task" in where)).toEqual([false]);
});

import { expect, test } from "vitest";
import { LeaseLostError } from "../core/errors.ts";
import type { StepRecord } from "../core/journal.ts";
import type { StepOptions } from "./automation.ts";
import { journalWith } from "../journal/journal-with.contract.ts";
import { failing, Machine, play, type Did } from "./play.contract.ts";

type Fits = (record: object) => boolean;

const undoInto = (did: Did, name: string): StepOptions<unknown> => ({
  undo: () => void did.push(`undo ${name}`),
});

const rollingBack: Fits = (record) => "status" in record && record.status === "rolling back";
const stepAt =
  (name: string, change: Partial<StepRecord>): Fits =>
  (record) =>
    Object.entries({ name, ...change }).every(
      ([field, value]) => (record as Record<string, unknown>)[field] === value,
    );

test("killed right after the undo between two attempts, a step is done again under another key, and undone with the rest", async () => {
  const world = new Set<string>();
  const machine = new Machine(async (run, did) => {
    await run.step(
      "one",
      ({ key, attempt }) => {
        world.add(key);
        did.push(`did as attempt ${attempt}`);
        if (attempt === 1) throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
      },
      {
        undo: ({ key }) => void world.delete(key),
        reconcile: ({ key }) => (world.has(key) ? "unknown" : "absent"),
      },
    );
    throw new Error("no");
  });

  await machine.startAndKill(stepAt("one", { undo: "done" }));
  const { result, did } = await machine.start();

  expect({ exitCode: result.exitCode, did, left: world.size }).toEqual({
    exitCode: 80,
    did: ["did as attempt 1", "did as attempt 2"],
    left: 0,
  });
});

test("killed in a rollback, branches that run side by side are all reached again and undone", async () => {
  const machine = new Machine(async (run, did, clock) => {
    const branch = async (name: string) => {
      await clock.sleep(name === "first" ? 0 : 50);
      await run.step(name, () => did.push(name), undoInto(did, name));
    };
    const fail = async () => {
      await run.step("late", () => clock.sleep(200), { repeatable: true });
      await run.step("fails", failing("EIO"));
    };
    await Promise.all([branch("first"), branch("second"), fail()]);
  });

  await machine.startAndKill(rollingBack);
  const { result, did } = await machine.start();

  expect({ exitCode: result.exitCode, did }).toEqual({
    exitCode: 80,
    did: ["first", "second", "undo second", "undo first"],
  });
});

test("what the code does not come to again makes the rollback incomplete, after a while", async () => {
  let isChanged = false;
  const machine = new Machine(async (run, did) => {
    if (!isChanged) await run.step("gone", () => 1, undoInto(did, "gone"));
    throw new Error("no");
  });

  await machine.startAndKill(rollingBack);
  isChanged = true;
  const before = machine.clock.elapsed();
  const { result, did } = await machine.start();

  expect({
    exitCode: result.exitCode,
    did,
    waited: machine.clock.elapsed() - before >= 5_000,
  }).toEqual({
    exitCode: 81,
    did: [],
    waited: true,
  });
});

test("a rollback on request comes to tasks that run side by side with what was cut off", async () => {
  const machine = new Machine(async (run, did, clock) => {
    const task = async () => {
      await clock.sleep(50);
      await run.task("side", async (side) => {
        await side.step("one", () => 1, undoInto(did, "side/one"));
        await side.read("two", () => clock.sleep(600_000));
      });
    };
    await Promise.all([task(), run.read("slow", () => clock.sleep(600_000))]);
  });

  await machine.startAndKill(stepAt("one", { status: "completed" }));
  const { result, did } = await machine.start({ unfinished: "rollback" });

  expect({ exitCode: result.exitCode, did }).toEqual({ exitCode: 80, did: ["undo side/one"] });
});

test("killed before the run's last write, the run ends as it would have, with all its tasks", async () => {
  const main = (isKilled: boolean) => {
    const machine = new Machine(async (run, did) => {
      await run.task("stuck", async (task) => {
        await task.step("one", () => 1, {
          undo: failing("EIO"),
          undoRetry: { attempts: 1 },
        });
        throw new Error("no");
      });
      await run.task("odd", () => Promise.reject(new Error("odd")), { mayFail: true });
      await run.step("own", () => 1, undoInto(did, "own"));
      throw new Error("own");
    });
    return { machine, isKilled };
  };
  const undisturbed = await main(false).machine.start();
  const { machine } = main(true);
  await machine.startAndKill(
    (record) => "task" in record && record.task === "" && record.status === "failed",
  );
  const resumed = await machine.start();

  const endOf = ({ result, did }: typeof resumed) => [result.exitCode, result.count, did];
  expect(endOf(resumed)).toEqual(endOf(undisturbed));
  expect(endOf(resumed)).toEqual([81, { succeeded: 0, total: 3 }, ["undo own"]]);
});

test("a step that its failed task aborted ends the same, whether the process is killed then or not", async () => {
  const make = () =>
    new Machine((run, did, clock) =>
      Promise.all([
        run.step("aborted", ({ signal }) => clock.sleep(60_000, signal)),
        run.step("undone", () => 1, undoInto(did, "undone")),
        clock.sleep(10).then(() => run.step("fails", failing("EIO"))),
      ]),
    );
  const undisturbed = await make().start();
  const killed = make();
  await killed.startAndKill(rollingBack);
  const resumed = await killed.start();

  expect([undisturbed.result.exitCode, resumed.result.exitCode]).toEqual([80, 80]);
});

test("a rollback that was begun goes on whatever is required lacks by now", async () => {
  let isThere = true;
  const machine = new Machine(
    async (run, did) => {
      await run.step("one", () => 1, undoInto(did, "one"));
      throw new Error("no");
    },
    { requires: { check: () => isThere } },
  );

  await machine.startAndKill(rollingBack);
  isThere = false;
  const { result, did } = await machine.start();

  expect([result.exitCode, did]).toEqual([80, ["undo one"]]);
});

test("an attempt at an undo that goes on after its limit is waited for within the grace, and counts", async () => {
  const { result, did, steps } = await play(async (run, log, clock) => {
    await run.step("one", () => 1, {
      undoTimeout: "1s",
      undo: async () => {
        log.push("undo begins");
        await clock.sleep(1_500);
        log.push("undo ends");
      },
    });
    throw new Error("no");
  });

  expect([result.exitCode, did, steps.map(({ undo }) => undo)]).toEqual([
    80,
    ["undo begins", "undo ends"],
    ["done", "done"],
  ]);
});

test("an undo that another process may be at is aborted", async () => {
  let signal: AbortSignal | undefined;
  const machine = new Machine(async (run, _, clock) => {
    await run.step("one", () => 1, {
      undo: async (context) => {
        signal = context.signal;
        await clock.sleep(120_000, context.signal);
      },
    });
    throw new Error("no");
  });
  const { journal } = machine;
  let renewals = 0;
  const losing = journalWith(journal, {
    renew: async () => {
      renewals++;
      throw new LeaseLostError("r1");
    },
  });

  await expect(machine.start({ journal: losing })).rejects.toThrow(LeaseLostError);

  expect({ renewals, isAborted: signal?.aborted }).toEqual({ renewals: 1, isAborted: true });
});

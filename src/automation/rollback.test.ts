import { expect, test } from "vitest";
import { LeaseLostError } from "../core/errors.ts";
import { journalWith } from "../journal/journal-with.contract.ts";
import {
  failing,
  Machine,
  play,
  rollingBack,
  stepAt,
  undoInto,
  type Fits,
} from "./play.contract.ts";

test("killed right after the undo between two attempts, a step is done again under another key, and undone with the rest", async () => {
  const world = new Set<string>();
  const keys = new Set<string>();
  const machine = new Machine(async (run, did) => {
    await run.step(
      "one",
      ({ key, attempt }) => {
        keys.add(key);
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

  expect({ exitCode: result.exitCode, did, keys: keys.size, left: world.size }).toEqual({
    exitCode: 80,
    did: ["did as attempt 1", "did as attempt 2"],
    keys: 2,
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

test("a failure that is recorded waits for what is recorded beside it, and nothing new is begun there", async () => {
  const machine = new Machine(async (run, did, clock) => {
    const branch = async () => {
      await clock.sleep(50);
      await run.step("beside", () => 1, undoInto(did, "beside"));
      await run.task("side", async (task) => {
        await task.step("one", () => 1, undoInto(did, "side/one"));
        await task.step("two", () => clock.sleep(60_000), undoInto(did, "side/two"));
      });
    };
    const fail = async () => {
      await run.step("late", () => clock.sleep(200));
      await run.step("fails", failing("EIO"));
    };
    await Promise.all([branch(), fail()]);
  });

  await machine.startAndKill(stepAt("fails", { status: "failed" }));
  const { result, did, steps } = await machine.start();

  const two = steps.find(({ name }) => name === "two");
  expect([result.exitCode, did, two?.attempts.length]).toEqual([
    80,
    ["undo side/two", "undo side/one", "undo beside"],
    1,
  ]);
});

test("a step in doubt that the code failed before it came to it makes the rollback incomplete", async () => {
  let isSlow = true;
  const machine = new Machine(async (run, did, clock) => {
    await run.step("one", () => 1, undoInto(did, "one"));
    await Promise.all([
      clock.sleep(50).then(() => run.step("charge", () => clock.sleep(1_000))),
      run.step("fails", () => (isSlow ? clock.sleep(500) : Promise.reject(new Error("no"))), {
        repeatable: true,
        retry: { attempts: 1 },
      }),
    ]);
  });

  await machine.startAndKill(stepAt("charge", { status: "begun" }));
  isSlow = false;
  const { result, did, events } = await machine.start();

  const told = events.flatMap((event) => (event.type === "rollback.failed" ? event.steps : []));
  expect([result.exitCode, did, told]).toEqual([81, ["undo one"], ["charge"]]);
});

test("what a human found not to have happened leaves nothing to roll back", async () => {
  const machine = new Machine((run, _, clock) =>
    run.task("mail", (task) => task.step("send", () => clock.sleep(1_000))),
  );
  await machine.startAndKill(stepAt("send", { status: "begun" }));

  const { result } = await machine.start({
    unfinished: "rollback",
    decisions: { "mail/send": "absent" },
  });

  const rollbacks = result.tasks.map((task) => task.result.ok || task.result.rollback);
  expect(rollbacks).toEqual(["none", "none"]);
});

test("a task's rollback has nothing to do with tasks beside it that the code comes to later", async () => {
  let waitMs = 50;
  const machine = new Machine(async (run, did, clock) => {
    const side = async () => {
      await clock.sleep(waitMs);
      await run.task("side", async (task) => {
        await task.step("kept", () => 1, undoInto(did, "kept"));
        await task.step("slow", () => clock.sleep(500), { repeatable: true });
      });
    };
    const failed = run.task("failed", async (task) => {
      await task.step("one", () => clock.sleep(100), undoInto(did, "one"));
      throw new Error("no");
    });
    await Promise.all([side(), failed]);
  });

  await machine.startAndKill(rollingBack);
  waitMs = 60_000;
  const { result, did } = await machine.start();

  expect([result.exitCode, result.count, did]).toEqual([
    80,
    { succeeded: 1, total: 2 },
    ["undo one"],
  ]);
});

test("a rollback tells of its beginning and its end when there is something to undo", async () => {
  const told = async (undoes: boolean) => {
    const { events } = await play(async (run, did) => {
      await run.step("one", () => 1, undoes ? undoInto(did, "one") : {});
      throw new Error("no");
    });
    const types = /^rollback/;
    return events.flatMap((event) =>
      types.test(event.type) && "steps" in event ? [[event.type, event.steps]] : [],
    );
  };

  expect([await told(true), await told(false)]).toEqual([
    [
      ["rollback.started", 1],
      ["rollback.completed", 1],
    ],
    [],
  ]);
});

test("killed in an undo, its attempts are counted on", async () => {
  const machine = new Machine(async (run, did) => {
    await run.step("one", () => 1, undoInto(did, "one"));
    throw new Error("no");
  });

  await machine.startAndKill(stepAt("one", { undo: "begun" }));
  const { steps } = await machine.start();

  expect(steps[0]?.undoAttempts.map(({ number }) => number)).toEqual([1, 2]);
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
  const told = undisturbed.events.filter(({ where }) => where.step === "aborted");
  expect(told.map(({ type }) => type)).toEqual([
    "step.started",
    "attempt.started",
    "step.interrupted",
  ]);
});

test.for<[what: string, death: Fits, unfinished: "rollback" | undefined]>([
  ["a rollback that was begun", rollingBack, undefined],
  ["a rollback on request", stepAt("one", { status: "completed" }), "rollback"],
])("%s goes on whatever is required lacks by now", async ([, death, unfinished]) => {
  let isThere = true;
  const machine = new Machine(
    async (run, did) => {
      await run.step("one", () => 1, undoInto(did, "one"));
      throw new Error("no");
    },
    { requires: { check: () => isThere } },
  );

  await machine.startAndKill(death);
  isThere = false;
  const { result, did } = await machine.start({ unfinished });

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

test("an undo that another process may be at is aborted, and nothing more is written or undone", async () => {
  let signal: AbortSignal | undefined;
  const machine = new Machine(async (run, did, clock) => {
    await run.step("before", () => 1, undoInto(did, "before"));
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

  const steps = await machine.records();
  expect({
    renewals,
    isAborted: signal?.aborted,
    did: machine.did,
    records: steps.map(({ name, status, undo, undoAttempts }) => [
      name,
      status,
      undo,
      ...undoAttempts.map(({ endedAtMs }) => endedAtMs),
    ]),
  }).toEqual({
    renewals: 1,
    isAborted: true,
    did: [],
    records: [
      ["before", "completed", "registered"],
      ["one", "completed", "begun", undefined],
      ["", "rolling back", "none"],
    ],
  });
});

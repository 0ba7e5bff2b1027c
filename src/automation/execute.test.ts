import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { automation, type Run, type StepOptions } from "./automation.ts";
import { execute } from "./execute.ts";
import { failing, Machine, play } from "./play.contract.ts";

const undoInto = (did: string[], name: string): StepOptions<unknown> => ({
  undo: ({ effect }) => void did.push(`undo ${name} (${effect})`),
});

test("an automation whose steps succeed succeeds, and its steps answer their values", async () => {
  const { result, did } = await play(async (run, log) => {
    const one = await run.step("one", () => ({ at: new Date(5), n: 1n }));
    const two = await run.read("two", () => one.n + 1n);
    log.push(`${one.at.getTime()} ${two}`);
  });

  const { status, exitCode, count } = result;
  expect({ status, exitCode, count, did }).toEqual({
    status: "succeeded",
    exitCode: 0,
    count: { succeeded: 1, total: 1 },
    did: ["5 2"],
  });
});

test("a step that stays failed is undone with the steps before it, in reverse order", async () => {
  const { result, did } = await play(async (run, log) => {
    await run.step("one", () => "a", undoInto(log, "one"));
    await run.step("two", () => "b", undoInto(log, "two"));
    await run.step("three", failing("EIO"), undoInto(log, "three"));
  });

  expect({ did, exitCode: result.exitCode }).toEqual({
    did: ["undo three (unknown)", "undo two (complete)", "undo one (complete)"],
    exitCode: 80,
  });
});

test("a step that was refused is undone too, for a part of it may have gone before what was refused", async () => {
  const { did, result } = await play(async (run, log) => {
    await run.step("refused", failing("EACCES"), undoInto(log, "refused"));
  });

  expect([did, result.exitCode]).toEqual([["undo refused (none)"], 80]);
});

test("who refused the work before anything happened may refuse the undo as well", async () => {
  const { events, result, steps } = await play((run) =>
    run.step("refused", failing("ECONNREFUSED"), { undo: failing("ECONNREFUSED") }),
  );

  expect({
    exitCode: result.exitCode,
    rollback: result.tasks.map((task) => task.result.ok || task.result.rollback),
    undoFailures: events.flatMap((event) => (event.type === "undo.failed" ? event.isFinal : [])),
    recorded: steps[0]?.undo,
  }).toEqual({
    exitCode: 75,
    recorded: "registered",
    rollback: ["none"],
    undoFailures: [false, false, false, false, false],
  });
});

test("an undo that is refused at first, as its work was, is tried again", async () => {
  const { result, did } = await play((run, log) =>
    run.step("part", failing("ECONNREFUSED"), {
      undo: ({ key }) => {
        log.push(`undo ${key === "" ? "" : "part"}`);
        if (log.length === 1) throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
      },
    }),
  );

  expect([result.exitCode, did]).toEqual([80, ["undo part", "undo part"]]);
});

test("an undo that is refused where the work was not stays failed", async () => {
  const { result } = await play((run) =>
    run.step("one", failing("EIO"), { undo: failing("ECONNREFUSED") }),
  );

  expect(result.exitCode).toBe(81);
});

test("a step with an undo is undone before its next attempt, and gets another key", async () => {
  const keys: string[] = [];
  const { did } = await play(async (run, log) => {
    const work = failing("ECONNRESET", 1);
    await run.step(
      "one",
      ({ key }) => {
        keys.push(key);
        return work();
      },
      { undo: ({ key }) => void log.push(`undo ${keys.indexOf(key)}`) },
    );
  });

  expect({ did, differ: new Set(keys).size }).toEqual({ did: ["undo 0"], differ: 2 });
});

test("a repeatable step is simply attempted again, with the same key", async () => {
  const keys: string[] = [];
  const { did } = await play(async (run, log) => {
    const work = failing("ECONNRESET", 2);
    const options = { ...undoInto(log, "one"), retry: { attempts: 3 } };
    await run.step("one", ({ key }) => (keys.push(key), work()), options);
  });

  expect({ did, attempts: keys.length, same: new Set(keys).size }).toEqual({
    did: [],
    attempts: 3,
    same: 1,
  });
});

test("work that is neither repeatable nor undoable is not attempted again after it may have landed", async () => {
  const work = failing("ECONNRESET", 1);
  const { result, events } = await play((run) => run.step("charge", work));

  const attempts = events.filter(({ type }) => type === "attempt.started").length;
  expect({ attempts, exitCode: result.exitCode }).toEqual({ attempts: 1, exitCode: 75 });
});

test("reconcile finds out that a failed attempt took effect, and the step answers its value", async () => {
  const { result, did } = await play(async (run, log) => {
    const value = await run.step("charge", failing("ECONNRESET"), {
      reconcile: () => ({ value: "charged" }),
    });
    log.push(value);
  });

  expect({ did, exitCode: result.exitCode }).toEqual({ did: ["charged"], exitCode: 0 });
});

test("reconcile finds out that nothing happened, and the step is attempted again", async () => {
  const { did } = await play(async (run, log) => {
    const options = { reconcile: () => "absent" as const };
    log.push(await run.step("charge", failing("ECONNRESET", 1), options));
  });

  expect(did).toEqual(["done at 2"]);
});

test.for<[name: string, options: StepOptions<string>]>([
  ["a predicate", { verify: (value) => value === "good" }],
  [
    "a function that throws",
    {
      verify: () => {
        throw new Error("too small");
      },
    },
  ],
  [
    "a schema",
    {
      verify: {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: () => ({ issues: [{ message: "no" }] }),
        },
      },
    },
  ],
])("a value that %s refuses fails the step with exit code 65", async ([, options]) => {
  const { result, types } = await play((run) => run.step("one", () => "bad", options));

  expect({ exitCode: result.exitCode, told: types.includes("verify.failed") }).toEqual({
    exitCode: 65,
    told: true,
  });
});

test("a step's error that the automation catches does not fail its task", async () => {
  const { result, types } = await play(async (run) => {
    await run.step("one", failing("EIO")).catch(() => "caught");
  });

  expect({ exitCode: result.exitCode, shown: types.includes("step.failed") }).toEqual({
    exitCode: 0,
    shown: true,
  });
});

test("a failed task is an answer: it is rolled back, and the run goes on", async () => {
  const { result, did } = await play(async (run, log) => {
    const task = await run.task("prune", async (own) => {
      await own.step("one", () => "a", undoInto(log, "one"));
      await own.step("two", failing("EIO"));
    });
    log.push(task.ok ? "ok" : `${task.fault.code} ${task.rollback}`);
    await run.step("after", () => "b");
  });

  expect({ did, exitCode: result.exitCode, count: result.count }).toEqual({
    did: ["undo one (complete)", "EIO complete"],
    exitCode: 80,
    count: { succeeded: 1, total: 2 },
  });
});

test("a task that may fail does not fail the run", async () => {
  const { result } = await play(async (run) => {
    await run.task("prune", (own) => own.step("one", failing("EIO")), { mayFail: true });
  });

  expect({ status: result.status, count: result.count }).toEqual({
    status: "succeeded",
    count: { succeeded: 0, total: 1 },
  });
});

test("an undo that stays failed leaves the rollback incomplete, and the others are undone all the same", async () => {
  const { result, did, types } = await play(async (run, log) => {
    await run.step("one", () => "a", undoInto(log, "one"));
    await run.step("two", () => "b", {
      undo: () => {
        throw new Error("cannot");
      },
      undoRetry: { attempts: 2 },
    });
    throw new Error("no");
  });

  expect({
    did,
    exitCode: result.exitCode,
    final: types.filter((type) => type === "undo.failed").length,
    told: types.includes("rollback.failed"),
  }).toEqual({ did: ["undo one (complete)"], exitCode: 81, final: 3, told: true });
});

test("a task that fails waits for its other steps to end, and undoes them as well", async () => {
  const { did } = await play(async (run, log) => {
    await Promise.all([
      run.step(
        "slow",
        ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
          }),
        undoInto(log, "slow"),
      ),
      run.step("fails", failing("EIO")),
    ]);
  });

  expect(did).toEqual(["undo slow (unknown)"]);
});

test("a step that nobody awaits still fails its task", async () => {
  const { result } = await play((run) => {
    void run.step("one", failing("EIO"));
  });

  expect(result.exitCode).toBe(1);
});

test("work that ignores its abort is given up after its grace, and told of", async () => {
  const { result, types } = await play((run) =>
    run.step("stuck", () => new Promise(() => {}), { timeout: { attempt: "1s" }, grace: "2s" }),
  );

  expect({ exitCode: result.exitCode, told: types.includes("attempt.abandoned") }).toEqual({
    exitCode: 75,
    told: true,
  });
});

test("the total limit ends a step whose attempts go on and on", async () => {
  const machine = new Machine((run) =>
    run.step("one", failing("ECONNRESET"), {
      retry: { attempts: Infinity },
      timeout: { total: "1m" },
    }),
  );
  const { result } = await machine.start();

  expect({ elapsed: machine.clock.elapsed() <= 60_000, exitCode: result.exitCode }).toEqual({
    elapsed: true,
    exitCode: 75,
  });
});

test("an undo between two attempts goes on to its end when the total limit is over meanwhile", async () => {
  const { did, result } = await play(async (run, log, clock) => {
    const undo = async () => {
      log.push("undo begins");
      await clock.sleep(5_000);
      log.push("undo ends");
    };
    const limited = { timeout: { total: "1s" }, undo } as const;
    await run.step("one", failing("ECONNRESET", 1), limited).catch(() => log.push("step failed"));
  });

  expect({ did, exitCode: result.exitCode }).toEqual({
    did: ["undo begins", "undo ends", "step failed"],
    exitCode: 0,
  });
});

test.for<[name: string, main: (run: Run) => unknown, message: string]>([
  [
    "two steps of one name",
    async (run) => {
      await run.step("one", () => 1);
      await run.step("one", () => 2);
    },
    'There are two steps named "one"',
  ],
  [
    "run.step inside a task",
    async (run) => {
      const task = await run.task("t", () => run.step("one", () => 1));
      if (!task.ok) throw task.error;
    },
    'Step "one" was called inside task "t"',
  ],
  [
    "a step inside a step",
    (run) => run.step("outer", () => run.step("inner", () => 1)),
    'Step "inner" was called inside step "outer"',
  ],
  [
    "two tasks of one name",
    async (run) => {
      await run.task("t", () => 1);
      await run.task("t", () => 2);
    },
    'There are two tasks named "t"',
  ],
  ["an empty name", (run) => run.step(" ", () => 1), "The name of a step must be text"],
  [
    "a value that is a function",
    (run) => run.step("one", () => () => 1),
    'The value of step "one"',
  ],
  [
    "a value that holds a secret",
    (run) => run.step("login", () => ({ session: { password: "hunter2hunter2" } })),
    "it holds what looks like a secret",
  ],
  [
    "an unknown option",
    (run) => run.step("one", () => 1, { retries: 3 } as object),
    'step "one".retries: unknown',
  ],
  [
    "a retry option that the step decides",
    (run) => run.step("one", () => 1, { retry: { total: "1s" } as object }),
    'step "one".retry.total: unknown',
  ],
])("%s is refused", async ([, main, message]) => {
  const { result } = await play(main);

  expect(result.status).toBe("failed");
  expect(String(result.error)).toContain(message);
});

test("an input that holds a secret is refused before anything starts", async () => {
  const playing = play(() => "started", { input: { api_key: "abcdefghijkl" } });

  await expect(playing).rejects.toThrow('what looks like a secret at "api_key"');
});

test("the input is what the schema makes of it", async () => {
  const clock = new VirtualClock();
  const schema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown) => ({ value: { doubled: (value as { n: number }).n * 2 } }),
    },
  } as const;
  let seen: unknown;
  const program = automation("demo", { input: schema }, (run) => {
    seen = run.input.doubled;
  });

  await clock.settle(() => execute(program, { clock, input: { n: 2 } }));

  expect(seen).toBe(4);
});

test("an input that does not fit is refused, with what is wrong", async () => {
  const schema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: () => ({ issues: [{ message: "is missing", path: ["user", { key: "name" }] }] }),
    },
  } as const;

  const executing = execute(automation("demo", { input: schema }, () => 1));

  await expect(executing).rejects.toThrow('The input does not fit "demo": user.name: is missing');
});

test("what a policy inside a step says carries the run, the step and the attempt", async () => {
  const { pipeline } = await import("../policies/pipeline.ts");
  const { retry } = await import("../policies/retry.ts");
  const { events } = await play((run, _, clock) => {
    const inner = pipeline(retry({ name: "store", clock, attempts: 2 }));
    const work = failing("ECONNRESET", 1);
    return run.step("upload", ({ signal }) => inner.run(work, { signal }));
  });

  const told = events.find(({ type }) => type === "retry.scheduled");
  expect(told?.where).toMatchObject({ automation: "demo", step: "upload", attempt: 1 });
});

test("a record that a step logs is redacted and says where it comes from", async () => {
  const { events } = await play((run) =>
    run.step("one", ({ log }) => log.info("logging in", { password: "hunter2hunter2" })),
  );

  const record = events.find(({ type }) => type === "log.written");
  expect(record).toMatchObject({
    level: "INFO",
    message: "logging in",
    data: { password: "***" },
    where: { step: "one", attempt: 1 },
  });
});

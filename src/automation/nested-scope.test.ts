import { expect, test } from "vitest";
import type { Task } from "./automation.ts";
import {
  Machine,
  play,
  rollingBack,
  stepAt,
  undoInto,
  type Did,
  type Main,
} from "./play.contract.ts";

/** A step that says in `did` that it was done, and that it was undone. */
const step = (task: Task, did: Did, name: string) =>
  task.step(name, () => void did.push(name), undoInto(did, name));

const fail = (message = "no") => {
  throw Object.assign(new Error(message), { code: "EACCES" });
};

/** A step, a scope with two of which the second fails, and what comes of it in the task. */
const failingInside =
  (after: (error: unknown, task: Task, did: Did) => unknown): Main =>
  async (run, did) => {
    await step(run, did, "before");
    try {
      await run.scope("part", async (scope) => {
        await step(scope, did, "a");
        await step(scope, did, "b");
        fail();
      });
    } catch (error) {
      await after(error, run, did);
    }
  };

test("a scope that fails takes its own steps back, and its task goes on when that is caught", async () => {
  const { result, did, steps, types } = await play(
    failingInside((_, run, did) => step(run, did, "after")),
  );

  expect({ exitCode: result.exitCode, did }).toEqual({
    exitCode: 0,
    did: ["before", "a", "b", "undo b", "undo a", "after"],
  });
  expect(steps.map(({ name, kind, status, undo }) => [name, kind, status, undo])).toEqual([
    ["before", "step", "completed", "registered"],
    ["part", "scope", "failed", "none"],
    ["part/a", "step", "completed", "done"],
    ["part/b", "step", "completed", "done"],
    ["after", "step", "completed", "registered"],
  ]);
  expect(types).toContain("rollback.completed");
});

test("an error that is not caught goes on, and takes back the rest of the task", async () => {
  const { result, did } = await play(
    failingInside((error) => {
      throw error;
    }),
  );

  expect({ exitCode: result.exitCode, message: String(result.error), did }).toEqual({
    exitCode: 80,
    message: "Error: no",
    did: ["before", "a", "b", "undo b", "undo a", "undo before"],
  });
});

test("what a completed scope did is undone with its task, in one order", async () => {
  const { did } = await play(async (run, did) => {
    await step(run, did, "a");
    await run.scope("part", async (scope) => {
      await step(scope, did, "b");
      await scope.scope("deeper", (deeper) => step(deeper, did, "c"));
    });
    await step(run, did, "d");
    fail();
  });

  expect(did).toEqual(["a", "b", "c", "d", "undo d", "undo c", "undo b", "undo a"]);
});

test("the undo of a completed scope stands in place of its steps', and gets value and key", async () => {
  const { did, steps } = await play(async (run, did) => {
    await run.scope(
      "part",
      async (scope) => {
        await step(scope, did, "a");
        await step(scope, did, "b");
        return { rows: 3 };
      },
      {
        undo: ({ key, value, effect }) => did.push(`undo part ${key} ${effect}`, `${value?.rows}`),
      },
    );
    fail();
  });

  const part = steps.find(({ name }) => name === "part");
  expect(did).toEqual(["a", "b", `undo part ${part?.key} complete`, "3"]);
});

test("before it has completed, a scope with an undo is taken back by its steps", async () => {
  const { did } = await play(async (run, did) => {
    await run.scope(
      "part",
      async (scope) => {
        await step(scope, did, "a");
        fail();
      },
      { undo: () => did.push("undo part") },
    );
  });

  expect(did).toEqual(["a", "undo a"]);
});

test("names inside a scope are its own", async () => {
  const { result, did } = await play(async (run, did) => {
    await step(run, did, "a");
    await run.scope("one", (scope) => step(scope, did, "a"));
    await run.scope("two", (scope) => step(scope, did, "a"));
  });

  expect([result.exitCode, did]).toEqual([0, ["a", "a", "a"]]);
});

test.for<[what: string, main: Main, message: string]>([
  [
    "of one name with a step",
    async (run) => {
      await run.step("part", () => 1);
      await run.scope("part", () => 2);
    },
    'There are two steps named "part"',
  ],
  [
    "whose body calls its task's steps",
    (run) => run.scope("part", () => run.step("a", () => 1)),
    'Step "a" was called inside scope "part", to which it does not belong',
  ],
  [
    "that is used after its end",
    async (run, _, clock) => {
      let late: Promise<unknown> | undefined;
      await run.scope("part", (scope) => {
        late = clock.sleep(10).then(() => scope.step("a", () => 1));
      });
      await late;
    },
    'Step "a" was called after its scope had ended',
  ],
  [
    "inside more than eight others",
    async (run) => {
      const deeper = (task: Task): Promise<unknown> => task.scope("part", deeper);
      await deeper(run);
    },
    'Scope "part" is more than 8 deep',
  ],
  [
    "with an option that is none",
    (run) => run.scope("part", () => 1, { undone: () => {} } as object),
    'scope "part".undone: unknown; known are undo, undoRetry, undoTimeout',
  ],
  [
    "whose value cannot be journaled",
    (run) => run.scope("part", () => () => 1),
    'The value of step "part" cannot be journaled',
  ],
])("a scope %s is refused", async ([, main, message]) => {
  const { result } = await play(main);

  expect(result.status).toBe("failed");
  expect(String(result.error)).toContain(message);
});

test("a step of a scope that nobody awaited fails the scope", async () => {
  const { result, did } = await play(async (run, did) => {
    await run
      .scope("part", async (scope) => {
        await step(scope, did, "a");
        void scope.step("b", () => fail());
      })
      .catch((error: unknown) => did.push(String(error)));
  });

  expect([result.exitCode, did]).toEqual([0, ["a", "undo a", "Error: no"]]);
});

test("steps beside the one that fails are aborted before anything is taken back", async () => {
  const { did } = await play(async (run, did, clock) => {
    await run
      .scope("part", (scope) =>
        Promise.all([
          scope.step(
            "slow",
            async ({ signal }) => {
              await clock.sleep(60_000, signal);
            },
            undoInto(did, "slow"),
          ),
          scope.step("fast", () => fail()),
        ]),
      )
      .catch(() => did.push(`caught at ${clock.elapsed()}`));
  });

  expect(did).toEqual(["undo slow", "caught at 0"]);
});

test("a scope beside a failure of its task is taken back by the task, in one order", async () => {
  const { did } = await play(async (run, did, clock) => {
    await Promise.all([
      run.scope("part", async (scope) => {
        await step(scope, did, "a");
        await scope.step("wait", ({ signal }) => clock.sleep(60_000, signal));
      }),
      (async () => {
        await clock.sleep(10);
        await step(run, did, "b");
        fail();
      })(),
    ]);
  });

  expect(did).toEqual(["a", "b", "undo b", "undo a"]);
});

test("a scope that could not be taken back fails its task, whoever caught its error", async () => {
  const { result, did, steps } = await play(async (run, did) => {
    await step(run, did, "before");
    await run
      .scope("part", async (scope) => {
        await scope.step("a", () => 1, { undo: () => fail("stuck"), undoRetry: { attempts: 1 } });
        fail();
      })
      .catch(() => undefined);
    await step(run, did, "after");
  });

  expect({ exitCode: result.exitCode, error: String(result.error), did }).toEqual({
    exitCode: 81,
    error: "UndoFailedError: Rollback is incomplete: part could not be undone",
    did: ["before", "after", "undo after", "undo before"],
  });
  expect(steps.find(({ name }) => name === "part/a")?.undoAttempts.length).toBe(2);
});

test("cancelled inside a scope, nothing is taken back, and the next start goes on in it", async () => {
  const stop = new AbortController();
  const machine = new Machine(async (run, did) => {
    await run.scope("part", async (scope) => {
      await step(scope, did, "a");
      if (!run.isResumed) stop.abort(new Error("stop"));
      await step(scope, did, "b");
    });
  });

  const first = await machine.start({ signal: stop.signal });
  const second = await machine.start();

  expect([first.result.status, second.result.status, second.did]).toEqual([
    "interrupted",
    "succeeded",
    ["a", "b"],
  ]);
});

test("killed while a scope is taken back, the next start goes on with that", async () => {
  const machine = new Machine(failingInside((error, run, did) => step(run, did, String(error))));
  await machine.startAndKill(stepAt("part/b", { undo: "done" }));

  const { result, did } = await machine.start();

  expect([result.exitCode, did]).toEqual([
    0,
    ["before", "a", "b", "undo b", "undo a", "Error: no"],
  ]);
});

test("a scope that failed before a kill throws the recorded error again, and undoes nothing twice", async () => {
  const machine = new Machine(failingInside((error, run, did) => step(run, did, String(error))));
  await machine.startAndKill(stepAt("part", { status: "failed" }));

  const { result, did } = await machine.start();

  expect([result.exitCode, did]).toEqual([
    0,
    ["before", "a", "b", "undo b", "undo a", "Error: no"],
  ]);
});

test("after a kill, a completed scope answers its recorded value and is undone with its task", async () => {
  const machine = new Machine(async (run, did, clock) => {
    const value = await run.scope("part", async (scope) => {
      await step(scope, did, "a");
      return clock.now();
    });
    await step(run, did, `saw ${value}`);
    await clock.sleep(1_000);
    fail();
  });
  const { clock } = machine;
  const atMs = clock.now();
  await machine.startAndKill(stepAt("part", { status: "completed" }));
  await clock.advance(5_000);

  const { did } = await machine.start();

  expect(did).toEqual(["a", `saw ${atMs}`, `undo saw ${atMs}`, "undo a"]);
});

test("killed in the task's rollback, scopes that had completed are passed through to what comes after", async () => {
  const machine = new Machine(async (run, did) => {
    await run.scope("part", (scope) => step(scope, did, "a"));
    await run.scope("whole", (scope) => step(scope, did, "b"), undoInto(did, "whole"));
    await step(run, did, "c");
    fail();
  });
  await machine.startAndKill(rollingBack);

  const { result, did } = await machine.start();

  expect([result.exitCode, did]).toEqual([80, ["a", "b", "c", "undo c", "undo whole", "undo a"]]);
});

test("a scope with an undo is not run again after a resume, and its steps are known all the same", async () => {
  const machine = new Machine(async (run, did) => {
    const value = await run.scope(
      "whole",
      async (scope) => {
        did.push("body");
        await step(scope, did, "a");
        return 17;
      },
      undoInto(did, "whole"),
    );
    await step(run, did, `b ${value}`);
  });
  await machine.startAndKill(stepAt("whole", { status: "completed" }));

  const { result, did } = await machine.start();

  expect([result.exitCode, did]).toEqual([0, ["body", "a", "b 17"]]);
});

test("a scope that was begun when the run is rolled back on request gives its undos, and ends there", async () => {
  const machine = new Machine(async (run, did) => {
    await run.scope("part", async (scope) => {
      await step(scope, did, "a");
      await step(scope, did, "b");
    });
    await step(run, did, "c");
  });
  await machine.startAndKill(stepAt("part/a", { status: "completed" }));

  const { result, did } = await machine.start({ unfinished: "rollback" });

  expect([result.exitCode, did]).toEqual([80, ["a", "undo a"]]);
});

test("a scope that the journal holds as a step stops the run", async () => {
  const machine = new Machine((run) =>
    run.isResumed ? run.scope("part", () => 1) : run.step("part", () => 1),
  );
  await machine.startAndKill(stepAt("part", { status: "completed" }));

  await expect(machine.start()).rejects.toThrow(
    'recorded "part" as a step, and the code makes it a scope',
  );
});

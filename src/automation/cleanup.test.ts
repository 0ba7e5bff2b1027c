import { expect, test } from "vitest";
import { failedEnding, type CleanupContext } from "./cleanup.ts";
import {
  Machine,
  play,
  rollingBack,
  stepAt,
  undoInto,
  type Did,
  type Main,
} from "./play.contract.ts";

/** Says how it ended. */
const say =
  (did: Did, name: string) =>
  ({ outcome, rollback, error }: CleanupContext) =>
    void did.push(
      [name, outcome, rollback ?? [], error instanceof Error ? String(error) : []].flat().join(" "),
    );

const fail = (message = "no") => {
  throw Object.assign(new Error(message), { code: "EACCES" });
};

/** Two cleanups and a step, and what `end` does. */
const withCleanups =
  (end: () => unknown): Main =>
  async (run, did) => {
    await run.cleanup("first", say(did, "first"));
    await run.step("a", () => void did.push("a"), undoInto(did, "a"));
    await run.cleanup("second", say(did, "second"));
    await end();
  };

test("cleanups run when the task has ended well, the last one first", async () => {
  const { result, did, steps, types } = await play(withCleanups(() => undefined));

  expect([result.exitCode, did]).toEqual([0, ["a", "second succeeded", "first succeeded"]]);
  expect(steps.map(({ name, kind, status }) => [name, kind, status])).toEqual([
    ["first", "cleanup", "completed"],
    ["a", "step", "completed"],
    ["second", "cleanup", "completed"],
  ]);
  expect(types.slice(-4)).toEqual([
    "cleanup.completed",
    "cleanup.completed",
    "task.completed",
    "run.completed",
  ]);
});

test("cleanups of a task that failed run after its rollback, and know how that went", async () => {
  const { result, did } = await play(withCleanups(fail));

  expect([result.exitCode, did]).toEqual([
    80,
    ["a", "undo a", "second failed complete Error: no", "first failed complete Error: no"],
  ]);
});

test("a rollback that is incomplete is told as such", async () => {
  const { did } = await play(async (run, did) => {
    await run.cleanup("after", say(did, "after"));
    await run.step("a", () => 1, { undo: () => fail("stuck"), undoRetry: { attempts: 1 } });
    fail();
  });

  expect(did).toEqual(["after failed incomplete Error: no"]);
});

test("a cleanup of a scope runs when the scope has ended", async () => {
  const { did } = await play(async (run, did) => {
    await run.scope("well", (scope) => scope.cleanup("c", say(did, "well")));
    await run
      .scope("badly", async (scope) => {
        await scope.cleanup("c", say(did, "badly"));
        await scope.step("a", () => 1, undoInto(did, "a"));
        fail();
      })
      .catch(() => did.push("caught"));
  });

  expect(did).toEqual(["well succeeded", "undo a", "badly failed complete Error: no", "caught"]);
});

test("a cleanup of a scope that its task takes back runs with the task's", async () => {
  const { did } = await play(async (run, did, clock) => {
    await run.cleanup("own", say(did, "own"));
    await Promise.all([
      run.scope("part", async (scope) => {
        await scope.cleanup("c", say(did, "part"));
        await scope.step("wait", ({ signal }) => clock.sleep(60_000, signal));
      }),
      clock.sleep(10).then(() => fail()),
    ]);
  });

  expect(did).toEqual(["part failed none Error: no", "own failed none Error: no"]);
});

test("a cleanup that fails is told, and decides nothing else", async () => {
  const { result, did, events, steps } = await play(async (run, did) => {
    await run.cleanup("first", say(did, "first"));
    await run.cleanup("bad", () => fail("stuck"));
    await run.step("a", () => 1);
  });

  const told = events.filter(({ type }) => type === "cleanup.failed");
  expect([result.exitCode, did]).toEqual([0, ["first succeeded"]]);
  expect(told.map(({ where }) => where.step)).toEqual(["bad"]);
  expect(steps.find(({ name }) => name === "bad")).toMatchObject({
    status: "failed",
    fault: { class: "fatal", code: "EACCES" },
    error: { message: "stuck" },
  });
});

test("a cleanup that does not end is given up after its time", async () => {
  const { result, events, clock } = await (async () => {
    const machine = new Machine(async (run) => {
      await run.cleanup("endless", () => new Promise(() => {}), { timeout: "5s" });
    });
    return { ...(await machine.start()), clock: machine.clock };
  })();

  expect([result.exitCode, clock.elapsed()]).toEqual([0, 5_000]);
  expect(events.find(({ type }) => type === "cleanup.failed")).toMatchObject({
    error: { message: 'Work under "endless: cleanup" did not end within 5000 ms' },
  });
});

test("what is interrupted runs no cleanup, and the next start does", async () => {
  const stop = new AbortController();
  const machine = new Machine(async (run, did) => {
    await run.cleanup("after", say(did, "after"));
    if (!run.isResumed) stop.abort(new Error("stop"));
    await run.step("a", () => void did.push("a"));
  });

  const first = await machine.start({ signal: stop.signal });
  const before = [...first.did];
  const second = await machine.start();

  expect([first.result.status, before, second.did]).toEqual([
    "interrupted",
    [],
    ["a", "after succeeded"],
  ]);
});

test("cancelled in a rollback, it goes to its end with its cleanups", async () => {
  const stop = new AbortController();
  const { did } = await play(
    async (run, did) => {
      await run.cleanup("after", ({ signal }) => void did.push(`after ${signal.aborted}`));
      await run.step("a", () => 1, { undo: () => stop.abort(new Error("stop")) });
      fail();
    },
    { signal: stop.signal },
  );

  expect(did).toEqual(["after false"]);
});

test.for<[when: string, fits: Parameters<Machine["startAndKill"]>[0], end: () => unknown]>([
  ["before its end", stepAt("second", { status: "begun" }), () => undefined],
  ["between two cleanups", stepAt("second", { status: "completed" }), () => undefined],
  ["in a rollback", rollingBack, fail],
  ["between two cleanups of a rollback", stepAt("second", { status: "completed" }), fail],
])("killed %s, each cleanup has run once after the next start", async ([, fits, end]) => {
  const machine = new Machine(withCleanups(end));
  await machine.startAndKill(fits);

  const { did, run } = await machine.start();

  expect([...did].filter((word) => /first|second/.test(word)).length).toBe(2);
  expect(run?.status).toBe(end === fail ? "failed" : "succeeded");
});

test("a task that ended before a kill does not run its cleanups again", async () => {
  const machine = new Machine(async (run, did) => {
    await run.task("inner", async (task) => {
      await task.cleanup("c", say(did, "c"));
    });
    await run.step("a", () => 1);
  });
  await machine.startAndKill(stepAt("", { task: "inner", status: "completed" }));

  const { did, result } = await machine.start();

  expect([result.exitCode, did]).toEqual([0, ["c succeeded"]]);
});

test.for<[code: string, outcome: string]>([
  ["RUN_CANCELLED", "cancelled"],
  ["EACCES", "failed"],
])("a task that is rolled back for %s is %s", ([code, outcome]) => {
  const error = new Error("no");

  const ending = failedEnding({ fault: { class: "fatal", code, effect: "none" }, error }, "none");

  expect(ending).toEqual({ outcome, rollback: "none", error });
});

test("steps have no place in a cleanup", async () => {
  const { events } = await play(async (run) => {
    await run.cleanup("after", () => run.step("a", () => 1));
  });

  expect(events.find(({ type }) => type === "cleanup.failed")).toMatchObject({
    error: { message: 'Step "a" was called inside step "after"; steps do not nest' },
  });
});

test("code that no longer comes to a cleanup is told, where a rollback needs it", async () => {
  const machine = new Machine(async (run) => {
    if (!run.isResumed) await run.cleanup("after", () => {});
    await run.step("a", () => 1);
  });
  await machine.startAndKill(stepAt("a", { status: "completed" }));

  const { events } = await machine.start({ unfinished: "rollback" });

  expect(events.find(({ type }) => type === "cleanup.failed")).toMatchObject({
    error: { message: 'the code no longer comes to cleanup "after"' },
  });
});

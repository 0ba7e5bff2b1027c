import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunRecord, RunStatus } from "../../core/journal.ts";
import { memoryJournal } from "../../journal/memory.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { automation, type Run } from "../automation.ts";
import { execute } from "../execute.ts";
import { isTakeable, lockKey, unlock, type LockHolder } from "./lock-state.ts";
import { Machine, play, rollingBack, stepAt } from "../play.contract.ts";

const HOLDER: LockHolder = {
  runId: "r2",
  automation: "other",
  step: "import",
  key: "theirs",
  fence: 3,
};

const run = (status: RunStatus): RunRecord => ({
  id: "r2",
  automation: "other",
  status,
  codeHash: "",
  input: "{}",
  startedAtMs: 0,
  resumes: 0,
});

test.for<[status: RunStatus | "pruned", key: string, takeable: boolean]>([
  ["running", "ours", false],
  ["interrupted", "ours", false],
  ["in doubt", "ours", false],
  ["succeeded", "ours", true],
  ["failed", "ours", true],
  ["cancelled", "ours", true],
  ["abandoned", "ours", true],
  ["pruned", "ours", true],
  ["running", "theirs", true],
])("a lock that a run holds which is %s, by a step like %s, may be taken: %s", (row) => {
  const [status, key, takeable] = row;

  expect(isTakeable(HOLDER, { key }, status === "pruned" ? undefined : run(status))).toBe(takeable);
});

test("only the step that holds a lock frees it, and no process that its run has left behind", async () => {
  const property = fc.asyncProperty(
    fc.constantFrom("theirs", "ours"),
    fc.integer({ min: 1, max: 5 }),
    async (key, fence) => {
      const shared = memoryJournal();
      const value = JSON.stringify(HOLDER);
      await shared.writeState({ key: lockKey("db"), value, replaces: 0, atMs: 0 });

      await unlock(shared, { lock: "db", key, fence, atMs: 0 });

      const isFree = (await shared.readState(lockKey("db"))) === undefined;
      expect(isFree).toBe(key === HOLDER.key && fence >= HOLDER.fence);
    },
  );
  await expect(fc.assert(property, { numRuns: 50 })).resolves.toBeUndefined();
});

test("freeing a lock that nobody holds does nothing", async () => {
  const shared = memoryJournal();

  await unlock(shared, { lock: "db", key: "ours", fence: 1, atMs: 0 });

  expect(await shared.readState(lockKey("db"))).toBeUndefined();
});

/** Runs several automations at once on one journal, and answers how each ended. */
async function together(mains: readonly ((run: Run, clock: VirtualClock) => unknown)[]) {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock });
  const results = await clock.settle(() =>
    Promise.all(
      mains.map((main, index) =>
        execute(
          automation(`demo-${index}`, (own) => main(own, clock)),
          { journal, clock, env: {} },
        ),
      ),
    ),
  );
  return { results, clock, journal };
}

test("two runs never hold a lock together, and the second gets it when the first has left it", async () => {
  const did: string[] = [];
  const main = async (own: Run, clock: VirtualClock) => {
    await using lock = await own.lock("db", { poll: 100 });
    did.push(`${own.automation} has ${lock.lock}`);
    await clock.sleep(1_000);
    did.push(`${own.automation} leaves`);
  };

  const { results, clock } = await together([main, main]);

  expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(did).toEqual(["demo-0 has db", "demo-0 leaves", "demo-1 has db", "demo-1 leaves"]);
  expect(clock.elapsed()).toBe(2_000);
});

test("a wait that is too long ends with who holds it", async () => {
  const { results, clock } = await together([
    async (own, clock) => {
      await own.lock("import", { lock: "db" });
      await clock.sleep(3_600_000);
    },
    async (own, clock) => {
      await clock.sleep(1);
      await own.lock("db");
    },
  ]);

  const [first, second] = results;
  expect(second).toMatchObject({
    exitCode: 75,
    error: {
      code: "LOCK_HELD",
      runId: first?.runId,
      message: `Lock "db" is held by run ${first?.runId} of "demo-0" (step "import"), and was not freed within 60000 ms`,
    },
  });
  expect(clock.elapsed()).toBe(3_600_000);
});

test("without a wait it is asked for once", async () => {
  const { result, clock } = await (async () => {
    const machine = new Machine(async (own) => {
      await own.lock("one", { lock: "db" });
      await own.lock("two", { lock: "db", wait: 0 });
    });
    return { ...(await machine.start()), clock: machine.clock };
  })();

  expect([String(result.error), clock.elapsed()]).toEqual([
    'LockHeldError: Lock "db" is held by this run (step "one")',
    0,
  ]);
});

test("that one waits is told once", async () => {
  const { events } = await play(async (own) => {
    await own.lock("one", { lock: "db" });
    await own.lock("two", { lock: "db", wait: "3s" }).catch(() => undefined);
  });

  const told = events.filter(({ type }) => type === "log.written");
  expect(told).toMatchObject([
    { level: "INFO", message: 'Lock "db" is awaited, held by this run (step "one")' },
  ]);
});

test("a wait ends at once when the run is cancelled", async () => {
  const stop = new AbortController();
  const machine = new Machine(async (own, _, clock) => {
    await own.lock("one", { lock: "db" });
    void clock.sleep(10).then(() => stop.abort(new Error("stop")));
    await own.lock("two", { lock: "db" });
  });

  const { result } = await machine.start({ signal: stop.signal });

  expect([result.status, machine.clock.elapsed()]).toEqual(["interrupted", 10]);
});

test("left twice, a lock is freed once, and another one's is not", async () => {
  const { result } = await play(async (own) => {
    const lock = await own.lock("one", { lock: "db" });
    await lock.release();
    const second = await own.lock("two", { lock: "db", wait: 0 });
    await lock.release();
    await own.lock("three", { lock: "db", wait: 0 }).catch((error: unknown) => {
      throw new Error(String(error), { cause: second });
    });
  });

  expect(String(result.error)).toContain('Lock "db" is held by this run (step "two")');
});

test("a run that was killed keeps its lock, goes on with it, and frees it at its end", async () => {
  const machine = new Machine(async (own, did) => {
    await own.lock("db", { wait: 0 });
    await own.step("a", () => void did.push("a"));
    await own.step("b", () => void did.push("b"));
  });
  await machine.startAndKill(stepAt("a", { status: "completed" }));
  const { clock, journal } = machine;
  const other = automation("other", (own) => own.lock("db", { wait: "1s" }));

  const between = await clock.settle(() => execute(other, { journal, clock, env: {} }));
  const { result, did } = await machine.start();
  const after = await clock.settle(() => execute(other, { journal, clock, env: {} }));

  expect([between.exitCode, result.exitCode, did, after.exitCode]).toEqual([75, 0, ["a", "b"], 0]);
});

test("a run that is given up frees its lock", async () => {
  const machine = new Machine((own, did) => (did.length === 0 ? own.lock("db") : undefined));
  await machine.startAndKill(stepAt("db", { status: "begun" }));
  machine.did.push("again");

  await machine.start({ unfinished: "fresh", random: () => 0.7 });

  expect(await machine.journal.readState(lockKey("db"))).toBeUndefined();
});

test("a lock of a run that has ended without freeing it is taken over", async () => {
  const { result, steps } = await (async () => {
    const machine = new Machine((own) => own.lock("db", { wait: 0 }));
    const value = JSON.stringify(HOLDER);
    await machine.journal.writeState({ key: lockKey("db"), value, replaces: 0, atMs: 0 });
    return machine.start();
  })();

  expect([result.exitCode, steps.map(({ status }) => status)]).toEqual([0, ["completed"]]);
});

test("on the way to the undos nobody waits for a lock", async () => {
  const machine = new Machine(async (own, did) => {
    {
      await using _ = await own.lock("one", { lock: "db", wait: 0 });
      await own.step("a", () => void did.push("a"), { undo: () => void did.push("undo a") });
    }
    throw Object.assign(new Error("no"), { code: "EACCES" });
  });
  await machine.startAndKill(rollingBack);
  const value = JSON.stringify({ ...HOLDER, runId: "r1" });
  const { hold } = await machine.journal.claim(
    { ...run("running"), id: "r1", automation: "another" },
    { host: "h", bootId: "", pidNamespace: "", pid: 1, startTime: "" },
  );
  await machine.journal.writeState({ key: lockKey("db"), value, replaces: 0, atMs: hold.fence });

  const { result, did } = await machine.start();

  expect([result.exitCode, did]).toEqual([80, ["a", "undo a"]]);
});

test("killed in the block in a rollback, the lock is not waited for either", async () => {
  const machine = new Machine(async (own, did) => {
    const lock = await own.lock("one", { lock: "db", wait: "1h" });
    await own.step("a", () => void did.push("a"), { undo: () => void did.push("undo a") });
    await lock.release();
    await own.step("b", () => 1);
  });
  await machine.startAndKill(stepAt("a", { status: "completed" }));
  // Somebody deleted what the run held, and took it.
  const { hold } = await machine.journal.claim(
    { ...run("running"), id: "r9", automation: "another" },
    { host: "h", bootId: "", pidNamespace: "", pid: 1, startTime: "" },
  );
  const value = JSON.stringify({ ...HOLDER, runId: "r9" });
  await machine.journal.writeState({ key: lockKey("db"), value, atMs: hold.fence });

  const { result, did } = await machine.start({ unfinished: "rollback" });

  expect([result.exitCode, did, machine.clock.elapsed()]).toEqual([80, ["a", "undo a"], 0]);
});

test("that it was held too long is the same after a kill", async () => {
  const machine = new Machine(async (own, did) => {
    const first = await own.lock("one", { lock: "db" });
    await own.lock("two", { lock: "db", wait: 0 }).catch((error: unknown) => {
      did.push(String((error as { code?: unknown }).code));
    });
    await first.release();
    await own.step("a", () => 1);
    await own.step("b", () => 1);
  });
  await machine.startAndKill(stepAt("a", { status: "completed" }));

  const { result, did } = await machine.start();

  expect([result.exitCode, did]).toEqual([0, ["LOCK_HELD", "LOCK_HELD"]]);
});

test("the name of a lock holds no secret", async () => {
  const { result } = await play((own) => own.lock("db", { lock: "Bearer abcdefghijklmnop1234" }));

  expect(String(result.error)).toContain("The name of a lock holds what looks like a secret");
});

test("an option that is none is refused", async () => {
  const { result } = await play((own) => own.lock("db", { waits: 1 } as object));

  expect(String(result.error)).toContain('lock "db".waits: unknown; known are lock, wait, poll');
});

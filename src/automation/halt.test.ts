/** What a run does once it is cancelled, stopped for a human, or broken off. */

import { expect, test } from "vitest";
import { JournalError, LeaseLostError } from "../core/errors.ts";
import type { Run, StepOptions } from "./automation.ts";
import type { Attempt, Policy } from "../policies/policy.ts";
import { journalWith } from "../journal/journal-with.contract.ts";
import { Machine, type Main } from "./play.contract.ts";

/** Starts `main` and cancels it at `atMs` of the clock. */
async function startAndCancel(machine: Machine, atMs: number) {
  const controller = new AbortController();
  machine.clock.after(atMs, () => controller.abort(new Error("stop")));
  return machine.start({ signal: controller.signal });
}

const charge = (run: Run, work: (signal: AbortSignal) => unknown, options?: StepOptions<unknown>) =>
  run.step("charge", ({ signal }) => work(signal), options);

test("nobody saw the end of work that a cancellation cut off, so it is no failure", async () => {
  const machine = new Machine((run, _, clock) =>
    charge(run, (signal) => clock.sleep(1_000, signal)),
  );

  const first = await startAndCancel(machine, 10);
  const second = await machine.start();

  expect({
    attempts: first.steps.map(({ attempts }) => attempts.map((attempt) => Object.keys(attempt))),
    told: first.types.includes("step.interrupted"),
    ends: [first.result.status, second.result.status],
  }).toEqual({
    attempts: [[["number", "startedAtMs"]]],
    told: true,
    ends: ["interrupted", "in doubt"],
  });
});

test("work that a policy had not let begin when the run was cancelled is simply begun the next time", async () => {
  let isOpen = false;
  const machine = new Machine((run, did, clock) => {
    const gate: Policy = {
      name: "gate",
      run: async (attempt, given = {}) => {
        if (!isOpen) await clock.sleep(1_000, given.signal);
        return attempt(given as Attempt);
      },
    };
    return charge(run, () => did.push("charged"), { policy: gate });
  });

  await startAndCancel(machine, 10);
  isOpen = true;
  const { result, did } = await machine.start();

  expect([result.status, did]).toEqual(["succeeded", ["charged"]]);
});

test("a value that comes after a cancellation and is not good does not count", async () => {
  const machine = new Machine((run, _, clock) =>
    charge(run, () => clock.sleep(1_000), { verify: () => false }),
  );

  const { steps } = await startAndCancel(machine, 10);

  expect(steps.map(({ status }) => status)).toEqual(["begun"]);
});

test("a cancellation while a step is looked up puts it in no doubt", async () => {
  const machine = new Machine((run, _, clock) =>
    charge(run, () => clock.sleep(1_000), {
      reconcile: async ({ signal }) => {
        await clock.sleep(1_000, signal);
        return "absent" as const;
      },
    }),
  );
  await machine.startAndKill((record) => "name" in record && record.name === "charge");

  const { result, types } = await startAndCancel(machine, 10);

  expect({
    status: result.status,
    told: types.filter((type) => type === "step.doubted" || type === "log.written"),
  }).toEqual({ status: "interrupted", told: [] });
});

test("nothing waits any more when a run that was cancelled has ended", async () => {
  const machine = new Machine((run, _, clock) => charge(run, () => clock.sleep(1_000)));

  await startAndCancel(machine, 10);
  await machine.clock.advance(0);

  expect(machine.clock.pending).toBe(0);
});

test("a run that is cancelled before it comes to what is recorded ends at once, and keeps it", async () => {
  const machine = new Machine(async (run, did, clock) => {
    await clock.sleep(100, run.signal);
    await run.step("one", () => 1, { undo: () => void did.push("undone") });
    await run.step("two", () => clock.sleep(1_000));
  });
  await machine.startAndKill((record) => "name" in record && record.name === "two");
  const before = machine.clock.elapsed();

  const { result, did } = await startAndCancel(machine, 10);

  expect([result.status, did, machine.clock.elapsed() - before]).toEqual(["interrupted", [], 10]);
});

/** A step in doubt beside `other`, in a process that is killed as soon as both are begun. */
async function inDoubtBeside(other: Main) {
  const machine = new Machine(async (run, did, clock) => {
    await Promise.allSettled([
      clock.sleep(1).then(() => charge(run, () => clock.sleep(60_000))),
      other(run, did, clock),
    ]);
  });
  await machine.startAndKill((record) => "name" in record && record.name === "charge");
  machine.did.length = 0;
  return machine;
}

test("when a human has to look, what runs may end, and is not attempted again", async () => {
  const machine = await inDoubtBeside((run, _, clock) => {
    const work = async (code: string, signal: AbortSignal) => {
      await clock.sleep(100, signal);
      if (code !== "") throw Object.assign(new Error(code), { code });
    };
    return Promise.allSettled([
      run.step("ends", ({ signal }) => work("", signal), { repeatable: true }),
      run.step("fails", ({ signal }) => work("ECONNRESET", signal), { repeatable: true }),
      run.step("stays failed", ({ signal }) => work("EACCES", signal), { repeatable: true }),
    ]);
  });

  const { result, steps, types } = await machine.start();

  expect({
    status: result.status,
    steps: steps.map(({ name, status, attempts }) => [name, status, attempts.length]),
    told: types.includes("step.failed"),
  }).toEqual({
    status: "in doubt",
    steps: [
      ["ends", "completed", 2],
      ["fails", "begun", 2],
      ["stays failed", "begun", 2],
      ["charge", "begun", 1],
    ],
    told: false,
  });
});

test("when a human has to look, nothing new begins, in whatever task", async () => {
  const machine = await inDoubtBeside(async (run, did, clock) => {
    await clock.sleep(10);
    await run.step("next", () => did.push("next")).catch(() => undefined);
    await run.task("task", () => did.push("task"));
  });

  const { result, did } = await machine.start();

  expect([result.status, did]).toEqual(["in doubt", []]);
});

test("when a step of a task is in doubt, what runs beside the task may end as well", async () => {
  const machine = new Machine((run, _, clock) =>
    Promise.all([
      run.step("beside", ({ signal }) => clock.sleep(100, signal), { repeatable: true }),
      clock
        .sleep(1)
        .then(() => run.task("task", (task) => task.step("charge", () => clock.sleep(50)))),
    ]),
  );
  await machine.startAndKill((record) => "name" in record && record.name === "charge");

  const { result, steps } = await machine.start();

  expect([result.status, steps.map(({ name, status }) => [name, status])]).toEqual([
    "in doubt",
    [
      ["beside", "completed"],
      ["", "begun"],
      ["charge", "begun"],
    ],
  ]);
});

test("a journal that fails after a cancellation is what the run ends by", async () => {
  const machine = new Machine((run, _, clock) => charge(run, () => clock.sleep(1_000)));
  const { journal, clock } = machine;
  const full = journalWith(journal, {
    writeStep: async (hold, step) => {
      if (step.status === "completed") throw new JournalError("disk full");
      await journal.writeStep(hold, step);
    },
  });
  const controller = new AbortController();
  clock.after(10, () => controller.abort(new Error("stop")));

  const starting = machine.start({ journal: full, signal: controller.signal });

  await expect(starting).rejects.toThrow("disk full");
  expect((await journal.findRuns())[0]?.status).toBe("running");
});

test("a step whose undo was broken off is not recorded as failed", async () => {
  const machine = new Machine((run, _, clock) =>
    charge(run, () => clock.sleep(1_000), { undo: ({ signal }) => clock.sleep(60_000, signal) }),
  );
  await machine.startAndKill((record) => "name" in record && record.name === "charge");
  const losing = journalWith(machine.journal, {
    renew: () => Promise.reject(new LeaseLostError("r1")),
  });

  await expect(machine.start({ journal: losing })).rejects.toThrow(LeaseLostError);

  const records = await machine.records();
  expect(records.map(({ status, undo }) => [status, undo])).toEqual([["begun", "begun"]]);
});

test("a run gives its lease back at its end, and one that cannot still ends", async () => {
  const released: string[] = [];
  const machine = new Machine((run) => run.step("one", () => 1));
  const journal = journalWith(machine.journal, {
    release: ({ runId }) => {
      released.push(runId);
      return Promise.reject(new Error("gone"));
    },
  });

  const { result } = await machine.start({ journal });

  expect([result.status, released]).toEqual(["succeeded", [result.runId]]);
});

import { expect, test } from "vitest";
import { memoryJournal } from "../journal/memory.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { automation } from "./automation.ts";
import { executeUnder } from "./execute.ts";
import type { Interference, StepFacts } from "./interference.ts";

const RUN = "01jda8k3v0x6q6w2m4t9z5c7rb";

function watching(log: unknown[], more: Partial<Interference> = {}): Interference {
  return {
    runId: RUN,
    async aroundWork({ label }, _, work) {
      log.push(`before ${label}`);
      const value = await work();
      log.push(`after ${label}`);
      return value;
    },
    async aroundUndo({ label }, undo) {
      log.push(`undo of ${label}`);
      return undo();
    },
    async aroundWait({ label, waitsFor }, waitAtMost) {
      log.push(`wait of ${label} for ${waitsFor}`);
      return waitAtMost(1);
    },
    ...more,
  };
}

test("it stands around every work and undo, and gives the run its id", async () => {
  const log: unknown[] = [];
  const journal = memoryJournal();
  const work = automation("two", async (run) => {
    await run.step("a", () => log.push("a"), { undo: () => void log.push("a undone") });
    await run.read("b", () => log.push("b"));
    throw new Error("stop");
  });

  const { runId, status } = await executeUnder(watching(log), work, { journal });

  expect({ runId, status }).toEqual({ runId: RUN, status: "failed" });
  expect(log).toEqual([
    "before a",
    "a",
    "after a",
    "before b",
    "b",
    "after b",
    "undo of a",
    "a undone",
  ]);
});

test("what it answers is what the work answered, verified and journaled", async () => {
  const answering = watching([], { aroundWork: async () => 2 });
  const seen: number[] = [];
  const work = automation("one", async (run) => {
    seen.push(await run.step("a", () => 1, { verify: (value) => void seen.push(value) }));
  });

  await executeUnder(answering, work, {});

  expect(seen).toEqual([2, 2]);
});

test("it is told what a step is", async () => {
  const told: StepFacts[] = [];
  const telling = watching([], {
    aroundWork(step, _, work) {
      told.push(step);
      return work();
    },
  });
  const work = automation("two", async (run) => {
    await run.step("a", () => 1, {
      undo: () => {},
      verify: () => true,
      reconcile: () => "absent",
      repeatable: true,
      timeout: { attempt: "5s" },
    });
    await run.task("t", (task) => task.read("b", () => 1, { verify: (value) => value === 1 }));
  });

  await executeUnder(telling, work, {});

  expect(told).toEqual([
    {
      label: "a",
      task: "",
      kind: "step",
      hasUndo: true,
      hasVerify: true,
      verifiesValue: false,
      hasReconcile: true,
      isRepeatable: true,
      limitMs: 5_000,
    },
    {
      label: "t/b",
      task: "t",
      kind: "read",
      hasUndo: false,
      hasVerify: true,
      verifiesValue: true,
      hasReconcile: false,
      isRepeatable: true,
      limitMs: 600_000,
    },
  ]);
});

test("time limits are kept by its clock, and the work's own signal aborts", async () => {
  const limitClock = new VirtualClock();
  const hanging = watching([], {
    limitClock,
    async aroundWork({ limitMs }, signal) {
      const aborted = new Promise((_, reject) => {
        signal().addEventListener("abort", () => reject(signal().reason as Error));
      });
      void limitClock.advance(limitMs);
      return aborted;
    },
  });
  const work = automation("one", async (run) => {
    await run.step("a", () => 1, { timeout: { attempt: "1h" } });
  });

  const { error } = await executeUnder(hanging, work, {});

  expect(String(error)).toBe('TimeoutError: Work under "a" did not end within 3600000 ms');
});

test("steps and waits of a child, and of a map's item, are named from the run; the child is no step", async () => {
  const log: unknown[] = [];
  const inner = automation("inner", (run) => run.task("t", (task) => task.step("s", () => 1)));
  const work = automation("outer", async (run) => {
    await run.map("all", ["x"], (_, task) => task.sleep("nap", "1h"), { key: (item) => item });
    await run.child("c", inner);
  });

  const { status } = await executeUnder(watching(log), work, { journal: memoryJournal() });

  expect([status, log]).toEqual([
    "succeeded",
    ["wait of all[x]/nap for time", "before c/t/s", "after c/t/s"],
  ]);
});

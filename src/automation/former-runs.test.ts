import { expect, test } from "vitest";
import type { Journal } from "../core/journal.ts";
import { memoryJournal } from "../journal/memory.ts";
import { outlierOf } from "../policies/envelope.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { automation, type Task } from "./automation.ts";
import { execute } from "./execute.ts";
import { findFormerRuns, readFormerRuns, type FormerStep } from "./former-runs.ts";

const STEP = { step: "write" };

async function formerRuns(journal: Journal, step: FormerStep) {
  return readFormerRuns(journal, await findFormerRuns(journal, "dump"), step);
}

/** A journal in which a dump of so many characters was written by each run, in as many seconds. */
async function dumps(runs: readonly (readonly [seconds: number, length: number])[], task = "") {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock });
  for (const [seconds, length] of runs) {
    const write = async (on: Pick<Task, "step">) => {
      await on.step(
        "write",
        async ({ attempt }) => {
          await clock.sleep(seconds * 1000);
          if (attempt === 1) throw Object.assign(new Error("once"), { code: "ECONNRESET" });
          return "x".repeat(length);
        },
        { repeatable: true },
      );
      await on.step("other", () => 0);
      if (length === 0) throw new Error("empty");
    };
    const dump = automation("dump", async (run) => {
      if (task === "") await write(run);
      else await run.task(task, write);
    });
    await clock.settle(() => execute(dump, { journal, clock }));
  }
  return journal;
}

test("it is the last attempt and the value's length that count, of runs that succeeded", async () => {
  const journal = await dumps([
    [1, 10],
    [2, 20],
    [3, 0],
  ]);

  // A text has its quotes in the journal.
  expect(await formerRuns(journal, STEP)).toEqual([
    { durationMs: 2000, outputBytes: 22 },
    { durationMs: 1000, outputBytes: 12 },
  ]);
});

test("a step of a task is another one, and what it wrote may be told otherwise", async () => {
  const journal = await dumps([[1, 10]], "nightly");
  const outputBytesOf = () => 7;

  const own = await formerRuns(journal, STEP);
  const task = await formerRuns(journal, { ...STEP, task: "nightly", outputBytesOf });

  expect([own, task]).toEqual([[], [{ durationMs: 1000, outputBytes: 7 }]]);
});

test("of sixty runs the newest fifty are read, and tell what is unusual", async () => {
  const journal = await dumps(Array.from({ length: 60 }, (_, run) => [60, 1000 + run] as const));

  const history = await formerRuns(journal, STEP);

  expect([history.length, history.at(-1)?.outputBytes]).toEqual([50, 1012]);
  expect(outlierOf(history, { durationMs: 10_000, outputBytes: 20 })).toMatchObject({
    runs: 50,
    duration: { side: "below", factor: 6 },
    output: { side: "below" },
  });
});

import { expect, test } from "vitest";
import { automation } from "../automation.ts";
import { StoppedBySignal } from "./cancellation.ts";
import { execute } from "../execute.ts";
import { memoryJournal } from "../../journal/memory.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";

test.for<[reason: Error, exitCode: number]>([
  [new StoppedBySignal({ name: "SIGTERM", number: 15 }), 143],
  [new StoppedBySignal({ name: "SIGHUP", number: 1 }), 129],
  [new Error("enough"), 130],
])(
  "a run that is cancelled by %o exits with %i, and the journal says so",
  async ([reason, exitCode]) => {
    const clock = new VirtualClock();
    const journal = memoryJournal({ clock });
    const controller = new AbortController();
    const program = automation("demo", (run) => run.step("stop", () => controller.abort(reason)));

    const result = await clock.settle(() =>
      execute(program, { journal, clock, env: {}, signal: controller.signal }),
    );

    const recorded = await journal.findRun(result.runId);
    expect([result.exitCode, recorded?.exitCode, result.error]).toEqual([
      exitCode,
      exitCode,
      reason,
    ]);
  },
);

test("a run that was taken up again says nothing of its former end", async () => {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock });
  const controller = new AbortController();
  const stop = automation("demo", (run) =>
    run.step("look", () => controller.abort(), { repeatable: true }),
  );
  const options = { journal, clock, env: {}, codeHash: "same" };

  const { runId } = await clock.settle(() =>
    execute(stop, { ...options, signal: controller.signal }),
  );
  const stopped = await journal.findRun(runId);
  let seen: unknown;
  const again = automation("demo", async (run) => {
    seen = await journal.findRun(run.id);
    await run.step("look", () => 1, { repeatable: true });
  });
  await clock.settle(() => execute(again, options));

  const { endedAtMs: _, exitCode, tasks: __, ...rest } = stopped ?? {};
  expect([exitCode, seen]).toEqual([130, { ...rest, status: "running", resumes: 1 }]);
});

import { expect, test } from "vitest";
import { failing, play } from "./play.contract.ts";

test("the automation's table says how often steps are retried, and what a class exits with", async () => {
  const work = failing("ODD");
  const { result } = await play(
    (run) => run.step("odd", work, { repeatable: true }),
    {},
    { reactions: { unknown: { retries: 2, exitCode: 78 } } },
  );

  expect([work.calls, result.exitCode]).toEqual([3, 78]);
});

test("a step's own table goes before the automation's", async () => {
  const work = failing("ODD");
  await play(
    (run) => run.step("odd", work, { retry: { reactions: { unknown: { retries: 0 } } } }),
    {},
    { reactions: { unknown: { retries: 5 } } },
  );

  expect(work.calls).toBe(1);
});

test("an undo is retried five times, also when its number of attempts is left undefined", async () => {
  const undo = failing("ODD");
  await play((run) =>
    run.step("one", failing("ODD"), {
      retry: { attempts: 1 },
      undoRetry: { attempts: undefined, backoff: undefined, reactions: undefined },
      undo,
    }),
  );

  expect(undo.calls).toBe(5);
});

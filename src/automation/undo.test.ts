import { expect, test } from "vitest";
import { failing, play } from "./play.contract.ts";

test("an undo that is left behind and still runs makes the rollback incomplete, though another one succeeded", async () => {
  let calls = 0;
  const { result, did, events } = await play((run, log, clock) =>
    run.step("one", failing("EIO"), {
      grace: "100ms",
      undoTimeout: "1s",
      undo: async () => {
        calls++;
        if (calls > 1) return log.push("undone");
        await clock.sleep(60_000);
        return log.push("undone late");
      },
    }),
  );

  const final = events.flatMap((event) =>
    event.type === "undo.failed" && event.isFinal ? event.error.message : [],
  );
  expect([result.exitCode, did, final]).toEqual([
    81,
    ["undone"],
    [
      'Work or undo of "one" was left behind and still runs: what it does from now on is not taken back',
    ],
  ]);
});

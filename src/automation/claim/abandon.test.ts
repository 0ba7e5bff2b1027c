import { expect, test } from "vitest";
import type { RunStatus } from "../../core/journal.ts";
import { loggerTo } from "../../core/logger.ts";
import { memoryJournal } from "../../journal/memory.ts";
import { thisProcess } from "../../journal/owner.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { abandonRun } from "./abandon.ts";
import { automation } from "../automation.ts";
import { execute } from "../execute.ts";

const LOG = loggerTo(() => undefined);

/** A run that ended like this, which nobody holds. */
async function ended(how: "succeeds" | "fails" | "is interrupted") {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock });
  const controller = new AbortController();
  const one = automation("one", () => {
    if (how === "fails") throw new Error("broken");
    if (how === "is interrupted") controller.abort(new Error("stop"));
  });
  const { signal } = controller;
  await clock.settle(() => execute(one, { journal, clock, signal, newRunId: "01" }));
  return { journal, clock };
}

test.for<[how: "succeeds" | "fails" | "is interrupted", did: boolean, status: RunStatus]>([
  ["succeeds", false, "succeeded"],
  ["fails", false, "failed"],
  ["is interrupted", true, "abandoned"],
])("a run that %s is given up: %s", async ([how, did, status]) => {
  const { journal, clock } = await ended(how);

  const answer = await abandonRun("01", thisProcess(), { journal, clock, log: LOG, exitCode: 143 });

  const run = await journal.findRun("01");
  const holder = await journal.findHolder("01");
  expect({ answer, status: run?.status, holder }).toEqual({
    answer: did,
    status,
    holder: undefined,
  });
});

test("there is nothing to give up of a run that is not known", async () => {
  const { journal, clock } = await ended("succeeds");

  expect(await abandonRun("02", thisProcess(), { journal, clock, log: LOG })).toBe(false);
});

import { expect, test } from "vitest";
import { JournalError, LeaseHeldError, LeaseLostError } from "../core/errors.ts";
import type { Owner, RunRecord } from "../core/journal.ts";
import { memoryJournal } from "./memory.ts";
import { answerCall, remoteJournal } from "./remote.ts";

const OWNER: Owner = { host: "h", bootId: "b", pidNamespace: "n", pid: 1, startTime: "1" };
const RUN: RunRecord = {
  id: "r1",
  automation: "nightly",
  status: "running",
  codeHash: "c",
  input: "{}",
  startedAtMs: 0,
  resumes: 0,
};

/** A journal, and what another process has of it. */
function both() {
  const near = memoryJournal();
  const far = remoteJournal(
    async (call) => structuredClone(await answerCall(near, structuredClone(call))),
    near.renewEveryMs,
  );
  return { near, far };
}

test("what is written from afar is in the journal, and is read from afar", async () => {
  const { near, far } = both();

  const { hold } = await far.claim(RUN, OWNER);
  await far.writeRun(hold, { ...RUN, status: "succeeded", exitCode: 0 });
  await far.writeState({ key: "k", value: "v", atMs: 1 });

  expect([
    (await near.findRun("r1"))?.status,
    await far.findRuns(),
    (await far.readState("k"))?.value,
    await far.claimRun("other", OWNER),
    far.renewEveryMs,
  ]).toEqual(["succeeded", await near.findRuns(), "v", undefined, near.renewEveryMs]);
});

test("a refusal is the same error there as here", async () => {
  const { near, far } = both();
  await near.claim(RUN, OWNER);

  const held = await far.claim(RUN, { ...OWNER, pid: 2 }).catch((error: unknown) => error);
  const lost = await far.renew({ runId: "r1", fence: 99 }).catch((error: unknown) => error);

  expect([held instanceof LeaseHeldError, lost instanceof LeaseLostError]).toEqual([true, true]);
});

test("what is the keeper's alone is not done from afar", async () => {
  const { near, far } = both();

  await expect(far.prune({ endedBeforeMs: 1, keep: 0, limit: 1 })).rejects.toThrow(JournalError);
  const answer = await answerCall(near, { method: "close" as never, words: [] });
  await far.close();

  expect(answer).toMatchObject({ error: { summary: { message: 'There is no "close" here' } } });
});

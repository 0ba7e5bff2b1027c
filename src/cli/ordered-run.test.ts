import { expect, test } from "vitest";
import { automation } from "../automation/automation.ts";
import { memoryJournal } from "../journal/memory.ts";
import { thisProcess } from "../journal/owner.ts";
import type { Order } from "../automation/schedule/serving.ts";
import { orderedRun } from "./ordered-run.ts";

const nightly = automation(
  "nightly",
  { schedule: { name: "main", cron: "0 3 * * *", input: { size: 7 } } },
  () => undefined,
);

async function ordered(order: Order) {
  const journal = memoryJournal();
  const run = { id: "r1", automation: "nightly", status: "running", codeHash: "" } as const;
  await journal.claim({ ...run, input: '{"size":5}', startedAtMs: 0, resumes: 0 }, thisProcess());
  return orderedRun({ order, serverGone: new AbortController().signal }, nightly, journal);
}

test.for([
  [
    { kind: "tick", file: "/a.ts", schedule: "main", runId: "r2", scheduledForMs: 5 },
    { newRunId: "r2", scheduledForMs: 5, input: { size: 7 } },
  ],
  [
    { kind: "resume", file: "/a.ts", runId: "r1" },
    { runId: "r1", input: { size: 5 } },
  ],
  [{ kind: "resume", file: "/a.ts", runId: "r9" }, { runId: "r9" }],
  [
    { kind: "rollback", file: "/a.ts", runId: "r1" },
    { runId: "r1", unfinished: "rollback" },
  ],
] as const)("%o is run with %o", async ([order, options]) => {
  expect(await ordered(order)).toEqual(options);
});

test("who was started by no server has no order", async () => {
  expect(await orderedRun(undefined, nightly, memoryJournal())).toEqual({});
});

test("a schedule that is no more is told of", async () => {
  const order = { kind: "tick", file: "/a.ts", runId: "r2", scheduledForMs: 5 } as const;

  await expect(ordered({ ...order, schedule: "former" })).rejects.toThrow(
    'automation "nightly".schedule: there is none named "former" any more; send SIGHUP to holdfast serve',
  );
});

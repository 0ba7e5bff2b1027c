import { expect, test } from "vitest";
import { automation } from "../automation/automation.ts";
import { memoryJournal } from "../journal/memory.ts";
import { thisProcess } from "../journal/owner.ts";
import { orderedRun } from "./ordered-run.ts";

const nightly = automation(
  "nightly",
  { schedule: { name: "main", cron: "0 3 * * *", input: { size: 7 } } },
  () => undefined,
);

async function ordered(order: Parameters<typeof orderedRun>[0]["order"]) {
  const journal = memoryJournal();
  const run = { id: "r1", automation: "nightly", status: "running", codeHash: "" } as const;
  await journal.claim({ ...run, input: '{"size":5}', startedAtMs: 0, resumes: 0 }, thisProcess());
  const [gone, stopped] = [new AbortController(), new AbortController()];
  const served = { order, serverGone: gone.signal };
  const { signal, ...rest } = await orderedRun(served, nightly, journal, stopped.signal);
  return { rest, signal, gone, stopped };
}

test.for([
  [
    { kind: "tick", file: "/a.ts", schedule: "main", runId: "r2", scheduledForMs: 5 },
    { runId: "r2", scheduledForMs: 5, input: { size: 7 } },
  ],
  [
    { kind: "resume", file: "/a.ts", runId: "r1" },
    { runId: "r1", input: { size: 5 } },
  ],
  [{ kind: "resume", file: "/a.ts", runId: "r9" }, { runId: "r9" }],
  [
    { kind: "rollback", file: "/a.ts", runId: "r1" },
    { runId: "r1", input: { size: 5 }, unfinished: "rollback" },
  ],
] as const)("%o is run with %o", async ([order, options]) => {
  const { rest } = await ordered(order);

  expect(rest).toEqual(options);
});

test.for(["gone", "stopped"] as const)(
  "the run ends when the server or it is %s",
  async (which) => {
    const { signal, ...ends } = await ordered({ kind: "resume", file: "/a.ts", runId: "r1" });

    ends[which].abort(new Error(which));

    expect(signal?.reason).toEqual(new Error(which));
  },
);

test("a schedule that is no more is told of", async () => {
  const order = { kind: "tick", file: "/a.ts", runId: "r2", scheduledForMs: 5 } as const;

  await expect(ordered({ ...order, schedule: "former" })).rejects.toThrow(
    'automation "nightly".schedule: there is none named "former" any more; send SIGHUP to holdfast serve',
  );
});

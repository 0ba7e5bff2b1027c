import { expect, test } from "vitest";
import { judgeClock, judgeRuns, judgeSize, judgeVersions, type OpenRun } from "./contents.ts";

const NOW_MS = 1_000_000;

function open(change: Partial<OpenRun>): OpenRun {
  return {
    run: { id: "r1", automation: "nightly", status: "running", file: "/a.ts" },
    owner: { host: "alpha", bootId: "", pidNamespace: "", pid: 7, startTime: "" },
    isGone: undefined,
    renewedAtMs: NOW_MS - 10_000,
    lengthMs: 30_000,
    ...change,
  };
}

test.for<[change: Partial<OpenRun>, state: string, says: string, todo: string | undefined]>([
  [{ isGone: false }, "ok", "is held by process 7 on alpha, which lives", undefined],
  [{}, "warning", "its lease ends in 20 s", "wait: while it lives it renews its lease"],
  [{ renewedAtMs: 0 }, "warning", "was cut off: its process is gone", "holdfast run /a.ts"],
  [{ isGone: true }, "warning", "was cut off: its process is gone", "holdfast run /a.ts"],
  [
    {
      owner: undefined,
      isGone: true,
      run: { id: "r1", automation: "nightly", status: "interrupted" },
    },
    "warning",
    "was interrupted",
    "start its automation again",
  ],
  [
    { isGone: true, run: { id: "r1", automation: "nightly", status: "in doubt" } },
    "warning",
    "is in doubt: nobody knows whether a step happened",
    "holdfast show r1",
  ],
])("of an unfinished run it is told who has it: %o", ([change, state, says, todo]) => {
  expect(judgeRuns([open(change)], NOW_MS)).toEqual([
    {
      check: "runs",
      state,
      says: expect.stringMatching(new RegExp(`^run r1 of "nightly" .*${says}$`)),
      ...(todo === undefined ? {} : { todo }),
    },
  ]);
});

test("no unfinished run is well", () => {
  expect(judgeRuns([], NOW_MS)).toEqual([
    { check: "runs", state: "ok", says: "none is unfinished" },
  ]);
});

test.for([
  [undefined, "ok"],
  [NOW_MS + 5_000, "ok"],
  [NOW_MS + 5_001, "warning"],
] as const)("what was written at %i is %s", ([newestAtMs, state]) => {
  expect(judgeClock(newestAtMs, NOW_MS).state).toBe(state);
});

test("a size above a gigabyte, without what is free, is a warning", () => {
  const sizes = { journal: 2e9, log: 4e6, free: 1e9, logs: 0 };

  expect([judgeSize(sizes), judgeSize({ ...sizes, logs: 1 })]).toMatchObject([
    { state: "ok", says: "journal 2 GB (1 GB of it free), its newest writes 4 MB, logs 0 B" },
    { state: "warning", todo: "holdfast prune --dry-run" },
  ]);
});

test.for([
  [1, "ok", "holdfast 1, Node 24, SQLite 3, schema 1, which the next run brings up to 2"],
  [2, "ok", "holdfast 1, Node 24, SQLite 3, schema 2"],
  [3, "problem", "holdfast 1, Node 24, SQLite 3, schema 3, known here up to 2"],
] as const)("schema %i is %s", ([schema, state, says]) => {
  const versions = { holdfast: "1", node: "24", sqlite: "3", schema, knownSchema: 2 };

  expect(judgeVersions(versions)).toMatchObject({ state, says });
});

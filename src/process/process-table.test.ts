import { expect, test } from "vitest";
import { parseProcessStat } from "../core/process-stat.ts";
import { findProcess, parsePs, readProcesses } from "./process-table.ts";

test("a line of /proc/<pid>/stat, whatever the program is called", () => {
  const rest = "S 7 42 40 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 0 0";

  expect(parseProcessStat(`42 (a) b (c) ${rest}`)).toEqual({
    pid: 42,
    ppid: 7,
    group: 42,
    session: 40,
    startTime: "987654",
    isZombie: false,
  });
});

test.for(["Z", "X"])("state %s is no life", (state) => {
  expect(parseProcessStat(`42 (a) ${state} 7 42 40`).isZombie).toBe(true);
});

test.for([
  [1, true],
  [2, false],
] as const)(
  "a zombie of %i threads: %o, for its first thread may end alone",
  ([threads, isZombie]) => {
    const stat = `42 (a) Z 7 42 40 0 -1 4227084 119 0 0 0 0 0 0 0 20 0 ${threads} 0 6719926 0 0`;

    expect(parseProcessStat(stat).isZombie).toBe(isZombie);
  },
);

test("what ps prints where there is no /proc", () => {
  const text =
    "    1     0     1 Ss   Sun Nov 22 10:00:00 2026\n   42     1    40 Z+   Sun Nov 22 18:00:00 2026  \n\n";

  expect(parsePs(text)).toEqual([
    {
      pid: 1,
      ppid: 0,
      group: 1,
      session: 0,
      startTime: "Sun Nov 22 10:00:00 2026",
      isZombie: false,
    },
    {
      pid: 42,
      ppid: 1,
      group: 40,
      session: 0,
      startTime: "Sun Nov 22 18:00:00 2026",
      isZombie: true,
    },
  ]);
});

test("this very process is in the table, with its parent", () => {
  const own = readProcesses().find(({ pid }) => pid === process.pid);

  expect(own).toMatchObject({ ppid: process.ppid, isZombie: false });
  expect(findProcess(process.pid)?.startTime).toBe(own?.startTime);
  expect(own?.startTime).not.toBe("");
});

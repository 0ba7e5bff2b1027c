import fc from "fast-check";
import { expect, test } from "vitest";
import type { ProcessEntry } from "./process-table.ts";
import { findTree, whoIsAsked } from "./tree.ts";

function entry(pid: number, ppid: number, more: Partial<ProcessEntry> = {}): ProcessEntry {
  return { pid, ppid, group: 1, session: 1, startTime: `${pid}`, isZombie: false, ...more };
}

const NO_SIGNS = { known: new Map<number, string>(), isMarked: () => false };

function pidsOf(table: readonly ProcessEntry[], signs: Partial<Parameters<typeof findTree>[1]>) {
  return findTree(table, { ...NO_SIGNS, ...signs }).map(({ pid }) => pid);
}

test.for([
  ["children of children", [entry(12, 11), entry(11, 10), entry(10, 1)], [12, 11, 10]],
  ["a pid that is used again by now is another's", [entry(10, 1, { startTime: "9" })], []],
  [
    "a member's child is one, also where the member has ended",
    [entry(10, 1, { isZombie: true }), entry(11, 10)],
    [11],
  ],
  ["who is not related", [entry(20, 1), entry(21, 20)], []],
] as const)("known by pid and start time: %s", ([, table, members]) => {
  expect(pidsOf(table, { known: new Map([[10, "10"]]) })).toEqual(members);
});

test("the group and the session that were made for it, with their children", () => {
  const table = [
    entry(10, 1, { group: 5 }),
    entry(11, 1, { session: 5 }),
    entry(12, 11),
    entry(13, 1),
  ];

  expect(pidsOf(table, { group: 5 })).toEqual([10, 11, 12]);
});

test("those who carry the mark, with their children; nobody is asked twice", () => {
  const asked: number[] = [];
  const isMarked = (pid: number): boolean => {
    asked.push(pid);
    return pid === 30;
  };

  const members = pidsOf([entry(10, 1), entry(30, 1), entry(31, 30)], {
    known: new Map([[10, "10"]]),
    isMarked,
  });

  expect({ members, asked }).toEqual({ members: [10, 30, 31], asked: [30, 31] });
});

test("in any order of the table the members are the same", () => {
  const table = Array.from({ length: 30 }, (_, at) => entry(at + 2, Math.floor(at / 2) + 1));
  const known = new Map([[3, "3"]]);
  const expected = pidsOf(table, { known }).toSorted((a, b) => a - b);
  fc.assert(
    fc.property(fc.shuffledSubarray(table, { minLength: table.length }), (shuffled) => {
      expect(pidsOf(shuffled, { known }).toSorted((a, b) => a - b)).toEqual(expected);
    }),
  );
});

test.for([
  ["nothing is wrapped around", [[10], [11]], [10, 11]],
  ["wrappers and the first process inside are passed over", [[10], [11, 1], [12, 2]], [12]],
  ["all that there is inside is the first process", [[10], [11, 1]], [11]],
  ["namespaces within", [[10], [11, 1], [12, 2], [13, 3, 1], [14, 4, 2]], [12, 14]],
  ["nobody", [], []],
] as const)("who is asked to end: %s", ([, members, asked]) => {
  const nested = members.map((pids) => ({ pid: pids[0], pids }));

  expect(whoIsAsked(nested, 1)).toEqual(asked);
});

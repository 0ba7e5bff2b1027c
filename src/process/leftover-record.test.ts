import { expect, test } from "vitest";
import { judge, parseRecord, type CommandRecord, type Judge } from "./leftover-record.ts";

const RECORD: CommandRecord = {
  mark: "0b2f6c4e-1111-4222-8333-944455566677",
  program: "tar",
  command: { pid: 20, startTime: "200" },
  ownsGroup: true,
  owner: { pid: 10, startTime: "100" },
  bootId: "boot",
  pidNamespace: "pid:[1]",
  startedAtMs: 5,
};

const HERE: Judge = {
  bootId: "boot",
  pidNamespace: "pid:[1]",
  marks: "",
  findStart: (pid) => (pid === 10 ? "100" : undefined),
};

const GONE = (): undefined => undefined;

test.for([
  ["its owner lives", {}, "running"],
  ["its owner is gone", { findStart: GONE }, "orphaned"],
  ["another process has its owner's pid", { findStart: (): string => "101" }, "orphaned"],
  ["its owner's pid is a hidden process's", { findStart: (): string => "" }, "elsewhere"],
  ["the machine was started again", { bootId: "other" }, "over"],
  [
    "the machine was started again, in another container",
    { bootId: "other", pidNamespace: "pid:[2]" },
    "over",
  ],
  ["it ran in another container", { pidNamespace: "pid:[2]", findStart: GONE }, "elsewhere"],
  ["who asks was started by it", { marks: `x ${RECORD.mark}`, findStart: GONE }, "running"],
] as const)("%s", ([, here, verdict]) => {
  expect(judge(RECORD, { ...HERE, ...here })).toBe(verdict);
});

test("a record is read as it was written", () => {
  expect(parseRecord(JSON.stringify(RECORD))).toEqual(RECORD);
});

test.for([
  ["cut off", JSON.stringify(RECORD).slice(0, -9)],
  ["empty", ""],
  ["no object", "null"],
  ["an empty mark, which every process has", JSON.stringify({ ...RECORD, mark: "" })],
  ["a mark that is none", JSON.stringify({ ...RECORD, mark: "PATH" })],
  ["the first process of all", JSON.stringify({ ...RECORD, command: { pid: 1, startTime: "" } })],
  ["no start time", JSON.stringify({ ...RECORD, owner: { pid: 10 } })],
] as const)("no record: %s", ([, text]) => {
  expect(parseRecord(text)).toBeUndefined();
});

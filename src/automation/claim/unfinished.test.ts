import { expect, test } from "vitest";
import type { RunRecord } from "../../core/journal.ts";
import { judgeUnfinished, type Found, type Verdict } from "./unfinished.ts";

const run: RunRecord = {
  id: "r1",
  automation: "demo",
  status: "running",
  codeHash: "same",
  input: "{}",
  startedAtMs: 0,
  resumes: 2,
};

const found: Found = {
  run,
  wanted: { codeHash: "same", input: "{}" },
  nowMs: 1_000,
  resumeWithinMs: 1_000,
  maxResumes: 3,
};

test.for<[name: string, change: Partial<Found>, verdict: Verdict]>([
  ["the same run, at the very edge of its bounds", {}, { go: "resume" }],
  [
    "changed code of the same version",
    {
      run: { ...run, version: "1" },
      wanted: { codeHash: "other", input: "{}", version: "1" },
    },
    { go: "resume" },
  ],
  [
    "another version, though the code is the same",
    {
      run: { ...run, version: "1" },
      wanted: { codeHash: "same", input: "{}", version: "2" },
    },
    { ask: ['it was begun by version "1", and this is version "2"'] },
  ],
  [
    "a version where there was none",
    { wanted: { codeHash: "same", input: "{}", version: "2" } },
    { ask: ['it was begun by code without a version, and this is version "2"'] },
  ],
  [
    "no version where there was one",
    { run: { ...run, version: "1" } },
    { ask: ['it was begun by version "1", and this is code without a version'] },
  ],
  [
    "other input",
    { wanted: { codeHash: "same", input: "1" } },
    { ask: ["it was started with other input"] },
  ],
  [
    "the same input, its names in another order",
    {
      run: { ...run, input: '{"a":[1,{"c":2,"d":3}],"b":null}' },
      wanted: { codeHash: "same", input: '{"b":null,"a":[1,{"d":3,"c":2}]}' },
    },
    { go: "resume" },
  ],
  [
    "lists in another order",
    { run: { ...run, input: "[1,2]" }, wanted: { codeHash: "same", input: "[2,1]" } },
    { ask: ["it was started with other input"] },
  ],
  [
    "changed code",
    { wanted: { codeHash: "other", input: "{}" } },
    { ask: ["the automation's code has changed since"] },
  ],
  ["too old", { nowMs: 1_001 }, { ask: ["it is 1 s old, and resumed only within 1 s"] }],
  ["resumed too often", { maxResumes: 2 }, { ask: ["it was resumed 2 times already"] }],
  [
    "everything at once",
    { wanted: { codeHash: "other", input: "1" }, maxResumes: 0 },
    {
      ask: [
        "it was started with other input",
        "the automation's code has changed since",
        "it was resumed 2 times already",
      ],
    },
  ],
  [
    "other input, but resume was chosen",
    { wanted: { codeHash: "other", input: "1" }, choice: "resume" },
    { go: "resume" },
  ],
  ["the same run, but rollback was chosen", { choice: "rollback" }, { go: "rollback" }],
  ["the same run, but fresh was chosen", { choice: "fresh" }, { go: "fresh" }],
])("%s", ([, change, verdict]) => {
  expect(judgeUnfinished({ ...found, ...change })).toEqual(verdict);
});

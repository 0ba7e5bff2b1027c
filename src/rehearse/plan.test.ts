import { expect, test } from "vitest";
import type { StepFacts } from "../automation/interference.ts";
import type { FaultName } from "./faults.ts";
import type { Fault } from "./messages.ts";
import { inWords, makePlan, nameOf, type PlanOptions } from "./plan.ts";
import { step } from "./play.contract.ts";
import type { ReferenceStep } from "./reference.ts";

const ALL: PlanOptions = { only: [], faults: [], noDisk: "no disk" };

function known(label: string, more: Partial<ReferenceStep & StepFacts> = {}): ReferenceStep {
  return {
    ...step(label),
    isSilent: false,
    isDone: true,
    hasEffect: true,
    commands: [],
    ...more,
  };
}

function namesIn(steps: readonly ReferenceStep[], options: Partial<PlanOptions> = {}): string[] {
  return makePlan(steps, { ...ALL, ...options }).faults.map(
    (fault) => `${fault.step}: ${nameOf(fault)}`,
  );
}

const EVERY = [
  "fatal",
  "late-fatal",
  "transient",
  "lost-answer",
  "hang",
  "abort",
  "abort-rollback",
  "kill-before",
  "kill-after",
  "kill-after-rollback",
];

test.for<[what: string, more: Partial<ReferenceStep>, names: string[]]>([
  ["a bare step", { hasUndo: false }, EVERY],
  ["one with an undo", {}, [...EVERY, "undo-fails-once", "kill-undo"]],
  [
    "one with a verify",
    { hasUndo: false, hasVerify: true },
    [...EVERY.slice(0, 5), "wrong-output", ...EVERY.slice(5)],
  ],
  [
    "one without a time limit",
    { hasUndo: false, limitMs: Infinity },
    EVERY.filter((name) => name !== "hang"),
  ],
  ["a read", { kind: "read", hasUndo: false }, ["transient", "kill-before"]],
  [
    "a read with a verify and a program",
    { kind: "read", hasUndo: false, hasVerify: true, commands: ["tar"] },
    [
      "transient",
      "wrong-output",
      "kill-before",
      "command-fails tar",
      "command-killed tar",
      "command-hangs tar",
      "command-half tar",
    ],
  ],
])("%s meets the faults that make sense", ([, more, names]) => {
  expect(namesIn([known("a", more)])).toEqual(names.map((name) => `a: ${name}`));
});

test("a full disk is met by steps that write, where one can be had", () => {
  const steps = [known("a"), known("b", { kind: "read" })];
  const faults: FaultName[] = ["disk-full"];

  expect(makePlan(steps, { only: [], faults })).toEqual({
    faults: [{ name: "disk-full", step: "a" }],
    skipped: [],
  });
  expect(makePlan(steps, { only: [], faults, noDisk: "no bwrap" })).toEqual({
    faults: [],
    skipped: [{ step: "a", name: "disk-full", reason: "no bwrap" }],
  });
});

test("a hang without a time limit is told as not rehearsed", () => {
  const { skipped } = makePlan([known("a", { limitMs: Infinity })], { ...ALL, faults: ["hang"] });

  expect(skipped).toEqual([
    { step: "a", name: "hang", reason: "its timeout is Infinity: hanging, it hangs for ever" },
  ]);
});

test("whatever fails last in the task has a step undone", () => {
  const steps = [known("a"), known("b"), known("t/c", { task: "t" }), known("t/d", { task: "t" })];

  const { faults } = makePlan(steps, { ...ALL, faults: ["kill-undo"] });

  expect(faults.map(({ step: undone, trigger }) => [undone, trigger])).toEqual([
    ["a", "b"],
    ["b", "b"],
    ["t/c", "t/d"],
    ["t/d", "t/d"],
  ]);
});

test("a step whose answer nobody looks at is wrong by not being done", () => {
  const asked = { hasVerify: true, verifiesValue: true };
  const steps = [
    known("answers", asked),
    known("answers nothing", { ...asked, isSilent: true }),
    known("is not asked", { ...asked, verifiesValue: false }),
  ];

  const { faults } = makePlan(steps, { ...ALL, faults: ["wrong-output", "fatal"] });

  expect(faults).toEqual([
    { name: "fatal", step: "answers" },
    { name: "wrong-output", step: "answers" },
    { name: "fatal", step: "answers nothing" },
    { name: "wrong-output", step: "answers nothing", isSilent: true },
    { name: "fatal", step: "is not asked" },
    { name: "wrong-output", step: "is not asked", isSilent: true },
  ]);
});

test("only the steps and faults that were asked for are rehearsed", () => {
  const asked = { only: ["b"], faults: ["fatal", "abort"] as const };

  expect(namesIn([known("a"), known("b")], asked)).toEqual(["b: fatal", "b: abort"]);
});

test.for<[Fault, string]>([
  [{ name: "fatal", step: "upload" }, "upload fails for good before it did anything"],
  [
    { name: "command-half", step: "pack", command: "tar" },
    "pack runs tar, which does its work and exits with 1",
  ],
])("%o in words", ([fault, words]) => {
  expect(inWords(fault)).toBe(words);
});

import { expect, test } from "vitest";
import type { Claim, RunRecord, StepRecord } from "../core/journal.ts";
import { checkDecisions, stepsInDoubt } from "./check-decisions.ts";
import { attemptBegun, newStep, stepCompleted } from "./step-record.ts";

function begun(name: string, task = ""): StepRecord {
  const parts = { runId: "r1", kind: "step", position: 1, hasUndo: false, atMs: 0 } as const;
  return attemptBegun(newStep({ ...parts, task, name }), 1, 0);
}

const DONE = stepCompleted(begun("order"), "1", 5);

function claim(...steps: readonly StepRecord[]): Claim {
  const run = { id: "r1" } as RunRecord;
  return { hold: { runId: "r1", fence: 1 }, run, isNew: false, steps };
}

test("in doubt are the steps that were begun and whose end nobody saw", () => {
  expect(stepsInDoubt([DONE, begun("charge"), begun("send", "mail")])).toEqual([
    "charge",
    "mail/send",
  ]);
});

test("decisions about steps in doubt are taken, and so are none", () => {
  const found = claim(DONE, begun("charge"), begun("send", "mail"));

  expect(() => checkDecisions([], found)).not.toThrow();
  expect(() => checkDecisions(["mail/send", "charge"], found)).not.toThrow();
});

test("a decision that may be about either of two steps is refused", () => {
  const found = claim(begun("mail/send"), begun("send", "mail"), begun("charge"));

  expect(() => checkDecisions(["charge"], found)).not.toThrow();
  expect(() => checkDecisions(["charge", "mail/send"], found)).toThrow(
    'Two steps of run r1 are called "mail/send", one of them in a task',
  );
});

test.for<[what: string, decided: string[], steps: StepRecord[], message: string]>([
  [
    "a misspelt step",
    ["charge", "chrage"],
    [begun("charge"), begun("send", "mail")],
    'Run r1 has no step "chrage", and nothing was done; decide only about what is in doubt: "charge", "mail/send"',
  ],
  [
    "a step that ended",
    ["order"],
    [DONE, begun("charge")],
    'Step "order" of run r1 is not in doubt, and nothing was done; decide only about what is in doubt: "charge"',
  ],
  [
    "any step where none is in doubt",
    ["order"],
    [DONE],
    'Step "order" of run r1 is not in doubt, and nothing was done; no step of it is in doubt, so leave the decision out',
  ],
])("a decision about %s is refused", ([, decided, steps, message]) => {
  expect(() => checkDecisions(decided, claim(...steps))).toThrow(
    expect.objectContaining({ code: "INPUT_INVALID", message }) as Error,
  );
});

import { expect, test } from "vitest";
import type { Effect } from "../core/fault.ts";
import type { StepRecord } from "../core/journal.ts";
import {
  attemptBegun,
  attemptFailed,
  isInDoubt,
  needsUndo,
  newStep,
  renewed,
  stepCompleted,
  stepFailed,
  undoBegun,
  undoEnded,
  worseEffect,
} from "./step-record.ts";

const fresh = newStep({
  runId: "r",
  task: "",
  name: "s",
  kind: "step",
  position: 1,
  hasUndo: true,
  atMs: 0,
});

const end = (effect: Effect) => ({
  atMs: 2,
  fault: { class: "unknown", code: "X", effect } as const,
  error: { type: "Error", message: "x" },
});

const begun = attemptBegun(fresh, 1, 1);
const refused = attemptFailed(begun, end("none"), "none");
const landed = attemptFailed(begun, end("unknown"), "none");
const completed = stepCompleted(begun, "1", 3);
const undoneOnce = undoEnded(undoBegun(landed, 1, 4), "done", { atMs: 5 });

test.for<[name: string, record: StepRecord, expected: { undo: boolean; doubt: boolean }]>([
  ["never begun", fresh, { undo: false, doubt: false }],
  ["begun, its end not seen", begun, { undo: true, doubt: true }],
  ["refused", refused, { undo: true, doubt: false }],
  ["failed, and it may have landed", landed, { undo: true, doubt: false }],
  [
    "failed for good after a refusal",
    stepFailed(refused, end("none")),
    { undo: true, doubt: false },
  ],
  ["failed for good", stepFailed(landed, end("unknown")), { undo: true, doubt: false }],
  ["completed", completed, { undo: true, doubt: false }],
  ["completed, without an undo", { ...completed, undo: "none" }, { undo: false, doubt: false }],
  ["its undo begun", undoBegun(completed, 1, 4), { undo: true, doubt: false }],
  [
    "its undo failed",
    undoEnded(undoBegun(completed, 1, 4), "failed", { atMs: 5 }),
    { undo: true, doubt: false },
  ],
  [
    "undone",
    undoEnded(undoBegun(completed, 1, 4), "done", { atMs: 5 }),
    { undo: false, doubt: false },
  ],
  ["undone, and about to be done again", renewed(undoneOnce), { undo: false, doubt: false }],
  ["undone, and begun again", attemptBegun(renewed(undoneOnce), 2, 6), { undo: true, doubt: true }],
])("a step that is %s", ([, record, expected]) => {
  expect({ undo: needsUndo(record), doubt: isInDoubt(record) }).toEqual(expected);
});

test("an earlier attempt that may have landed is not forgotten by a later one that was refused", () => {
  const second = attemptBegun(landed, 2, 3);

  expect(attemptFailed(second, end("none"), landed.effect).effect).toBe("unknown");
});

test.for<[a: Effect, b: Effect, worse: Effect]>([
  ["none", "partial", "partial"],
  ["partial", "none", "partial"],
  ["unknown", "partial", "unknown"],
  ["none", "none", "none"],
])("of %s and %s the worse is %s", ([a, b, worse]) => {
  expect(worseEffect(a, b)).toBe(worse);
});

test("done again after its undo, it has another key and no effect", () => {
  const again = renewed(undoneOnce);

  expect({ generation: again.generation, effect: again.effect, undo: again.undo }).toEqual({
    generation: 2,
    effect: "none",
    undo: "done",
  });
  expect(again.key).not.toBe(landed.key);
});

test("only the newest fifty attempts are kept", () => {
  let record = fresh;
  for (let number = 1; number <= 60; number++) {
    record = attemptFailed(attemptBegun(record, number, number), end("none"), "none");
  }

  expect([record.attempts.length, record.attempts[0]?.number]).toEqual([50, 11]);
});

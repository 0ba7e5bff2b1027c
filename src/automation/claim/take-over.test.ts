import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunRecord, StepRecord } from "../../core/journal.ts";
import { newStep } from "../step-record.ts";
import { labelsOf, takeOver } from "./take-over.ts";

const RUN: RunRecord = {
  id: "r1",
  automation: "demo",
  status: "failed",
  codeHash: "same",
  input: "{}",
  startedAtMs: 0,
  resumes: 0,
};

function step(label: string, position: number, change: Partial<StepRecord> = {}): StepRecord {
  const [name = "", task = ""] = label.split("/").toReversed();
  const parts = { runId: "r1", task, name, kind: "step", position, hasUndo: false } as const;
  return { ...newStep({ ...parts, atMs: 0 }), status: "completed", value: "1", ...change };
}

function task(name: string, position: number, change: Partial<StepRecord> = {}): StepRecord {
  return step(`${name}/`, position, { kind: "task", ...change });
}

const FAILED = { status: "failed" } as const;
const UNDONE = { undo: "done" } as const;
const OPEN = { undo: "registered" } as const;
const BEGUN = {
  status: "begun",
  effect: "unknown",
  attempts: [{ number: 1, startedAtMs: 0 }],
} as const;

/** The labels of what is taken over, those that are to be undone first with a question mark. */
function taken(steps: readonly StepRecord[], from?: string, run: Partial<RunRecord> = {}) {
  const result = takeOver("r2", { run: { ...RUN, ...run }, steps, from });
  expect(result.steps.filter(({ runId }) => runId !== "r2")).toEqual([]);
  const labels = labelsOf(result.steps);
  return {
    from: result.from,
    count: result.count,
    undone: result.undone,
    steps: labels.map((label, index) =>
      result.steps[index]?.status === "begun" ? `${label}?` : label,
    ),
  };
}

test.for<
  [
    what: string,
    steps: StepRecord[],
    from: string | undefined,
    expected: Partial<ReturnType<typeof taken>>,
  ]
>([
  [
    "all but what ends with a run, of which what was kept for an undo is none",
    [
      step("tidy", 1, { kind: "cleanup", ...FAILED }),
      step("db", 2, { kind: "resource", value: '{"unlock":"db"}' }),
      step("kept", 3, { kind: "resource", value: '{"remove":[],"isForUndo":true}' }),
      step("a", 4),
      step("b", 5, FAILED),
    ],
    undefined,
    { from: "b", count: 1, steps: ["kept", "a"] },
  ],
  [
    "steps up to the one that was not finished, whatever is still held",
    [
      step("kept", 1, { kind: "resource", status: "begun", value: "{}" }),
      step("a", 2),
      step("b", 3, { status: "begun" }),
    ],
    undefined,
    { from: "b", count: 1, steps: ["a"] },
  ],
  [
    "what comes before the failed step",
    [step("a", 1), step("b", 2, { kind: "read" }), step("c", 3, FAILED), step("d", 4)],
    undefined,
    { from: "c", steps: ["a", "b"], count: 2 },
  ],
  [
    "what comes before the step that is named",
    [step("a", 1), step("b", 2), step("c", 3, FAILED)],
    "b",
    { from: "b", steps: ["a"], count: 1 },
  ],
  [
    "all, where nothing failed but the function itself",
    [step("a", 1), step("b", 2, OPEN)],
    undefined,
    { from: undefined, steps: ["a", "b"], count: 2 },
  ],
  [
    "from the first that was not finished",
    [step("a", 1), step("b", 2, { ...BEGUN, ...UNDONE }), step("c", 3, { status: "begun" })],
    undefined,
    { from: "b", steps: ["a"] },
  ],
  [
    "not what was undone, which is told",
    [step("a", 1, UNDONE), step("b", 2), step("c", 3, { ...FAILED, ...UNDONE })],
    undefined,
    { steps: ["b"], undone: ["a"] },
  ],
  [
    "a task that succeeded, as a whole, also what it did later",
    [task("t", 1), step("t/x", 2), step("c", 3, FAILED), step("t/y", 4, { ...FAILED, ...OPEN })],
    undefined,
    { steps: ["t", "t/x", "t/y"], count: 2 },
  ],
  [
    "of a task that failed, what has no undo",
    [task("t", 1, FAILED), step("t/x", 2), step("t/y", 3, FAILED)],
    undefined,
    { from: "t/y", steps: ["t/x"] },
  ],
  [
    "nothing of a task that is named",
    [step("a", 1), task("t", 2), step("t/x", 3), step("t/y", 4)],
    "t",
    { from: "t", steps: ["a"] },
  ],
  [
    "of a task in which the step is, what comes before it",
    [task("t", 1), step("t/x", 2), step("t/y", 3), step("c", 4, FAILED)],
    "t/y",
    { from: "t/y", steps: ["t/x"] },
  ],
  [
    "what was kept and comes later, to be undone first",
    [
      task("t", 1, FAILED),
      step("t/x", 2, FAILED),
      step("own", 3, OPEN),
      task("u", 4),
      step("u/y", 5, OPEN),
    ],
    undefined,
    { from: "t/x", steps: ["own?", "u/y?"], count: 0 },
  ],
  [
    "a step in doubt that is named",
    [step("a", 1), step("b", 2, BEGUN)],
    "b",
    { from: "b", steps: ["a"] },
  ],
])("takes over %s", ([, steps, from, expected]) => {
  expect(taken(steps, from)).toMatchObject(expected);
});

test.for<[what: string, steps: StepRecord[], from: string | undefined, says: string]>([
  ["no step of that name", [step("a", 1)], "b", 'Run r1 has no step "b"; it has "a"'],
  ["no step at all", [], "b", 'Run r1 has no step "b"; it has none'],
  [
    "two of that name",
    [step("a/b", 1), { ...step("x", 2), name: "a/b" }],
    "a/b",
    'Two steps of run r1 are called "a/b"',
  ],
  [
    "a step whose undo failed",
    [
      task("", 3, { ...FAILED, undo: "failed" }),
      step("a", 1, { undo: "failed" }),
      step("b", 2, FAILED),
    ],
    undefined,
    'Step "a" of run r1 is still in effect',
  ],
  [
    "a step in doubt",
    [step("a", 1, BEGUN)],
    undefined,
    'Nobody saw whether step "a" of run r1 happened',
  ],
])("refuses %s", ([, steps, from, says]) => {
  expect(() => taken(steps, from)).toThrow(says);
});

test("of a run that was left, what comes later and is in effect has to be rolled back first", () => {
  const steps = [step("a", 1, OPEN), step("b", 2, OPEN)];

  expect(() => taken(steps, "b", { status: "abandoned" })).toThrow('Step "b" of run r1 is still');
});

test("what is handed over to be undone keeps its key and its value, and has no end", () => {
  const own = step("own", 2, { ...OPEN, endedAtMs: 7, toldBy: "human" });

  const { steps } = takeOver("r2", { run: RUN, steps: [step("a", 1, FAILED), own] });

  const { endedAtMs: _, toldBy: __, ...rest } = own;
  expect(steps).toEqual([{ ...rest, runId: "r2", status: "begun", effect: "unknown" }]);
});

test("every finished step in effect before the first is taken over, and none that was undone", () => {
  const states = fc.constantFrom<Partial<StepRecord>>({}, UNDONE, FAILED, { ...FAILED, ...UNDONE });
  fc.assert(
    fc.property(fc.array(states, { minLength: 1 }), fc.nat(), (changes, seed) => {
      const steps = changes.map((change, index) => step(`s${index}`, index + 1, change));
      const at = seed % steps.length;

      const { steps: kept } = takeOver("r2", { run: RUN, steps, from: `s${at}` });

      const expected = steps
        .slice(0, at)
        .filter(({ status, undo }) => status === "completed" && undo !== "done");
      expect(kept.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
    }),
  );
});

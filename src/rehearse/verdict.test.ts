import { expect, test } from "vitest";
import type { Fault, RunReport } from "./messages.ts";
import type { Seen } from "./perform.ts";
import { file, play, referenceTo, report, rolledBack, row, seen, step } from "./play.contract.ts";
import type { Facts } from "./differences.ts";
import type { Reference } from "./reference.ts";
import { judge, reconsider, type Finding, type Verdict } from "./verdict.ts";

const A = step("a");
const B = step("b");
const made = { a: file("by a") };
const both = { ...made, b: file("by b") };

/** What two steps with an undo make, one file each. */
const TWO = referenceTo([
  [A, made],
  [B, both],
]);

interface Played {
  readonly fault: Fault;
  readonly report?: RunReport;
  readonly before?: Facts;
  readonly after?: Facts;
  readonly seen?: readonly Seen[];
  readonly reference?: Reference;
}

function judged({ fault, reference = TWO, ...rest }: Played): Verdict {
  return judge(fault, play(rest), reference);
}

/** Mistake, step and places of what was found. */
function found(played: Played): [mistake: string, step: string, paths: string[]][] {
  return judged(played).findings.map(({ mistake, step: of, left }) => [
    mistake,
    of,
    left.map(({ path }) => path),
  ]);
}

test("what fails undisturbed too need not be done in the end", () => {
  const rows = [row("a"), row("b", { status: "failed" })];
  const reference = referenceTo(
    [
      [A, made],
      [B, made],
    ],
    rows,
  );

  expect(found({ fault: KILLED, report: report(rows), after: made, reference })).toEqual([]);
});

const done = [row("a"), row("b")];
const undone = [row("a", { undo: "done" }), row("b", { status: "failed", undo: "done" })];
const KILLED: Fault = { name: "kill-after", step: "b" };
const FAILED: Fault = { name: "late-fatal", step: "b" };

test("a rollback that leaves nothing and a resume that ends complete are well", () => {
  expect(found({ fault: FAILED, report: rolledBack(undone) })).toEqual([]);
  expect(found({ fault: KILLED, report: report(done), after: both })).toEqual([]);
});

test.for<[what: string, played: Played, findings: [string, string, string[]][]]>([
  [
    "an undo that was forgotten, whichever step failed",
    {
      fault: FAILED,
      report: rolledBack([row("a", { undo: "none" }), row("b", { status: "failed" })]),
      after: made,
      reference: referenceTo([
        [step("a", { hasUndo: false }), made],
        [B, both],
      ]),
    },
    [["forgotten-undo", "a", ["a"]]],
  ],
  [
    "an undo that fails where nothing was done",
    {
      fault: { name: "fatal", step: "b" },
      report: rolledBack([row("a"), row("b", { status: "failed", undo: "failed" })]),
    },
    [["undo-assumes-effect", "b", []]],
  ],
  [
    "an undo that damages where nothing was done",
    {
      fault: { name: "kill-before", step: "b" },
      report: rolledBack(undone),
      after: { b: file("?") },
    },
    [["resume-fails", "b", []]],
  ],
  [
    "an undo that fails for good",
    {
      fault: FAILED,
      report: rolledBack([row("a", { undo: "failed" }), row("b", { undo: "done" })]),
      after: made,
    },
    [["undo-fails", "a", ["a"]]],
  ],
  [
    "an undo that leaves a part",
    { fault: FAILED, report: rolledBack(undone), after: { b: file("by b") } },
    [["undo-incomplete", "b", ["b"]]],
  ],
  [
    "an undo that cannot be called again",
    {
      fault: { name: "undo-fails-once", step: "a", trigger: "b" },
      report: rolledBack(undone),
      after: made,
    },
    [["undo-not-repeatable", "a", ["a"]]],
  ],
  [
    "an undo that loses the mode",
    {
      fault: FAILED,
      report: rolledBack(undone),
      before: { a: file("old", "0600") },
      after: { a: file("old") },
    },
    [["undo-loses-mode", "a", ["a"]]],
  ],
  [
    "an undo that takes what another needs",
    {
      fault: FAILED,
      report: rolledBack([row("a", { undo: "failed" }), row("b", { undo: "done" })]),
      before: { a: file("old") },
      seen: [
        seen("before undo", B, { ...both, a: file("by a") }),
        seen("after undo", B, {}),
        seen("before undo", A, {}),
      ],
    },
    [["undo-takes-others", "b", ["a"]]],
  ],
  [
    "a file that nobody knows",
    { fault: FAILED, report: rolledBack(undone), after: { "b.partial": file("x") } },
    [["left-behind", "b", ["b.partial"]]],
  ],
  [
    "a file that was there before, and that nobody is known to touch",
    { fault: FAILED, report: rolledBack(undone), before: { z: file("x") } },
    [["unexplained", "b", ["z"]]],
  ],
  [
    "work that is done twice",
    { fault: KILLED, report: report(done), after: { ...both, b: file("by b by b") } },
    [["repeated-effect", "b", ["b"]]],
  ],
  [
    "a reconcile that says that it happened",
    {
      fault: { name: "kill-before", step: "b" },
      report: report([row("a"), row("b", { toldBy: "reconcile" })]),
      after: made,
    },
    [["reconcile-lies", "b", ["b"]]],
  ],
  [
    "a reconcile that says that it did not",
    {
      fault: KILLED,
      report: report(done),
      after: { ...both, b: file("by b by b") },
      reference: referenceTo([
        [A, made],
        [step("b", { hasReconcile: true }), both],
      ]),
    },
    [["reconcile-lies", "b", ["b"]]],
  ],
  [
    "an undo before the next attempt that leaves a part",
    {
      fault: KILLED,
      report: report([row("a"), row("b", { generation: 2 })]),
      after: { ...both, b: file("by b by b") },
    },
    [["undo-incomplete", "b", ["b"]]],
  ],
  [
    "an undo before the first attempt that damages",
    {
      fault: { name: "kill-before", step: "b" },
      report: report([row("a"), row("b", { generation: 2 })]),
      after: made,
    },
    [["undo-assumes-effect", "b", ["b"]]],
  ],
  [
    "another step that ends differently after a resume",
    { fault: KILLED, report: report(done), after: { ...both, a: file("x") } },
    [["resume-differs", "a", ["a"]]],
  ],
  [
    "a resume that leaves a file more",
    { fault: KILLED, report: report(done), after: { ...both, z: file("x") } },
    [["left-behind", "b", ["z"]]],
  ],
  [
    "a resume that fails",
    { fault: KILLED, report: rolledBack([row("a"), row("b", { status: "failed" })]) },
    [["resume-fails", "b", []]],
  ],
  [
    "a run that waits for a human",
    { fault: KILLED, report: report([row("a")], { status: "in doubt" }) },
    [["in-doubt", "b", []]],
  ],
  [
    "a resume that does not fit",
    { fault: KILLED, report: report([row("a")], { status: "rejected" }) },
    [["not-replayable", "b", []]],
  ],
  [
    "a run that is never done",
    { fault: KILLED, report: report([row("a")], { status: "interrupted" }) },
    [["not-played", "b", []]],
  ],
  ["a process that dies each time", { fault: KILLED }, [["not-played", "b", []]]],
  [
    "a verify that accepts what is wrong",
    { fault: { name: "wrong-output", step: "b" }, report: report(done), after: {} },
    [["verify-accepts", "b", []]],
  ],
])("%s is named", ([, played, findings]) => {
  expect(found(played)).toEqual(findings);
});

test("a verify that refuses the first answer has done its work, whatever comes of it", () => {
  const noticed = row("b", { codes: ["VERIFY_FAILED"] });

  expect(
    found({
      fault: { name: "wrong-output", step: "b" },
      report: report([row("a"), noticed]),
      after: both,
    }),
  ).toEqual([]);
});

test("that a step was not done matters where it had something to do", () => {
  const fault: Fault = { name: "wrong-output", step: "b", isSilent: true };

  expect(judged({ fault, report: report(done), after: both })).toEqual({
    findings: [],
    note: "its work had nothing to do",
  });
  expect(judged({ fault, report: report(done), after: made }).findings).toEqual([
    {
      mistake: "verify-accepts",
      step: "b",
      left: [],
      said: "it was not done, and verify found it good",
    },
  ]);
});

test("what was changed outside of any step is named by the step before it", () => {
  const outside = { ...made, z: file("x") };
  const reference = referenceTo([[A, made]]);
  const moved = { ...reference, final: outside };
  const maker = { kind: "outside", label: "a", task: "" } as const;
  const all = { ...moved, made: [...reference.made, changeOf("z", maker)] };

  expect(
    found({ fault: FAILED, report: rolledBack(undone), after: { z: file("x") }, reference: all }),
  ).toEqual([["effect-outside", "a", ["z"]]]);
  expect(
    found({
      fault: { name: "kill-after", step: "a" },
      report: report([row("a")]),
      after: { ...made, z: file("xx") },
      reference: all,
    }),
  ).toEqual([["effect-outside", "a", ["z"]]]);
});

function changeOf(path: string, by: Reference["made"][number]["by"]): Reference["made"][number] {
  return { by, difference: { path, expected: undefined, found: file("x") } };
}

test("what a read changes is its mistake", () => {
  const reads = referenceTo([[step("a", { kind: "read", hasUndo: false }), made]]);

  expect(found({ fault: FAILED, report: rolledBack([]), after: made, reference: reads })).toEqual([
    ["effect-in-read", "a", ["a"]],
  ]);
});

test("what a task that succeeded did stays, and what the failed one did does not", () => {
  const reference = referenceTo([
    [A, made],
    [step("t/b", { task: "t" }), both],
  ]);
  const ended = {
    fault: { name: "late-fatal", step: "t/b" },
    report: report([row("a"), row("t/b", { task: "t", status: "failed", undo: "done" })], {
      status: "failed",
      tasks: [
        { name: "", isOk: true },
        { name: "t", isOk: false },
      ],
    }),
    reference,
  } as const;

  expect(found({ ...ended, after: made })).toEqual([]);
  expect(found({ ...ended, after: both })).toEqual([["undo-incomplete", "t/b", ["b"]]]);
  expect(found(ended).map(([, , paths]) => paths)).toEqual([["a"]]);
});

test("a failed step that its task does without is told, and not judged", () => {
  const steps = [row("a", { status: "failed" }), row("b")];

  expect(
    judged({
      fault: { name: "fatal", step: "a" },
      report: report(steps),
      after: { b: file("by b") },
    }),
  ).toEqual({ findings: [], note: "the automation goes on without the step" });
});

test("what differs by itself is compared by name, save where it must be as it was", () => {
  const watched = play({
    seen: [seen("before work", A, {}), seen("after work", A, { a: file("1") })],
    after: { a: file("1") },
  });
  const other = { ...watched, after: { a: file("2") } };
  const reference: Reference = {
    ...referenceTo([[A, { a: file("1") }]]),
    looseness: { contents: new Set(Object.keys(other.after)), names: new Set() },
  };
  const fault: Fault = { name: "kill-after", step: "a" };

  expect(found({ fault, report: report([row("a")]), after: { a: file("3") }, reference })).toEqual(
    [],
  );
  expect(
    found({
      fault: { name: "late-fatal", step: "a" },
      report: rolledBack([row("a", { status: "failed", undo: "done" })]),
      before: { a: file("old") },
      after: { a: file("other") },
      reference,
    }),
  ).toEqual([["undo-incomplete", "a", ["a"]]]);
});

test("what a second call of an undo shows is named by what one call shows", () => {
  const twice: Finding = { mistake: "undo-not-repeatable", step: "a", left: [] };
  const settle = reconsider([twice, { mistake: "undo-fails", step: "a", left: [] }]);

  expect(settle(twice).mistake).toBe("undo-fails");
  expect(settle({ ...twice, step: "b" }).mistake).toBe("undo-not-repeatable");
  expect(settle({ ...twice, mistake: "in-doubt" }).mistake).toBe("in-doubt");
});

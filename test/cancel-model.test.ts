/**
 * A run that is cancelled, as by Ctrl-C, at any moment that it passes: on either side of its writes,
 * at each timer, and wherever the work, its verification, an undo or a reconcile is called or acts.
 * Then it is started again, killed at any write, and started once more; all on a virtual clock.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import { step, testCancelAnywhere, type Example } from "./model/cancel-anywhere.ts";
import { Machine } from "./model/machine.ts";
import type { Strike } from "./model/process.ts";
import { GUARDS, type Part, type StepPart } from "./model/program.ts";

const PROGRAMS: readonly Example[] = [
  [
    "three steps",
    [step("a", "plain"), { read: "look" }, step("b", "undo"), step("c", "reconcile")],
    "abc",
  ],
  [
    "steps side by side, with waits between",
    [
      {
        all: [
          [step("a", "plain", { hearing: "deaf" }), { pauseMs: 3 }, step("b", "undo")],
          [step("c", "repeatable"), step("d", "reconcile", { hearing: "deaf" })],
        ],
      },
      step("e", "plain"),
    ],
    "abcde",
  ],
  [
    "tasks beside each other and steps of the run's own",
    [
      {
        all: [
          [{ task: "left", parts: [step("a", "plain"), step("b", "undo", { hearing: "deaf" })] }],
          [{ task: "right", parts: [step("c", "repeatable"), { pauseMs: 2 }] }],
          [step("d", "undo and reconcile")],
        ],
      },
      step("e", "plain", { hearing: "deaf" }),
    ],
    "abcde",
  ],
  [
    "steps that are in doubt beside each other",
    [
      {
        all: [
          [step("a", "plain")],
          [{ pauseMs: 1 }, { task: "inner", parts: [step("b", "plain")] }],
        ],
      },
      step("c", "repeatable"),
    ],
    "abc",
  ],
  [
    "steps that are attempted twice",
    [
      step("a", "plain", { fault: "refused" }),
      step("b", "undo", { fault: "lost" }),
      step("c", "reconcile", { fault: "lost" }),
      step("d", "repeatable", { fault: "lost", hearing: "deaf" }),
      step("e", "undo and reconcile", { fault: "refused" }),
    ],
    "abcde",
  ],
  [
    "work that outlasts its grace",
    [step("a", "undo", { hearing: "endless" }), step("b", "plain", { hearing: "endless" })],
    "ab",
  ],
  [
    "a failure at the end",
    [
      step("a", "undo", { fault: "stuck undo" }),
      step("b", "undo"),
      step("c", "undo", { fault: "bug" }),
    ],
    "",
  ],
  [
    "a failure beside other steps",
    [
      {
        all: [
          [step("b", "undo"), { pauseMs: 1 }, step("c", "undo", { hearing: "deaf" })],
          [{ pauseMs: 4 }, step("d", "undo", { fault: "bug" })],
          [{ task: "kept", parts: [step("e", "reconcile")] }],
        ],
      },
    ],
    "e",
  ],
  [
    "a task that may fail",
    [
      step("a", "plain"),
      {
        task: "inner",
        parts: [step("b", "undo", { hearing: "deaf" }), step("c", "undo", { fault: "bug" })],
        mayFail: true,
      },
      step("d", "reconcile"),
    ],
    "ad",
  ],
  [
    "scopes and cleanups, and a scope that fails and is caught",
    [
      { cleanup: "last" },
      step("a", "undo"),
      {
        scope: "part",
        parts: [{ cleanup: "of the part" }, step("b", "undo"), step("c", "undo", { fault: "bug" })],
      },
      {
        scope: "kept",
        parts: [step("d", "reconcile"), { scope: "deeper", parts: [step("e", "undo")] }],
      },
    ],
    "ade",
  ],
  [
    "scopes that are taken back with their task",
    [
      { cleanup: "last" },
      {
        all: [
          [{ scope: "whole", isWhole: true, parts: [step("a", "undo"), step("b", "undo")] }],
          [
            {
              scope: "part",
              parts: [step("c", "undo", { fault: "stuck undo" }), { cleanup: "of c" }],
            },
          ],
        ],
      },
      step("d", "undo", { fault: "bug" }),
    ],
    "",
  ],
];

testCancelAnywhere(PROGRAMS);

/** Steps that succeed in the end, whatever is done to them. */
const lasting: fc.Arbitrary<StepPart> = fc
  .record({
    step: fc.constant(""),
    guard: fc.constantFrom(...GUARDS),
    fault: fc.constantFrom(undefined, "refused", "lost"),
    hearing: fc.constantFrom(undefined, "deaf", "endless"),
  })
  .filter(({ guard, fault }) => guard !== "plain" || fault !== "lost");

const undoable: fc.Arbitrary<StepPart> = fc.record({
  step: fc.constant(""),
  guard: fc.constant("undo"),
  fault: fc.constantFrom(undefined, "refused", "lost", "stuck undo"),
  hearing: fc.constantFrom(undefined, "deaf"),
});

const pause: fc.Arbitrary<Part> = fc.record({ pauseMs: fc.integer({ min: 0, max: 9 }) });

const branchOf = (parts: fc.Arbitrary<Part>) => fc.array(parts, { minLength: 1, maxLength: 3 });

const cleanup: fc.Arbitrary<Part> = fc.record({ cleanup: fc.constant("") });

const scope = (parts: fc.Arbitrary<Part>): fc.Arbitrary<Part> =>
  fc.record({ scope: fc.constant(""), parts: branchOf(parts) });

const besides = (parts: fc.Arbitrary<Part>): fc.Arbitrary<Part> =>
  fc.record({ all: fc.array(branchOf(parts), { minLength: 2, maxLength: 3 }) });

const task: fc.Arbitrary<Part> = fc.record({
  task: fc.constant(""),
  parts: branchOf(fc.oneof(lasting, pause)),
});

const sleep: fc.Arbitrary<Part> = fc.record({
  sleep: fc.constant(""),
  ms: fc.integer({ min: 0, max: 9 }),
});

const parallel = (parts: fc.Arbitrary<Part>): fc.Arbitrary<Part> =>
  fc.record({
    parallel: fc.array(branchOf(parts), { minLength: 1, maxLength: 4 }),
    concurrency: fc.integer({ min: 1, max: 3 }),
  });

const map: fc.Arbitrary<Part> = fc.record({
  map: fc.constant(""),
  items: fc.constantFrom<string[]>([], ["p"], ["p", "q", "r"]),
  parts: fc.array(lasting, { minLength: 1, maxLength: 2 }),
});

const child: fc.Arbitrary<Part> = fc.record({
  child: fc.constant(""),
  parts: branchOf(fc.oneof(lasting, pause, sleep, task, parallel(lasting))),
});

const apart = fc.oneof(task, map, child);

const succeeding = branchOf(
  fc.oneof(
    lasting,
    pause,
    sleep,
    apart,
    cleanup,
    scope(fc.oneof(lasting, pause, sleep, cleanup)),
    besides(fc.oneof(lasting, pause, apart, scope(fc.oneof(lasting, cleanup)))),
    parallel(fc.oneof(lasting, sleep, scope(lasting))),
  ),
);

/** The last step fails, beside others that may be under way, over or not yet begun. */
const failing = fc
  .tuple(
    branchOf(
      fc.oneof(undoable, pause, cleanup, parallel(undoable), scope(fc.oneof(undoable, cleanup))),
    ),
    branchOf(fc.oneof(undoable, pause, sleep, scope(undoable))),
    branchOf(pause),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([parts, beside, before, concurrency]): Part[] => {
    const failingBranch = [...before, step("", "undo", { fault: "bug" })];
    const branches = [beside, failingBranch, [step("", "undo")]];
    return [...parts, concurrency > 2 ? { all: branches } : { parallel: branches, concurrency }];
  });

/** `parts` with a name for each step and task. */
function named(parts: readonly Part[], path = "s"): Part[] {
  return parts.map((part, index) => {
    const name = `${path}${index}`;
    if ("step" in part) return { ...part, step: name };
    const branchesOf = (branches: readonly (readonly Part[])[]) =>
      branches.map((branch, place) => named(branch, `${name}-${place}-`));
    if ("sleep" in part) return { ...part, sleep: name };
    if ("task" in part) return { ...part, task: name, parts: named(part.parts, name) };
    if ("map" in part) return { ...part, map: name, parts: named(part.parts, name) as StepPart[] };
    if ("child" in part) return { ...part, child: name, parts: named(part.parts, name) };
    if ("cleanup" in part) return { cleanup: name };
    if ("scope" in part) return { ...part, scope: name, parts: named(part.parts, name) };
    if ("parallel" in part) return { ...part, parallel: branchesOf(part.parallel) };
    return "all" in part ? { all: branchesOf(part.all) } : part;
  });
}

const strikes = fc.array(
  fc.record<Strike>({
    how: fc.constantFrom("cancel", "kill"),
    moment: fc.integer({ min: 1, max: 120 }),
  }),
  { minLength: 1, maxLength: 5 },
);

test.for<[what: string, programs: fc.Arbitrary<Part[]>]>([
  ["complete", succeeding],
  ["as before", failing],
])("whatever is cancelled and killed, in the end the world is %s", async ([, programs]) => {
  const property = fc.asyncProperty(
    programs.map((parts) => named(parts)),
    strikes,
    async (program, all) => {
      const expected = await new Machine(program).finish();
      const machine = new Machine(program);

      for (const strike of all) if (!(await machine.isEnded())) await machine.start(strike);

      expect(await machine.finish()).toEqual(expected);
    },
  );
  await expect(fc.assert(property, { seed: 2026, numRuns: 100 })).resolves.toBeUndefined();
});

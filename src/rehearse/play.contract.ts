/** Hand-made runs for the tests of pure rules. */

import type { StepFacts } from "../automation/interference.ts";
import type { Fact, Facts } from "./differences.ts";
import type { RunReport, StepRow } from "./messages.ts";
import type { Play, Seen } from "./perform.ts";
import { referenceOf, type Reference } from "./reference.ts";

/** A file with a content. */
export function file(content: string, mode = "0644"): Fact {
  return { kind: "file", mode, owner: "0:0", bytes: content.length, content };
}

/** A step with an undo, and nothing else. */
export function step(label: string, more: Partial<StepFacts> = {}): StepFacts {
  return {
    label,
    task: "",
    kind: "step",
    hasUndo: true,
    hasVerify: false,
    verifiesValue: false,
    hasReconcile: false,
    isRepeatable: false,
    limitMs: 600_000,
    ...more,
  };
}

/** A completed step in the journal. */
export function row(label: string, more: Partial<StepRow> = {}): StepRow {
  return {
    label,
    task: "",
    kind: "step",
    status: "completed",
    generation: 1,
    undo: "registered",
    codes: [],
    ...more,
  };
}

/** A run that succeeded. */
export function report(steps: readonly StepRow[], more: Partial<RunReport> = {}): RunReport {
  return { status: "succeeded", tasks: [{ name: "", isOk: true }], steps, ...more };
}

/** A run whose own task was rolled back. */
export function rolledBack(steps: readonly StepRow[], more: Partial<RunReport> = {}): RunReport {
  return report(steps, { status: "failed", tasks: [{ name: "", isOk: false }], ...more });
}

/** A run in a world that is empty before and after. */
export function play(more: Partial<Play> = {}): Play {
  return {
    before: {},
    after: {},
    report: undefined,
    seen: [],
    output: "",
    durationMs: 1,
    ...more,
  };
}

/** A moment of a run. */
export function seen(at: Seen["at"], of: StepFacts, facts: Facts, more: Partial<Seen> = {}): Seen {
  return { at, step: of, facts, calls: [], ...more };
}

/**
 * What is known of an automation whose steps change the world one after the other, from nothing.
 *
 * @param rows How its steps ended. Default: all were completed.
 */
export function referenceTo(
  works: readonly (readonly [StepFacts, Facts])[],
  rows = works.map(([{ label }]) => row(label)),
): Reference {
  let facts: Facts = {};
  const moments = works.flatMap(([of, after]) => {
    const before = facts;
    facts = after;
    return [seen("before work", of, before), seen("after work", of, after)];
  });
  const watched = play({ seen: moments, after: facts, report: report(rows) });
  return referenceOf(watched, watched);
}

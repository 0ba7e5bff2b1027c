/**
 * What an undisturbed run is known by: its steps, which of them changed what, and what it leaves. A
 * second one tells what differs from run to run by itself. Pure.
 */

import type { StepFacts } from "../automation/interference.ts";
import {
  differences,
  loosenessOf,
  type Difference,
  type Facts,
  type Looseness,
} from "./differences.ts";
import { stepsIn, type Play, type Seen } from "./perform.ts";

/** Who changed something: a step, a read, or the code between them. */
export interface Maker {
  readonly kind: "step" | "read" | "outside";
  /** The step's label; after which step it was, where it was between two. */
  readonly label: string;
  readonly task: string;
}

/** One change that an undisturbed run makes. */
export interface Made {
  readonly by: Maker;
  readonly difference: Difference;
}

/** A step of the undisturbed run. */
export interface ReferenceStep extends StepFacts {
  /** Whether its work answers nothing. */
  readonly isSilent: boolean;
  /** Whether it was done at the end: what fails undisturbed too, the automation does without. */
  readonly isDone: boolean;
  readonly hasEffect: boolean;
  /** The programs that it runs, of those that may be made to fail. */
  readonly commands: readonly string[];
}

/** See the header. */
export interface Reference {
  readonly steps: readonly ReferenceStep[];
  readonly made: readonly Made[];
  readonly before: Facts;
  readonly final: Facts;
  readonly looseness: Looseness;
}

/** From two undisturbed runs, of which the first was watched at every step. */
export function referenceOf(watched: Play, other: Play): Reference {
  const made = madeIn(watched);
  const rows = watched.report?.steps ?? [];
  const steps = stepsIn(watched.seen).map((step) => ({
    ...step,
    isSilent: watched.seen.some((each) => each.step.label === step.label && each.isSilent === true),
    isDone: rows.some(({ label, status }) => label === step.label && status === "completed"),
    hasEffect: made.some(({ by }) => by.kind !== "outside" && by.label === step.label),
    commands: commandsOf(step, watched.seen),
  }));
  return {
    steps,
    made,
    before: watched.before,
    final: watched.after,
    looseness: loosenessOf(watched.after, other.after),
  };
}

/** What changed between one moment and the next, and whose doing it is. */
function madeIn({ before, seen, after }: Play): Made[] {
  const running = new Map<string, StepFacts>();
  let last: StepFacts | undefined;
  let facts = before;
  const made = seen.flatMap((moment) => {
    const { step, at } = moment;
    const by = makerOf(at === "after work" ? step : [...running.values()][0], last);
    const changes = differences(facts, moment.facts);
    facts = moment.facts;
    if (at === "before work") running.set(step.label, step);
    else running.delete(step.label);
    last = step;
    return changes.map((difference) => ({ by, difference }));
  });
  const rest = differences(facts, after).map((difference) => ({
    by: makerOf(undefined, last),
    difference,
  }));
  return [...made, ...rest];
}

function makerOf(step: StepFacts | undefined, last: StepFacts | undefined): Maker {
  if (step !== undefined) return { kind: step.kind, label: step.label, task: step.task };
  return { kind: "outside", label: last?.label ?? "", task: "" };
}

function commandsOf({ label }: StepFacts, seen: readonly Seen[]): string[] {
  const calls = seen
    .filter(({ at, step }) => at === "after work" && step.label === label)
    .flatMap((moment) => moment.calls);
  return [...new Set(calls)];
}

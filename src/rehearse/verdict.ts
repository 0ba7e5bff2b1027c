/** Judges a rehearsed run by what it left, against what an undisturbed one leaves. Pure. */

import {
  differences,
  EXACT,
  isModeOnly,
  withChanges,
  type Difference,
  type Facts,
  type Looseness,
} from "./differences.ts";
import { FAULTS } from "./faults.ts";
import type { Fault, RunReport, StepRow } from "./messages.ts";
import type { MistakeName } from "./mistakes.ts";
import type { Play } from "./perform.ts";
import type { Made, Reference } from "./reference.ts";

/** One mistake that showed in one run. */
export interface Finding {
  readonly mistake: MistakeName;
  /** The step at fault, which need not be the one that failed. */
  readonly step: string;
  /** What is not as it must be; empty when something was said and not left. */
  readonly left: readonly Difference[];
  /** What was said, such as the error of an undo. */
  readonly said?: string | undefined;
}

/** What came of it. */
export interface Verdict {
  readonly findings: readonly Finding[];
  /** What is worth knowing and no mistake. */
  readonly note?: string | undefined;
}

/** All that a judgement rests on. */
interface Case {
  readonly fault: Fault;
  readonly play: Play;
  readonly report: RunReport;
  readonly reference: Reference;
}

/** See the header. */
export function judge(fault: Fault, play: Play, reference: Reference): Verdict {
  const { report } = play;
  if (report === undefined) {
    const said = `no start of it came to an end${play.output === "" ? "" : `; it printed last: ${play.output}`}`;
    return { findings: [{ mistake: "not-played", step: fault.step, left: [], said }] };
  }
  const at: Case = { fault, play, report, reference };
  if (fault.name === "wrong-output" && isAccepted(at)) return acceptedVerdict(at);
  if (report.status === "in doubt" || report.status === "rejected") return stopped(at);
  if (report.status === "interrupted") {
    return {
      findings: [{ mistake: "not-played", step: fault.step, left: [], said: report.error }],
    };
  }
  if (isComplete(at)) return { findings: endFindings(at) };
  if (FAULTS[fault.name].mustEnd === "complete") {
    const failed = report.steps.find(({ status }) => status === "failed");
    const step = failed?.label ?? fault.step;
    const said = failed?.error ?? report.error;
    return { findings: [{ mistake: "resume-fails", step, left: [], said }] };
  }
  return isTolerated(at)
    ? { findings: [], note: "the automation goes on without the step" }
    : { findings: rollbackFindings(at) };
}

/** Every step that the undisturbed run did is done. */
function isComplete({ report, reference }: Case): boolean {
  if (report.status !== "succeeded") return false;
  const done = new Set(
    report.steps.filter(({ status }) => status === "completed").map(({ label }) => label),
  );
  return reference.steps.every(({ label, isDone }) => !isDone || done.has(label));
}

/** The step failed, and its task did well without it. */
function isTolerated({ report, fault }: Case): boolean {
  const row = rowOf(report, fault.trigger ?? fault.step);
  return row?.status === "failed" && isKept(report, row.task);
}

function isAccepted({ report, fault }: Case): boolean {
  const row = rowOf(report, fault.step);
  return row?.status === "completed" && !row.codes.includes("VERIFY_FAILED");
}

/** That nothing was done matters only where there was something to do. */
function acceptedVerdict(at: Case): Verdict {
  const { fault, play, reference } = at;
  if (fault.isSilent === true && isComplete(at)) {
    const left = differences(reference.final, play.after, reference.looseness);
    if (left.length === 0) return { findings: [], note: "its work had nothing to do" };
  }
  const said = fault.isSilent === true ? "it was not done, and verify found it good" : undefined;
  return { findings: [{ mistake: "verify-accepts", step: fault.step, left: [], said }] };
}

function stopped({ report, fault }: Case): Verdict {
  const mistake = report.status === "in doubt" ? "in-doubt" : "not-replayable";
  return { findings: [{ mistake, step: fault.step, left: [], said: report.error }] };
}

/** What a run that did everything must leave: what an undisturbed one leaves. */
function endFindings(at: Case): Finding[] {
  const { play, reference } = at;
  const left = differences(reference.final, play.after, reference.looseness);
  return grouped(left.map((difference) => ({ difference, ...blameForEnd(difference, at) })));
}

/** What a run that failed must leave: the world before, and what tasks that succeeded did. */
function rollbackFindings(at: Case): Finding[] {
  const { play, report, reference } = at;
  const kept = reference.made.filter(({ by }) => isKept(report, by.task));
  const changes = kept.map(({ difference }) => difference);
  const expected = withChanges(play.before, changes);
  const loose: Looseness = kept.length === 0 ? EXACT : reference.looseness;
  const left = differences(expected, play.after, loose);
  const found = grouped(
    left.map((difference) => ({ difference, ...blameForRest(difference, at, expected) })),
  );
  return [...found, ...undoFailures(at, found)];
}

/** Undos that failed for good, beside those that what is left has told of. */
function undoFailures(at: Case, found: readonly Finding[]): Finding[] {
  return at.report.steps
    .filter(({ undo }) => undo === "failed")
    .map((row) => ({ row, ...blameForUndo(row, at) }))
    .filter(({ mistake, step }) => !found.some((f) => f.mistake === mistake && f.step === step))
    .map(({ row, mistake, step }) => ({ mistake, step, left: [], said: row.undoError }));
}

interface Blame {
  readonly mistake: MistakeName;
  readonly step: string;
  readonly said?: string | undefined;
}

/** Why a place is not as an undisturbed run leaves it. */
function blameForEnd({ path, expected }: Difference, at: Case): Blame {
  const { fault, report, reference } = at;
  const maker = makersOf(path, reference.made).at(-1);
  if (maker === undefined)
    return { mistake: expected === undefined ? "left-behind" : "resume-differs", step: fault.step };
  const { kind, label } = maker.by;
  if (kind === "outside") return { mistake: "effect-outside", step: label };
  if (kind === "read") return { mistake: "effect-in-read", step: label };
  const facts = reference.steps.find((step) => step.label === label);
  const row = rowOf(report, label);
  if (row?.toldBy === "reconcile") return { mistake: "reconcile-lies", step: label };
  if (label !== fault.step) return { mistake: "resume-differs", step: label };
  if (facts?.hasReconcile === true) return { mistake: "reconcile-lies", step: label };
  if ((row?.generation ?? 1) > 1) {
    const isBefore = FAULTS[fault.name].isBefore === true;
    return { mistake: isBefore ? "undo-assumes-effect" : "undo-incomplete", step: label };
  }
  return { mistake: "repeated-effect", step: label };
}

/** Why a place is not as it was before what failed. */
function blameForRest(difference: Difference, at: Case, expected: Facts): Blame {
  const { path } = difference;
  const { fault, reference, report } = at;
  const makers = makersOf(path, reference.made).filter(({ by }) => !isKept(report, by.task));
  const maker = makers.at(-1);
  if (maker === undefined) {
    const taker = takersOf(at).find(({ taken }) => taken.includes(path))?.label;
    if (taker !== undefined) return { mistake: "undo-takes-others", step: taker };
    return expected[path] === undefined
      ? { mistake: "left-behind", step: fault.step }
      : { mistake: "unexplained", step: fault.step };
  }
  const { kind, label } = maker.by;
  if (kind === "outside") return { mistake: "effect-outside", step: label };
  if (kind === "read") return { mistake: "effect-in-read", step: label };
  const facts = reference.steps.find((step) => step.label === label);
  const row = rowOf(report, label);
  if (row === undefined) return { mistake: "unexplained", step: fault.step };
  if (facts?.hasUndo !== true) return { mistake: "forgotten-undo", step: label };
  return blameForUndo(row, at, difference);
}

/** What is wrong with the undo of a step, by what it left or how it failed. */
function blameForUndo(row: StepRow, at: Case, difference?: Difference): Blame {
  const { label, undoError } = row;
  const { fault } = at;
  const isAimed = fault.step === label;
  const [taker] = takersOf(at, label);
  const said = row.undo === "failed" ? undoError : undefined;
  if (taker !== undefined) return { mistake: "undo-takes-others", step: taker.label, said };
  if (isAimed && FAULTS[fault.name].isBefore === true)
    return { mistake: "undo-assumes-effect", step: label, said };
  if (difference !== undefined && isModeOnly(difference))
    return { mistake: "undo-loses-mode", step: label };
  if (isAimed && FAULTS[fault.name].needs === "undo")
    return { mistake: "undo-not-repeatable", step: label, said };
  if (row.undo === "failed") return { mistake: "undo-fails", step: label, said };
  return { mistake: "undo-incomplete", step: label };
}

interface Taker {
  /** The step whose undo it is. */
  readonly label: string;
  /** The places that it changed, and that its own work never does. */
  readonly taken: readonly string[];
}

/** Whose undos changed what is not their step's, before `label` was undone. */
function takersOf({ play, reference }: Case, label?: string): Taker[] {
  const { seen } = play;
  const first = seen.findIndex(({ step }) => step.label === label);
  return seen.slice(0, first < 0 ? seen.length : first + 1).flatMap((moment, index, all) => {
    const next = all[index + 1];
    // Where the undo was killed, the next moment is that of another start.
    if (moment.at !== "before undo" || next === undefined) return [];
    const { label: taker } = moment.step;
    const isOthers = (path: string): boolean => {
      const makers = makersOf(path, reference.made).map(({ by }) => by.label);
      return makers.length > 0 && !makers.includes(taker);
    };
    const taken = differences(moment.facts, next.facts)
      .map(({ path }) => path)
      .filter(isOthers);
    return taken.length > 0 ? [{ label: taker, taken }] : [];
  });
}

function makersOf(path: string, made: readonly Made[]): Made[] {
  return made.filter(({ difference }) => difference.path === path);
}

/** Whether what a task did stays. The run's own task is not told of when it did nothing. */
function isKept({ tasks, steps, status }: RunReport, task: string): boolean {
  const end = tasks.find(({ name }) => name === task);
  if (end !== undefined) return end.isOk;
  return task === "" && status !== "interrupted" && !steps.some((row) => row.task === "");
}

function rowOf({ steps }: RunReport, label: string): StepRow | undefined {
  return steps.find((row) => row.label === label);
}

/** What shows too when an undo is called once and for all; the first that a step has explains the rest. */
const EXPLAINS: readonly MistakeName[] = ["undo-assumes-effect", "undo-incomplete", "undo-fails"];

/**
 * What a second call of an undo showed, named by what calls of it show anyway: only an undo that is
 * well when it is called once is not repeatable.
 */
export function reconsider(all: readonly Finding[]): (finding: Finding) => Finding {
  return (finding) => {
    if (finding.mistake !== "undo-not-repeatable") return finding;
    const mistake = EXPLAINS.find((name) =>
      all.some((other) => other.mistake === name && other.step === finding.step),
    );
    return mistake === undefined ? finding : { ...finding, mistake };
  };
}

/** One finding for each mistake and step, with all that it left. */
function grouped(all: readonly (Blame & { readonly difference: Difference })[]): Finding[] {
  const findings = new Map<string, Finding>();
  for (const { mistake, step, said, difference } of all) {
    const key = JSON.stringify([mistake, step]);
    const known = findings.get(key) ?? { mistake, step, left: [], said };
    findings.set(key, { ...known, said: known.said ?? said, left: [...known.left, difference] });
  }
  return [...findings.values()];
}

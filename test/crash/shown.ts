/** Whether `holdfast show` tells what happened. */

import type { Recorded } from "./evidence.ts";
import { isGraceful, type Aim } from "./plan.ts";
import { kindOf, subjectOf, type Window } from "./windows.ts";

/** Nobody has seen the end of its attempt, and its process is gone. */
const BEGUN = /: begun, its end was not seen/;

/** Where the answer got lost and the effect was found out, the last attempt has ended. */
const NOT_ENDED = /: (begun, its end was not seen|between two attempts)/;

/** What the line of a step says when its run was killed there; any of these is right. */
const STEP_SAYS: Readonly<Record<string, RegExp>> = {
  "before the effect": BEGUN,
  "after the effect": NOT_ENDED,
  "after the record": /: completed/,
  "before the failed attempt": BEGUN,
  "after the failed attempt": /: between two attempts/,
  "before the failure": NOT_ENDED,
  "after the failure": /: failed/,
  "before the undo": /, undo begun/,
  "after the undo": /, undo begun/,
  "after its record": /, undone/,
};

const TASK_SAYS: Readonly<Record<string, RegExp>> = {
  "after the task's intent": /: begun/,
  "after the task's result": /: completed/,
  "after the task's rollback": /: rolling back/,
  "after the task's failure": /: failed, rolled back completely/,
};

/** What is wrong with what `holdfast show last` said between the kill and the next start. */
export function showProblems(text: string, aim: Aim, recorded: Recorded): string[] {
  const { run, isUnfinished } = recorded;
  if (run === undefined) return text.includes(": succeeded") ? [] : ["show: not the night before"];
  const isCutOff = isUnfinished && !isGraceful(aim);
  const state = isCutOff ? "cut off" : run.status;
  const says = [
    `${run.automation}, run ${run.id}: ${state}`,
    ...(isCutOff ? ["Its process is gone."] : []),
    ...(isUnfinished ? ["To go on with it:"] : []),
  ];
  return [
    ...says.filter((part) => !text.includes(part)).map((part) => `show: does not say "${part}"`),
    ...("window" in aim ? windowProblems(text, aim.window, recorded) : []),
  ];
}

function windowProblems(text: string, window: Window, recorded: Recorded): string[] {
  const record = recorded.steps.find((step) => subjectOf(step) === window.subject);
  const kind = kindOf(window);
  const expected = STEP_SAYS[kind] ?? TASK_SAYS[kind];
  if (record === undefined || expected === undefined) return [];
  const { task, name, kind: what } = record;
  const start = what === "task" ? `task ${task || recorded.run?.automation}:` : `${what} ${name}:`;
  const line = text.split("\n").find((candidate) => candidate.includes(start));
  return line !== undefined && expected.test(line)
    ? []
    : [`show: "${line ?? start}" does not say ${expected}`];
}

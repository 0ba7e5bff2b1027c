/** `holdfast show`: tells what a run did, step by step. */

import { formatMs } from "../core/duration.ts";
import { errorLine } from "../core/error-summary.ts";
import { EXIT } from "../core/exit-codes.ts";
import { UNFINISHED, type AttemptRecord, type StepRecord } from "../core/journal.ts";
import { clip } from "../core/show.ts";
import { decodeValue } from "../journal/codec.ts";
import { redactor, type Redactor } from "../core/redact.ts";
import { findCancelRequest } from "../automation/cancel/cancel.ts";
import type { CancelRequest } from "../automation/cancel/cancel-request.ts";
import { isInDoubt, wasHealed } from "../automation/step-record.ts";
import type { WaitNote } from "../automation/wait/wait.ts";
import { describeOwner } from "../journal/owner.ts";
import { readBeside, type Beside } from "./beside.ts";
import type { Command } from "./command.ts";
import { findRun, ONE_RUN, RUN_IN_HELP } from "./find-run.ts";
import { printable } from "./printable.ts";
import {
  holderAsJson,
  lengthMs,
  msBetween,
  readRunNow,
  statusOf,
  type RunNow,
} from "./run-state.ts";
import { commandLines, cutOffLines } from "./show-exec.ts";
import { healingLines } from "./show/show-healings.ts";
import { mapLines } from "./show/show-maps.ts";
import { formatMoment } from "./table.ts";
import { waitLines } from "./show/waits.ts";
import { waysOut } from "./ways-out.ts";

/** See the header. */
export const show: Command = {
  name: "show",
  usage: "RUN|last [--json]",
  details: RUN_IN_HELP,
  positionals: ONE_RUN,
  flags: {
    json: { type: "boolean", summary: "Print everything that the journal holds of it as JSON" },
  },
  examples: [
    { line: "holdfast show last", does: "The newest run" },
    { line: "holdfast show 01k9x3 --json", does: "A certain run, for a program" },
  ],

  async run(args, world) {
    const [name = ""] = args.positionals;
    const journal = await world.openJournal();
    try {
      const found = await findRun(journal, name);
      const secrets = redactor({ env: world.env });
      if (typeof found === "string") {
        world.complain(printable(secrets.text(`holdfast show: ${found}\n`)));
        return EXIT.failed;
      }
      const now = await readRunNow(found, journal);
      const steps = await journal.readSteps(found.id);
      const cancel = await findCancelRequest(journal, found.id);
      const beside = await readBeside(journal, found, steps);
      const text = args.has("json")
        ? asJson({ ...now, cancel }, { steps, beside, secrets })
        : printable(
            asText({ ...now, cancel }, hidden(steps, secrets), {
              beside: secrets.value(beside) as Beside,
              nowMs: world.clock.now(),
              calledAs: await world.calledAs(),
              secrets,
            }),
          );
      world.print(text);
      return EXIT.ok;
    } finally {
      await journal.close();
    }
  },
};

/** A run, and whether somebody wanted its end. */
type Shown = RunNow & { readonly cancel: CancelRequest | undefined };

function asJson(
  now: Shown,
  {
    steps,
    beside: { maps, waits, children },
    secrets,
  }: {
    readonly steps: readonly StepRecord[];
    readonly beside: Beside;
    readonly secrets: Redactor;
  },
): string {
  const { input, ...run } = now.run;
  const document = {
    schema: 1,
    run: { ...run, ...holderAsJson(now), input: decodeValue(input), cancel: now.cancel },
    steps: steps.map(({ value, ...step }) => ({
      ...step,
      ...(value === undefined ? {} : { value: decodeValue(value) }),
    })),
    maps,
    waits,
    children,
  };
  return `${JSON.stringify(secrets.value(document), undefined, 2)}\n`;
}

/** The steps without secrets. What holdfast itself says of them is no secret, whatever stands beside it. */
function hidden(steps: readonly StepRecord[], secrets: Redactor): StepRecord[] {
  return steps.map((step) => {
    const { task, name, key, error, fault, attempts, undoAttempts } = step;
    const said = { task, name, key, error, fault, attempts, undoAttempts };
    return { ...step, ...(secrets.value(said) as Partial<StepRecord>) };
  });
}

function asText(
  now: Shown,
  steps: readonly StepRecord[],
  around: {
    readonly beside: Beside;
    readonly nowMs: number;
    readonly calledAs: string;
    readonly secrets: Redactor;
  },
): string {
  const { maps, waits, children, doubts } = around.beside;
  const tasks = [...new Set(steps.map(({ task }) => task))];
  const lines = [
    ...headLines(now, around),
    ...children.map(({ id, automation }) => `  child ${automation}, run ${id}`),
    ...waitLines(waits, around.calledAs).map(indented),
    ...nextLines(now, doubts, around.calledAs),
    ...tasks.flatMap((task) => {
      const map = maps.find(({ name }) => name === task);
      return map === undefined ? taskLines(task, now, steps) : mapLines(map);
    }),
  ];
  return `${lines.join("\n")}\n`;
}

function headLines(
  now: Shown,
  { nowMs, secrets }: { readonly nowMs: number; readonly secrets: Redactor },
): string[] {
  const { run, holder } = now;
  const tookMs = lengthMs(now, nowMs);
  const took = tookMs === undefined ? "" : `, took ${formatMs(tookMs)}`;
  const by = holder === undefined ? "" : ` (${describeOwner(holder)})`;
  const times = run.resumes === 1 ? "once" : `${run.resumes} times`;
  const resumed = run.resumes === 0 ? "" : `, resumed ${times}`;
  const exit = run.exitCode === undefined ? "" : `, exit code ${run.exitCode}`;
  const count =
    run.tasks === undefined ? "" : `, ${run.tasks.succeeded}/${run.tasks.total} tasks succeeded`;
  return [
    `${run.automation}, run ${run.id}: ${statusOf(now)}${by}${exit}${count}`,
    `  started ${formatMoment(run.startedAtMs)}${took}${resumed}`,
    ...originLines(now),
    ...(run.file === undefined ? [] : [`  file ${run.file}`]),
    ...commandLines(run, secrets),
    `  input ${clip(JSON.stringify(secrets.value(decodeValue(run.input))) ?? "none", 200)}`,
  ];
}

/** Where it comes from, and who wanted its end. */
function originLines({ run, cancel }: Shown): string[] {
  const { version, parentId, retryOf, scheduledForMs } = run;
  const from = retryOf?.from === undefined ? "" : ` from "${retryOf.from}" on`;
  const why = cancel?.reason === undefined ? "" : `: ${cancel.reason}`;
  return [
    ...(version === undefined ? [] : [`  version ${version}`]),
    ...(scheduledForMs === undefined ? [] : [`  scheduled for ${formatMoment(scheduledForMs)}`]),
    ...(parentId === undefined ? [] : [`  child of run ${parentId}`]),
    ...(retryOf === undefined ? [] : [`  does run ${retryOf.runId} again${from}`]),
    ...(cancel === undefined
      ? []
      : [`  cancel asked for by ${cancel.by}, ${formatMoment(cancel.atMs)}${why}`]),
  ];
}

/** How to go on with a run that has not ended. */
function nextLines(
  { run, isCutOff }: RunNow,
  doubts: readonly string[],
  calledAs: string,
): string[] {
  const { id, file, status, exitCode } = run;
  const ways = waysOut(calledAs, id);
  if (file === undefined) return isCutOff ? cutOffLines(run, ways).map(indented) : [];
  if (status === "in doubt") {
    const [step = "STEP"] = doubts;
    return [
      `Nobody knows whether step "${step}" happened. Look, then decide.`,
      ...ways.decide(step),
    ].map(indented);
  }
  if (exitCode === EXIT.rollbackIncomplete) {
    return ["To try the undos again that failed:", `  ${ways.rollback}`].map(indented);
  }
  if (status !== "interrupted" && !isCutOff) return [];
  return [
    isCutOff ? "Its process is gone. To go on with it:" : "To go on with it:",
    `  ${ways.resume}`,
    "To take it back:",
    `  ${ways.rollback}`,
  ].map(indented);
}

function indented(line: string): string {
  return `  ${line}`;
}

function taskLines(task: string, now: RunNow, records: readonly StepRecord[]): string[] {
  const own = records.filter((record) => record.task === task);
  const head = own.find(({ kind }) => kind === "task");
  const steps = own.filter(({ kind }) => kind !== "task");
  const name = task === "" ? now.run.automation : task;
  const state = head === undefined ? "" : `: ${taskState(head)}`;
  return [
    "",
    `task ${name}${state}`,
    ...(head === undefined ? [] : failureLines(head, "  ")),
    ...steps.flatMap((step) => stepLines(step, now, head)),
  ];
}

function taskState({ status, undo }: StepRecord): string {
  if (status !== "failed") return status;
  if (undo === "done") return "failed, rolled back completely";
  return undo === "failed" ? "failed, ROLLBACK INCOMPLETE" : "failed, nothing to roll back";
}

function stepLines(step: StepRecord, now: RunNow, task: StepRecord | undefined): string[] {
  const { name, kind, attempts, key, undo, undoAttempts } = step;
  const took =
    step.endedAtMs === undefined
      ? ""
      : ` in ${formatMs(msBetween(step.startedAtMs, step.endedAtMs))}`;
  const undone = {
    none: "",
    registered: "",
    begun: ", undo begun",
    done: ", undone",
    failed: ", UNDO FAILED",
  }[undo];
  const isLeft = task?.undo === "failed" && undo === "none" && isInDoubt(step);
  const left = isLeft ? ", not taken back" : "";
  return [
    `  ${markOf(step, now)} ${kind} ${name}: ${stepState(step, now)}${took}${healed(step)}${toldBy(step)}${undone}${left}`,
    ...(kind === "step" || kind === "child" ? [`      key ${key}`] : []),
    ...attempts.flatMap((attempt) =>
      attemptLines(attempt, now, "attempt", step.status === "completed"),
    ),
    ...undoAttempts.flatMap((attempt) =>
      attemptLines(attempt, now, "undo attempt", undo === "done"),
    ),
  ];
}

/** Healed is not the same as never failed. */
function healed(step: StepRecord): string {
  return wasHealed([step]) ? ", healed" : "";
}

/** Who said that it happened, where nobody saw that. */
function toldBy(step: StepRecord): string {
  if (step.toldBy === undefined) return "";
  return step.toldBy === "human" ? ", as a human decided" : ", found by its reconcile";
}

/** A question is whether it happened. */
function markOf(step: StepRecord, now: RunNow): string {
  const { holder } = now;
  if (step.status === "completed") return "✓";
  if (step.status === "failed" || wasEnded(step, now)) return "✗";
  return holder === undefined ? "?" : "·";
}

/** Whether the end of the run was the end of the step too, and it was taken back. */
function wasEnded({ status, undo }: StepRecord, { run }: RunNow): boolean {
  return status === "begun" && undo === "done" && !UNFINISHED.includes(run.status);
}

function stepState(step: StepRecord, now: RunNow): string {
  const { status, attempts, kind } = step;
  const { holder } = now;
  if (status !== "begun") return status;
  if (kind === "sleep" || kind === "signal") return `waits ${untilWhen(step)}`;
  if (wasEnded(step, now)) return "ended with the run";
  if (attempts.at(-1)?.endedAtMs !== undefined) return "between two attempts";
  return holder === undefined ? "begun, its end was not seen" : "begun, no end yet";
}

function untilWhen({ value }: StepRecord): string {
  const { untilMs } = decodeValue(value ?? "") as WaitNote;
  return untilMs === Number.MAX_SAFE_INTEGER ? "for ever" : `until ${formatMoment(untilMs)}`;
}

/** One that simply succeeded at the first go needs no line of its own. */
function attemptLines(
  attempt: AttemptRecord,
  { holder }: RunNow,
  what: string,
  endedWell: boolean,
): string[] {
  const { number, startedAtMs, endedAtMs, fault, error, healings = [] } = attempt;
  if (fault === undefined && endedAtMs !== undefined && number === 1 && endedWell) return [];
  const noEnd = holder === undefined ? "end not seen" : "no end yet";
  const took = endedAtMs === undefined ? noEnd : formatMs(msBetween(startedAtMs, endedAtMs));
  const failure =
    fault === undefined ? "" : `: ${fault.code} (${fault.class}, effect ${fault.effect})`;
  const cause = error === undefined ? "" : `: ${clip(errorLine(error), 200)}`;
  return [`      ${what} ${number}, ${took}${failure}${cause}`, ...healingLines(healings, noEnd)];
}

function failureLines({ fault, error }: StepRecord, indent: string): string[] {
  if (fault === undefined || error === undefined) return [];
  return [`${indent}because of ${fault.code} (${fault.class}): ${clip(errorLine(error), 300)}`];
}

/** `holdfast show`: tells what a run did, step by step. */

import { formatMs } from "../core/duration.ts";
import { errorLine } from "../core/error-summary.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { AttemptRecord, Journal, RunRecord, StepRecord } from "../core/journal.ts";
import { UNFINISHED } from "../core/journal.ts";
import { clip } from "../core/show.ts";
import { decodeValue } from "../journal/codec.ts";
import { redactor, type Redactor } from "../core/redact.ts";
import { stepLabel } from "../automation/book.ts";
import { isInDoubt } from "../automation/step-record.ts";
import type { Command } from "./command.ts";
import { printable } from "./printable.ts";
import { shellWord } from "./shell-word.ts";
import { formatMoment } from "./table.ts";

/** More runs than this are not searched for the beginning of a name. */
const SEARCHED = 10_000;

/** See the header. */
export const show: Command = {
  name: "show",
  summary: "Tell what a run did: steps, attempts, faults, undos",
  usage: "RUN|last [--json]",
  details: `
RUN is a run's name as holdfast runs lists it, or enough of its beginning or end to be the
only one; last is the newest.`,
  positionals: { min: 1, max: 1, words: ["last"] },
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
      const steps = await journal.readSteps(found.id);
      const text = args.has("json")
        ? asJson(found, steps, secrets)
        : printable(secrets.text(asText(found, steps, world.clock.now())));
      world.print(text);
      return EXIT.ok;
    } finally {
      await journal.close();
    }
  },
};

/** The run, or why there is not exactly one. */
async function findRun(journal: Journal, name: string): Promise<RunRecord | string> {
  const exact = await journal.findRun(name);
  if (exact !== undefined) return exact;
  if (name === "last") {
    const [newest] = await journal.findRuns({ limit: 1 });
    return newest ?? "there are no runs yet; holdfast run FILE makes the first";
  }
  const all = await journal.findRuns({ limit: SEARCHED });
  const fitting = all.filter(({ id }) => id.startsWith(name) || id.endsWith(name));
  const [first, second] = fitting;
  if (first === undefined)
    return `there is no run ${JSON.stringify(name)}; holdfast runs lists them`;
  if (second !== undefined)
    return `${fitting.length} runs fit ${JSON.stringify(name)}; give more of the name`;
  return first;
}

function asJson(
  { input, ...run }: RunRecord,
  steps: readonly StepRecord[],
  secrets: Redactor,
): string {
  const document = {
    schema: 1,
    run: { ...run, input: decodeValue(input) },
    steps: steps.map(({ value, ...step }) => ({
      ...step,
      ...(value === undefined ? {} : { value: decodeValue(value) }),
    })),
  };
  return `${JSON.stringify(secrets.value(document), undefined, 2)}\n`;
}

function asText(run: RunRecord, steps: readonly StepRecord[], nowMs: number): string {
  const tasks = [...new Set(steps.map(({ task }) => task))];
  const lines = [
    ...headLines(run, nowMs),
    ...nextLines(run, steps),
    ...tasks.flatMap((task) => taskLines(task, run, steps)),
  ];
  return `${lines.join("\n")}\n`;
}

function headLines(run: RunRecord, nowMs: number): string[] {
  const took = formatMs((run.endedAtMs ?? nowMs) - run.startedAtMs);
  const times = run.resumes === 1 ? "once" : `${run.resumes} times`;
  const resumed = run.resumes === 0 ? "" : `, resumed ${times}`;
  const exit = run.exitCode === undefined ? "" : `, exit code ${run.exitCode}`;
  const count =
    run.tasks === undefined ? "" : `, ${run.tasks.succeeded}/${run.tasks.total} tasks succeeded`;
  return [
    `${run.automation}, run ${run.id}: ${run.status}${exit}${count}`,
    `  started ${formatMoment(run.startedAtMs)}, took ${took}${resumed}`,
    ...(run.file === undefined ? [] : [`  file ${run.file}`]),
    `  input ${clip(JSON.stringify(decodeValue(run.input)) ?? "none", 200)}`,
  ];
}

/** How to go on with a run that has not ended. */
function nextLines({ status, file }: RunRecord, steps: readonly StepRecord[]): string[] {
  if (file === undefined || !UNFINISHED.includes(status)) return [];
  // With its own input, whatever that was.
  const again = `holdfast run ${shellWord(file)} --resume`;
  if (status === "running") return [`  not ended; if its process is gone, ${again} takes it up`];
  if (status === "interrupted") return [`  unfinished: ${again} takes it up`];
  const doubted = steps.find(isInDoubt);
  const label = doubted === undefined ? "STEP" : stepLabel(doubted.task, doubted.name);
  const decide = `${again} --decide ${shellWord(`${label}=absent`)}`;
  return [`  in doubt: if it did not happen, ${decide}; holdfast run --help tells the other ways`];
}

function taskLines(task: string, run: RunRecord, records: readonly StepRecord[]): string[] {
  const own = records.filter((record) => record.task === task);
  const head = own.find(({ kind }) => kind === "task");
  const steps = own.filter(({ kind }) => kind !== "task");
  const name = task === "" ? run.automation : task;
  const state = head === undefined ? "" : `: ${taskState(head)}`;
  return [
    "",
    `task ${name}${state}`,
    ...(head === undefined ? [] : failureLines(head, "  ")),
    ...steps.flatMap((step) => stepLines(step, run)),
  ];
}

function taskState({ status, undo }: StepRecord): string {
  if (status !== "failed") return status;
  if (undo === "done") return "failed, rolled back completely";
  return undo === "failed" ? "failed, ROLLBACK INCOMPLETE" : "failed, nothing to roll back";
}

function stepLines(step: StepRecord, run: RunRecord): string[] {
  const { name, kind, attempts, key, undo, undoAttempts } = step;
  const took =
    step.endedAtMs === undefined ? "" : ` in ${formatMs(step.endedAtMs - step.startedAtMs)}`;
  const undone = {
    none: "",
    registered: "",
    begun: ", undo begun",
    done: ", undone",
    failed: ", UNDO FAILED",
  }[undo];
  const mark = step.status === "completed" ? "✓" : "✗";
  return [
    `  ${mark} ${kind} ${name}: ${stepState(step, run)}${took}${undone}`,
    ...(kind === "step" ? [`      key ${key}`] : []),
    ...attempts.flatMap((attempt) => attemptLines(attempt, "attempt", step.status === "completed")),
    ...undoAttempts.flatMap((attempt) => attemptLines(attempt, "undo attempt", undo === "done")),
  ];
}

function stepState({ status, attempts }: StepRecord, run: RunRecord): string {
  if (status !== "begun") return status;
  if (attempts.at(-1)?.endedAtMs !== undefined) return "between two attempts";
  return run.status === "running" ? "begun, no end yet" : "begun, its end was not seen";
}

/** One that simply succeeded at the first go needs no line of its own. */
function attemptLines(attempt: AttemptRecord, what: string, endedWell: boolean): string[] {
  const { number, startedAtMs, endedAtMs, fault, error } = attempt;
  if (fault === undefined && endedAtMs !== undefined && number === 1 && endedWell) return [];
  const took = endedAtMs === undefined ? "end not seen" : formatMs(endedAtMs - startedAtMs);
  const failure =
    fault === undefined ? "" : `: ${fault.code} (${fault.class}, effect ${fault.effect})`;
  const cause = error === undefined ? "" : `: ${clip(errorLine(error), 200)}`;
  return [`      ${what} ${number}, ${took}${failure}${cause}`];
}

function failureLines({ fault, error }: StepRecord, indent: string): string[] {
  if (fault === undefined || error === undefined) return [];
  return [`${indent}because of ${fault.code} (${fault.class}): ${clip(errorLine(error), 300)}`];
}

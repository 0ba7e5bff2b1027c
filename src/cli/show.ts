/** `holdfast show`: tells what a run did, step by step. */

import { formatMs } from "../core/duration.ts";
import { errorLine } from "../core/error-summary.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { AttemptRecord, Journal, RunRecord, StepRecord } from "../core/journal.ts";
import { UNFINISHED } from "../core/journal.ts";
import { clip } from "../core/show.ts";
import { decodeValue } from "../journal/codec.ts";
import { redactor } from "../core/redact.ts";
import type { Command } from "./command.ts";
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
  positionals: { min: 1, max: 1 },
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
      if (typeof found === "string") {
        world.complain(`holdfast show: ${found}\n`);
        return EXIT.failed;
      }
      const steps = await journal.readSteps(found.id);
      const text = args.has("json")
        ? asJson(found, steps, world.env)
        : asText(found, steps, world.clock.now());
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
  const all = await journal.findRuns({ limit: name === "last" ? 1 : SEARCHED });
  const fitting =
    name === "last" ? all : all.filter(({ id }) => id.startsWith(name) || id.endsWith(name));
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
  env: Readonly<Record<string, string | undefined>>,
): string {
  const document = {
    schema: 1,
    run: { ...run, input: decodeValue(input) },
    steps: steps.map(({ value, ...step }) => ({
      ...step,
      ...(value === undefined ? {} : { value: decodeValue(value) }),
    })),
  };
  return `${JSON.stringify(redactor({ env }).value(document), undefined, 2)}\n`;
}

function asText(run: RunRecord, steps: readonly StepRecord[], nowMs: number): string {
  const tasks = [...new Set(steps.map(({ task }) => task))];
  const lines = [...headLines(run, nowMs), ...tasks.flatMap((task) => taskLines(task, run, steps))];
  return `${lines.join("\n")}\n`;
}

function headLines(run: RunRecord, nowMs: number): string[] {
  const took = formatMs((run.endedAtMs ?? nowMs) - run.startedAtMs);
  const resumed = run.resumes === 0 ? "" : `, resumed ${run.resumes} times`;
  const exit = run.exitCode === undefined ? "" : `, exit code ${run.exitCode}`;
  const count =
    run.tasks === undefined ? "" : `, ${run.tasks.succeeded}/${run.tasks.total} tasks succeeded`;
  const next =
    run.file !== undefined && UNFINISHED.includes(run.status)
      ? [`  unfinished: holdfast run ${run.file} takes it up`]
      : [];
  return [
    `${run.automation}, run ${run.id}: ${run.status}${exit}${count}`,
    `  started ${formatMoment(run.startedAtMs)}, took ${took}${resumed}`,
    ...(run.file === undefined ? [] : [`  file ${run.file}`]),
    `  input ${clip(JSON.stringify(decodeValue(run.input)) ?? "none", 200)}`,
    ...next,
  ];
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
    ...steps.flatMap(stepLines),
  ];
}

function taskState({ status, undo }: StepRecord): string {
  if (status !== "failed") return status;
  if (undo === "done") return "failed, rolled back completely";
  return undo === "failed" ? "failed, ROLLBACK INCOMPLETE" : "failed, nothing to roll back";
}

function stepLines(step: StepRecord): string[] {
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
    `  ${mark} ${kind} ${name}: ${stepState(step)}${took}${undone}`,
    ...(kind === "step" ? [`      key ${key}`] : []),
    ...attempts.flatMap((attempt) => attemptLines(attempt, "attempt", step.status === "completed")),
    ...undoAttempts.flatMap((attempt) => attemptLines(attempt, "undo attempt", undo === "done")),
  ];
}

function stepState({ status, attempts }: StepRecord): string {
  if (status !== "begun") return status;
  return attempts.at(-1)?.endedAtMs === undefined
    ? "begun, its end was not seen"
    : "between two attempts";
}

/** One that simply succeeded at the first go needs no line of its own. */
function attemptLines(attempt: AttemptRecord, what: string, endedWell: boolean): string[] {
  const { number, startedAtMs, endedAtMs, fault, error } = attempt;
  if (fault === undefined && number === 1 && endedWell) return [];
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

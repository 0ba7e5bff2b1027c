/** The inside of a rehearsal's processes: the stage, which sets the scene, and the run itself. */

import type { Automation } from "../automation/automation.ts";
import { OWN_TASK, stepLabel } from "../automation/book.ts";
import { executeUnder } from "../automation/execute.ts";
import {
  readRehearsal,
  type RehearsalPlace,
  type SettledRehearsal,
} from "../automation/rehearsal.ts";
import { childRunId } from "../automation/key.ts";
import { bothPermissions } from "../core/permissions.ts";
import { summariseError } from "../core/error-summary.ts";
import type { Journal, StepKind, StepRecord } from "../core/journal.ts";
import { systemClock } from "../core/system.ts";
import { journalFile } from "../journal/home.ts";
import { sqliteJournal } from "../journal/sqlite.ts";
import { withoutWaiting } from "../testing/without-waiting.ts";
import { FAULTS } from "./faults.ts";
import { interfere } from "./interfere.ts";
import type { FileFacts, Job, RunReport, StageAnswer, StageCall, StepRow } from "./messages.ts";

/** An automation's file, loaded. */
export interface LoadedFile {
  readonly automation: Automation<never>;
  readonly file: string;
  readonly codeHash: string;
  readonly rehearsal: unknown;
}

/** The other process. */
export interface Parent {
  say(message: object): Promise<void>;
  /** Says it, and waits for the answer. */
  ask(message: object): Promise<unknown>;
  onCall(answer: (call: StageCall) => Promise<StageAnswer>): void;
}

/** As many attempts show what many would show, where all of them fail. */
const ATTEMPTS = 2;

/** What the file says of itself. @throws {OptionsError} When it exports a rehearsal that is none. */
export function factsOfFile({ automation, rehearsal }: LoadedFile): FileFacts {
  const { setup, teardown, probes, timeout, permissions, ...rest } = readRehearsal(rehearsal);
  const { permissions: declared } = automation.settled;
  return {
    automation: automation.name,
    hasSetup: setup !== undefined,
    hasTeardown: teardown !== undefined,
    probes: Object.keys(probes),
    timeoutMs: timeout,
    ...(declared === undefined
      ? {}
      : { permissions: permissions ? bothPermissions(declared, permissions) : declared }),
    ...rest,
  };
}

/** Sets the scene, and answers what it is asked. */
export async function serveStage(loaded: LoadedFile, parent: Parent): Promise<void> {
  const facts = factsOfFile(loaded);
  const rehearsal = readRehearsal(loaded.rehearsal);
  const place = { directory: process.cwd(), env: ownEnv() };
  parent.onCall(({ call }) => answerCall(call, rehearsal, place));
  await parent.say({ facts });
}

async function answerCall(
  call: StageCall["call"],
  { setup, teardown, probes }: SettledRehearsal,
  place: RehearsalPlace,
): Promise<StageAnswer> {
  try {
    if (call === "setup") await setup?.(place);
    if (call === "teardown") await teardown?.(place);
    return call === "probe" ? { probes: await readProbes(probes, place) } : { env: place.env };
  } catch (error) {
    return { problem: `${call}: ${messageOf(error)}` };
  }
}

async function readProbes(probes: SettledRehearsal["probes"], place: RehearsalPlace) {
  const values: Record<string, string> = {};
  for (const [name, probe] of Object.entries(probes)) {
    try {
      values[name] = JSON.stringify(await probe(place)) ?? "undefined";
    } catch (error) {
      throw new Error(`${name} failed: ${messageOf(error)}`, { cause: error });
    }
  }
  return values;
}

/** Runs the automation, with the fault that the job names, and tells how it ended. */
export async function serveRun(
  loaded: LoadedFile,
  job: Extract<Job, { role: "run" }>,
  parent: Parent,
): Promise<void> {
  const { runId, fault, control, ballast, tells, input, choice } = job;
  const attempts = fault !== undefined && FAULTS[fault.name].spendsAttempts ? ATTEMPTS : Infinity;
  using _ = withoutWaiting({ attempts });
  const controller = new AbortController();
  const interference = interfere({
    runId,
    fault,
    tells,
    control,
    ballast,
    clock: systemClock,
    tell: async (moment) => void (await parent.ask({ moment })),
    cancel: () => controller.abort(new Error("the rehearsal cancelled it")),
  });
  const journal = sqliteJournal(journalFile(process.env));
  const { automation, file, codeHash } = loaded;
  const ended = await executeUnder(interference, automation, {
    journal,
    input,
    file,
    codeHash,
    unfinished: choice,
    signal: controller.signal,
  }).catch((error: unknown) => ({ error }));
  const steps = await recordsOf(journal, runId);
  await journal.close();
  await parent.say({ report: reportOf(ended, steps) });
}

type End = Awaited<ReturnType<typeof executeUnder>> | { readonly error: unknown };

/** All that is recorded of a run, the items of its maps and its children among it, as they are named from it. */
async function recordsOf(journal: Journal, runId: string): Promise<readonly StepRecord[]> {
  const own = await journal.readSteps(runId);
  const parts = own.map(async ({ kind, name, task }) => {
    if (kind === "map") return journal.readSteps(runId, { map: task });
    if (kind !== "child") return [];
    const records = await recordsOf(journal, childRunId(runId, name));
    return records.map((record) => ({ ...record, task: stepLabel(name, record.task) }));
  });
  return [...own, ...(await Promise.all(parts)).flat()];
}

/** Whatever stands for others, which are recorded themselves. */
const HEADS: readonly StepKind[] = ["task", "map", "child"];

function reportOf(end: End, steps: readonly StepRecord[]): RunReport {
  const error = end.error === undefined ? undefined : messageOf(end.error);
  const rows = steps.filter(({ kind }) => !HEADS.includes(kind)).map(rowOf);
  if (!("status" in end)) return { status: "rejected", error, tasks: [], steps: rows };
  // Of a map's items the result tells only those that failed, and of a child's tasks none.
  const recorded = steps.filter(({ kind, task }) => kind === "task" && task !== OWN_TASK);
  const tasks = [
    ...end.tasks.map(({ result }) => ({ name: result.name, isOk: result.ok })),
    ...recorded.map(({ task, status }) => ({ name: task, isOk: status === "completed" })),
  ];
  return { status: end.status, exitCode: end.exitCode, error, tasks, steps: rows };
}

function rowOf(record: StepRecord): StepRow {
  const { task, name, kind, status, generation, undo, toldBy, error } = record;
  return {
    label: stepLabel(task, name),
    task,
    kind: kind === "read" ? "read" : "step",
    status,
    generation,
    undo,
    undoError: record.undoAttempts.at(-1)?.error?.message,
    toldBy,
    error: error?.message ?? record.attempts.at(-1)?.error?.message,
    codes: record.attempts.flatMap(({ fault }) => (fault === undefined ? [] : [fault.code])),
  };
}

function messageOf(error: unknown): string {
  const { type, message, cause } = summariseError(error);
  // fetch says why it failed by its cause alone.
  const why = cause === undefined || cause.message === "" ? "" : `: ${cause.message}`;
  return `${message === "" ? type : message}${why}`;
}

function ownEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

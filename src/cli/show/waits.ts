/** What a run waits for: signals and approvals, its own, those of its maps' items and its children's. */

import type { WaitNote } from "../../automation/wait/wait.ts";
import { stepLabel } from "../../automation/book.ts";
import { UNFINISHED, type Journal, type RunRecord, type StepRecord } from "../../core/journal.ts";
import { clip } from "../../core/show.ts";
import { decodeValue } from "../../journal/codec.ts";
import { shellWord } from "../../core/shell-word.ts";
import { formatMoment } from "../table.ts";

/** One signal or approval that is waited for. Moments are milliseconds since the Unix epoch. */
export interface Awaited {
  /** The run that waits: the one that was asked about, or a child of it. */
  readonly runId: string;
  /** As it is sent. */
  readonly name: string;
  readonly waitsFor: "signal" | "approval";
  readonly question?: string | undefined;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** What `run` waits for, in the order of its steps; nothing when it has ended. */
export async function readWaits(journal: Journal, run: RunRecord): Promise<readonly Awaited[]> {
  if (!UNFINISHED.includes(run.status)) return [];
  const [signals, maps, children] = await Promise.all([
    journal.readSteps(run.id, { kind: "signal" }),
    journal.readSteps(run.id, { kind: "map" }),
    journal.findRuns({ parentId: run.id, limit: Infinity }),
  ]);
  const open = maps.filter(({ status }) => status === "begun");
  const ofItems = await Promise.all(
    open.map(({ task }) => journal.readSteps(run.id, { map: task, kind: "signal" })),
  );
  const ofChildren = await Promise.all(children.map((child) => readWaits(journal, child)));
  const begun = [...signals, ...ofItems.flat()].filter(({ status }) => status === "begun");
  const own = await stillWaiting(journal, run, begun);
  return [...own.map(toAwaited), ...ofChildren.flat()];
}

/** A wait in a task or a scope that failed beside it is cut off, and stays as it was begun. */
async function stillWaiting(
  journal: Journal,
  { id }: RunRecord,
  begun: readonly StepRecord[],
): Promise<readonly StepRecord[]> {
  const tasks = [...new Set(begun.map(({ task }) => task))];
  const records = await Promise.all(tasks.map((task) => journal.readSteps(id, { task })));
  const ended = records.flat().filter(({ kind, status }) => isAround(kind) && status !== "begun");
  return begun.filter(
    ({ task, name }) => !ended.some((around) => around.task === task && isWithin(name, around)),
  );
}

function isAround(kind: StepRecord["kind"]): boolean {
  return kind === "task" || kind === "scope";
}

function isWithin(name: string, around: StepRecord): boolean {
  return around.kind === "task" || name.startsWith(`${around.name}/`);
}

function toAwaited({ runId, task, name, startedAtMs, value }: StepRecord): Awaited {
  const { waitsFor, untilMs, question } = decodeValue(value ?? "") as WaitNote;
  return {
    runId,
    name: stepLabel(task, name),
    waitsFor: waitsFor === "approval" ? "approval" : "signal",
    ...(question === undefined ? {} : { question }),
    sinceMs: startedAtMs,
    untilMs,
  };
}

/** `waits for approval of deploy since …`, and how to answer. */
export function waitLines(waits: readonly Awaited[], calledAs: string): string[] {
  return waits.flatMap((each) => {
    const what = each.waitsFor === "approval" ? "approval of" : "signal";
    const asked = each.question === undefined ? "" : `: ${clip(each.question, 300)}`;
    return [
      `waits for ${what} ${each.name} since ${formatMoment(each.sinceMs)}${asked}`,
      `  ${calledAs} ${answerTo(each)}`,
    ];
  });
}

/** The command that answers. */
export function answerTo({ waitsFor, runId, name }: Awaited): string {
  const command = waitsFor === "approval" ? "approve" : "signal";
  return `${command} ${runId} ${shellWord(name)}`;
}

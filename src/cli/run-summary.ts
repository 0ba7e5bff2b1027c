/** The end of a run, for people and for programs. */

import type { RunResult } from "../automation/run.ts";
import type { TaskEnd } from "../automation/outcome.ts";
import { formatMs } from "../core/duration.ts";
import { errorLine, summariseError } from "../core/error-summary.ts";
import { InDoubtError } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import { redactor } from "../core/redact.ts";
import { clip } from "../core/show.ts";
import { printable } from "./printable.ts";
import { waysOut, type WaysOut } from "./ways-out.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What a summary is told beside the result. */
export interface Surroundings {
  readonly env: Env;
  /** How this command line is called: `npx holdfast`. */
  readonly calledAs: string;
}

/** The summary as text; its first line is `12/14 tasks succeeded` and what run that was. */
export function summaryOf(result: RunResult, surroundings: Surroundings): string {
  const { count, automation, runId, durationMs } = result;
  const tell = teller(surroundings.env);
  const lines = [
    `${count.succeeded}/${count.total} tasks succeeded: ${automation}, run ${runId}, ${formatMs(durationMs)}`,
    ...failedLines(result, tell),
    ...endLines(result, surroundings, tell),
  ];
  return printable(`${lines.join("\n")}\n`);
}

/** An error in a line, its secrets hidden. The rest of the summary is the automation's own words. */
type Tell = (error: unknown) => string;

function teller(env: Env): Tell {
  const secrets = redactor({ env });
  return (error) => secrets.text(errorLine(summariseError(error)));
}

/** As many failed tasks as are told one by one: a map may have 100,000 items. */
const MAX_FAILED = 20;

function failedLines({ tasks, count, automation }: RunResult, tell: Tell): string[] {
  const lines = tasks.flatMap((end) => taskLines(end, automation, tell));
  const more = count.total - count.succeeded - MAX_FAILED;
  if (lines.length <= MAX_FAILED) return lines;
  return [...lines.slice(0, MAX_FAILED), `  … and ${more} more that failed`];
}

function taskLines({ result, mayFail }: TaskEnd, automation: string, tell: Tell): string[] {
  if (result.ok) return [];
  const name = result.name === "" ? automation : result.name;
  const error = clip(tell(result.error), 300);
  const rollback = {
    complete: "rolled back completely",
    incomplete: "ROLLBACK INCOMPLETE",
    none: "nothing to roll back",
  }[result.rollback];
  const allowed = mayFail ? " (it may fail)" : "";
  return [
    `  failed: ${name}${allowed}: ${result.fault.code} (${result.fault.class}): ${error}; ${rollback}`,
  ];
}

function endLines(
  { status, exitCode, error, runId }: RunResult,
  { calledAs }: Surroundings,
  tell: Tell,
): string[] {
  const show = `${calledAs} show ${runId}`;
  const ways = waysOut(calledAs, runId);
  switch (status) {
    case "succeeded":
      return [];
    case "failed":
    case "cancelled":
      return exitCode === EXIT.rollbackIncomplete
        ? [
            `A human is needed: what could not be undone is listed by ${show}`,
            "Once its cause is mended, try again what is missing:",
            `  ${ways.rollback}`,
          ]
        : [`What happened: ${show}`];
    case "interrupted":
      return [
        `Interrupted: ${tell(error)}`,
        "Go on with it, or take it back:",
        `  ${ways.resume}`,
        `  ${ways.rollback}`,
      ];
    case "in doubt":
      return [`In doubt: ${tell(error)}`, ...decisionLines(error, show, ways)];
  }
}

function decisionLines(error: unknown, show: string, ways: WaysOut): string[] {
  const step = error instanceof InDoubtError ? error.step : "STEP";
  return ["Look whether it happened; the step's key is told by", `  ${show}`, ...ways.decide(step)];
}

/** The summary as one JSON document. */
export function runAsJson(result: RunResult, env: Env): string {
  const { runId, automation, status, exitCode, count, durationMs, tasks, error } = result;
  const document = {
    schema: 1,
    runId,
    automation,
    status,
    exitCode,
    tasksSucceeded: count.succeeded,
    tasksTotal: count.total,
    durationMs: Math.round(durationMs),
    tasks: tasks.map(({ result: task, mayFail }) => ({
      name: task.name === "" ? automation : task.name,
      ok: task.ok,
      mayFail,
      attempts: task.attempts,
      durationMs: Math.round(task.durationMs),
      ...(task.ok
        ? {}
        : { fault: task.fault, error: summariseError(task.error), rollback: task.rollback }),
    })),
    ...(error === undefined ? {} : { error: summariseError(error) }),
  };
  return `${JSON.stringify(redactor({ env }).value(document), undefined, 2)}\n`;
}

/** What a dry run would have done, for people and for programs. */

import type { PlannedStep } from "../automation/dry-run.ts";
import type { RunResult } from "../automation/run.ts";
import { errorLine, summariseError } from "../core/error-summary.ts";
import { redactor } from "../core/redact.ts";
import { printable } from "./printable.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** As text; its first line says that nothing was done. */
export function dryRunSummary(result: RunResult, env: Env): string {
  const { automation, plan = [], tasks } = result;
  const failed = failuresOf(tasks).map(
    ({ name, error }) => `  failed       ${name === "" ? automation : name}: ${error}`,
  );
  const lines = [`Dry run of ${automation}: nothing was done`, ...plan.map(lineOf), ...failed];
  return redactor({ env }).text(printable(`${lines.join("\n")}\n`));
}

function lineOf({ label, would, detail }: PlannedStep): string {
  if (would === "not reached") return `  not reached  ${label}: it needs ${detail ?? "more"}`;
  const line = `  would ${would.padEnd(6)} ${label}`;
  return detail === undefined ? line : `${line}: ${detail}`;
}

/** As one JSON document. */
export function dryRunAsJson(result: RunResult, env: Env): string {
  const { automation, status, exitCode, plan = [], tasks } = result;
  const failed = failuresOf(tasks);
  const document = { schema: 1, dryRun: true, automation, status, exitCode, plan, failed };
  return `${JSON.stringify(redactor({ env }).value(document), undefined, 2)}\n`;
}

function failuresOf(tasks: RunResult["tasks"]) {
  return tasks.flatMap(({ result }) =>
    result.ok || result.fault.code === "NOT_REACHED"
      ? []
      : [{ name: result.name, error: errorLine(summariseError(result.error)) }],
  );
}

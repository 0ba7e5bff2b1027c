/**
 * The learned envelope of a command: it ended with 0, but took or wrote far less than its former runs
 * did, or wrote far more. One that only took longer is left to time limits.
 */

import { findFormerRuns, readFormerRuns } from "../../automation/former-runs.ts";
import { formatMs } from "../../core/duration.ts";
import type { Journal, RunRecord, StepRecord } from "../../core/journal.ts";
import { formatBytes } from "../../core/size.ts";
import { decodeValue } from "../../journal/codec.ts";
import { mayBeShort, outlierOf, type Deviation, type Outlier } from "../../policies/envelope.ts";
import { COMMAND, type Done } from "./exec-automation.ts";
import { nameOfLine, nameOfProgram } from "./flags.ts";
import type { ExecPlan } from "./plan.ts";
import { isOfExec } from "./recorded-plan.ts";

/** What is unusual about it, in words; `undefined` where nothing is, or too little is known. */
export async function findUnusual(
  done: Done,
  plan: ExecPlan,
  journal: Journal,
): Promise<string | undefined> {
  const isAlike = (run: RunRecord) => isNamed(plan) || hasArgv(run, plan.argv);
  const runs = await findFormerRuns(journal, plan.name, isAlike);
  // A command took no longer than its run: mostly that tells enough, in one question to the journal.
  const isCounted = done.outputBytes !== undefined;
  if (!isCounted && !mayBeShort(runs.map(runMs), done.durationMs)) return undefined;
  const history = await readFormerRuns(journal, runs, {
    step: COMMAND,
    durationMsOf: (step) => doneIn(step)?.durationMs,
    outputBytesOf: (step) => doneIn(step)?.outputBytes,
  });
  const outlier = outlierOf(history, done);
  return outlier === undefined ? undefined : unusualIn(outlier);
}

/** Under a name that was given stand runs of one job; else `sh` is what has the same command line. */
function isNamed({ name, argv, shell }: ExecPlan): boolean {
  return name !== (shell ? nameOfLine(argv[2] ?? "") : nameOfProgram(argv[0] ?? ""));
}

/** An automation may have the same name, and any input. */
function hasArgv(run: RunRecord, argv: readonly string[]): boolean {
  if (!isOfExec(run)) return false;
  const { exec } = decodeValue(run.input) as { readonly exec: { readonly argv?: unknown } };
  return JSON.stringify(exec.argv) === JSON.stringify(argv);
}

function runMs({ startedAtMs, endedAtMs = Infinity }: RunRecord): number {
  return endedAtMs - startedAtMs;
}

function doneIn({ value }: StepRecord): Done | undefined {
  return value === undefined ? undefined : (decodeValue(value) as Done);
}

/** What of it speaks for a failure that nobody saw, in words. @internal */
export function unusualIn({ runs, duration, output }: Outlier): string | undefined {
  const parts = [
    ...(duration?.side === "below"
      ? [
          `${timesOf(duration)} faster than usual (${formatMs(duration.value)}, usually ${formatMs(duration.usual)})`,
        ]
      : []),
    ...(output === undefined
      ? []
      : [`${formatBytes(output.value)} of output (usually ${formatBytes(output.usual)})`]),
  ];
  if (parts.length === 0) return undefined;
  return `exit 0, but ${parts.join(" and ")}, by ${runs} former runs`;
}

function timesOf({ factor }: Deviation): string {
  return Number.isFinite(factor) ? `${Number(factor.toPrecision(2))} times` : "much";
}

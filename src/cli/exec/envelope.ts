/**
 * The learned envelope of a command: it ended with 0, but took or wrote far less than its former runs
 * did, or wrote far more. One that only took longer is left to time limits.
 */

import { readFormerRuns } from "../../automation/former-runs.ts";
import { formatMs } from "../../core/duration.ts";
import type { Journal, RunRecord, StepRecord } from "../../core/journal.ts";
import { formatBytes } from "../../core/size.ts";
import { decodeValue } from "../../journal/codec.ts";
import { outlierOf, type Deviation, type Outlier } from "../../policies/envelope.ts";
import { COMMAND, type Done } from "./exec-automation.ts";
import { nameOfLine, nameOfProgram } from "./flags.ts";
import type { ExecPlan } from "./plan.ts";

/** What is unusual about it, in words; `undefined` where nothing is, or too little is known. */
export async function findUnusual(
  done: Done,
  plan: ExecPlan,
  journal: Journal,
): Promise<string | undefined> {
  const history = await readFormerRuns(journal, {
    automation: plan.name,
    step: COMMAND,
    durationMsOf: (step) => doneIn(step)?.durationMs,
    outputBytesOf: (step) => doneIn(step)?.outputBytes,
    isAlike: (run) => isNamed(plan) || hasArgv(run, plan.argv),
  });
  const outlier = outlierOf(history, done);
  return outlier === undefined ? undefined : unusualIn(outlier);
}

/** Under a name that was given stand runs of one job; else `sh` is what has the same command line. */
function isNamed({ name, argv, shell }: ExecPlan): boolean {
  return name !== (shell ? nameOfLine(argv[2] ?? "") : nameOfProgram(argv[0] ?? ""));
}

function hasArgv({ input }: RunRecord, argv: readonly string[]): boolean {
  const { exec } = decodeValue(input) as { readonly exec: { readonly argv?: readonly string[] } };
  return JSON.stringify(exec.argv) === JSON.stringify(argv);
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

/** What is said of a command that has ended: a line for people, and a document for programs. Pure. */

import { formatMs } from "../../core/duration.ts";
import { errorLine, summariseError } from "../../core/error-summary.ts";
import type { CommandEnd } from "../../core/command-end.ts";
import type { Fault } from "../../core/fault.ts";
import type { Redactor } from "../../core/redact.ts";
import { clip } from "../../core/show.ts";
import type { RollbackOutcome } from "../../policies/task-result.ts";
import type { Ending } from "./outcome.ts";
import type { FileChange } from "../../process/overlay-changes.ts";
import type { ExecPlan } from "./plan.ts";
import type { Unhealed } from "./unhealed.ts";
import { inOurWords } from "./wording.ts";

/** All that is known of it. */
export interface Ended extends Ending {
  readonly plan: ExecPlan;
  /** `undefined` where nothing was journaled. */
  readonly runId: string | undefined;
  readonly error?: unknown;
  readonly fault?: Fault | undefined;
  readonly rollback: RollbackOutcome;
  readonly attempts: number;
  readonly durationMs: number;
  readonly startedAtMs: number;
  /** Whether it was ever started: else there is nothing to clean up. */
  readonly hasBegun: boolean;
  /** How the last attempt at the command ended. */
  readonly end?: CommandEnd | undefined;
  /** What could not be healed of it. */
  readonly unhealed: readonly Unhealed[];
  readonly host: string;
  /** What it would change in files, in a dry run. */
  readonly changes?: readonly FileChange[] | undefined;
}

const LONGEST_ERROR = 300;

/** How much of the output an alert holds, in characters. */
const TAIL = 4_096;

/** One line, ending in a newline; empty where there is nothing to say. */
export function lineOf(ended: Ended, secrets: Redactor, calledAs: string): string {
  const { plan, outcome, attempts, durationMs, runId } = ended;
  if (outcome === "succeeded") return "";
  // When a run was cut off is not known.
  const took = outcome === "cut-off" ? "" : `, ${formatMs(durationMs)}`;
  const after = attempts > 1 ? ` after ${attempts} attempts` : "";
  const show = runId === undefined ? "" : `; ${calledAs} show ${runId}`;
  const left = ROLLBACK[ended.rollback];
  const why = clip(errorText(ended, secrets), LONGEST_ERROR);
  return `holdfast: ${plan.name} ${WORDS[outcome]}${after}${took}: ${why}${left}${show}\n`;
}

const ROLLBACK: Readonly<Record<RollbackOutcome, string>> = {
  complete: "; it was undone",
  incomplete: "; its UNDO FAILED",
  none: "",
};

const WORDS: Readonly<Record<Ending["outcome"], string>> = {
  succeeded: "succeeded",
  failed: "failed",
  "timed-out": "timed out",
  "verify-failed": "failed its verification",
  "not-started": "could not be started",
  interrupted: "was interrupted",
  cancelled: "was cancelled",
  locked: "was not started",
  skipped: "was skipped",
  "cut-off": "was cut off before",
  refused: "was not started",
  broken: "was not run or followed to its end",
};

/** For programs: `--report`, and what an alert gets. */
export function documentOf(ended: Ended, secrets: Redactor): string {
  const { plan, runId, outcome, exitCode, fault, end, rollback, attempts } = ended;
  const { startedAtMs, host, unhealed } = ended;
  const isFailed = outcome !== "succeeded";
  const document = {
    schema: 1,
    name: plan.name,
    runId,
    tags: plan.tag,
    host,
    command: plan.argv,
    cwd: plan.cwd,
    outcome,
    exitCode,
    commandExitCode: end?.exitCode,
    commandSignal: end?.signal,
    fault: isFailed ? fault : undefined,
    error: isFailed ? errorText(ended, secrets) : undefined,
    unhealed: isFailed && unhealed.length > 0 ? unhealed : undefined,
    stderr: isFailed ? end?.stderr.slice(-TAIL) : undefined,
    rollback,
    attempts,
    startedAt: new Date(startedAtMs).toISOString(),
    durationMs: outcome === "cut-off" ? undefined : Math.round(ended.durationMs),
    changes: ended.changes?.map((change) => ({ ...change, source: undefined })),
  };
  return `${JSON.stringify(secrets.value(document), undefined, 2)}\n`;
}

function errorText({ error, plan }: Ended, secrets: Redactor): string {
  return secrets.text(inOurWords(errorLine(summariseError(error)), plan.name));
}

/**
 * What becomes of a run of `holdfast exec` that was broken off, by a signal or a kill: a command cannot
 * go on in its middle, so what it did is undone, where there is an `--undo`, and its cleanup is run.
 */

import { execute } from "../../automation/execute.ts";
import { holderIn, lockKey } from "../../automation/resource/lock-state.ts";
import type { RunResult } from "../../automation/run.ts";
import type { Clock } from "../../core/clock.ts";
import type { Sink } from "../../core/events.ts";
import { UNFINISHED, type Journal, type RunRecord, type RunStatus } from "../../core/journal.ts";
import { EXEC_CODE } from "./code.ts";
import { execAutomation, type ExecParts } from "./exec-automation.ts";
import type { Variables } from "./hook.ts";
import type { ExecPlan } from "./plan.ts";
import { isOfExec } from "./recorded-plan.ts";

/** More of one name that were cut off are left to later starts. */
const MOST_AT_ONCE = 20;

const BROKEN_OFF: readonly RunStatus[] = ["running", "interrupted"];

/**
 * The runs that a new run of `plan` comes after and that no process has any more: those of its name,
 * and the one that holds its lock. The oldest first.
 */
export async function findBrokenOff(plan: ExecPlan, journal: Journal): Promise<RunRecord[]> {
  const found = new Map<string, RunRecord>();
  for (const status of BROKEN_OFF) {
    const runs = await journal.findRuns({ automation: plan.name, status, limit: MOST_AT_ONCE });
    for (const run of runs) found.set(run.id, run);
  }
  const holder = await findLockHolder(plan, journal);
  if (holder !== undefined) found.set(holder.id, holder);
  const runs = [...found.values()].filter(isOfExec);
  const free: RunRecord[] = [];
  for (const run of runs.toSorted((a, b) => a.startedAtMs - b.startedAtMs)) {
    if (await isFree(run, journal)) free.push(run);
  }
  return free;
}

/** It may have ended since it was found, and is let go of only then. */
async function isFree({ id }: RunRecord, journal: Journal): Promise<boolean> {
  if ((await journal.findHolder(id)) !== undefined) return false;
  const now = await journal.findRun(id);
  return now !== undefined && UNFINISHED.includes(now.status);
}

async function findLockHolder(
  { lock }: ExecPlan,
  journal: Journal,
): Promise<RunRecord | undefined> {
  if (lock === undefined) return undefined;
  const value = await journal.readState(lockKey(lock));
  const holder = value === undefined ? undefined : holderIn(value);
  const run = holder === undefined ? undefined : await journal.findRun(holder.runId);
  return run !== undefined && UNFINISHED.includes(run.status) ? run : undefined;
}

/** What a run is ended with. */
export interface EndingParts {
  readonly journal: Journal;
  readonly sinks: readonly Sink[];
  readonly env: Variables;
  readonly clock: Clock;
}

/** Undoes it, lets go of what it holds, and ends it. Rejects as `execute` does. */
export function takeBack(
  runId: string,
  plan: ExecPlan,
  parts: ExecParts,
  options: EndingParts,
): Promise<RunResult> {
  return execute(execAutomation(plan, parts), {
    ...options,
    runId,
    unfinished: "rollback",
    codeHash: EXEC_CODE,
  });
}

/** Whether a run that the journal has as running still is: its process may have been killed. */

import type { Journal, Owner, RunRecord } from "../core/journal.ts";

/** A run as it stands now. */
export interface RunNow {
  readonly run: RunRecord;
  /** The process that runs it. */
  readonly holder?: Owner | undefined;
  /** It was running, and no process holds it any more: the next start takes it up. */
  readonly isCutOff: boolean;
}

/** Looks who holds `run`, where that matters. */
export async function readRunNow(run: RunRecord, journal: Journal): Promise<RunNow> {
  if (run.status !== "running") return { run, isCutOff: false };
  const holder = await journal.findHolder(run.id);
  return { run, holder, isCutOff: holder === undefined };
}

/** The run's status, in a word or two. */
export function statusOf({ run, isCutOff }: RunNow): string {
  return isCutOff ? "cut off" : run.status;
}

/** How long it took, or has taken so far, in milliseconds. When a run was cut off is not known. */
export function lengthMs({ run, isCutOff }: RunNow, nowMs: number): number | undefined {
  return isCutOff ? undefined : msBetween(run.startedAtMs, run.endedAtMs ?? nowMs);
}

/** From one moment of the clock to a later one; 0 where the clock was set back between the two. */
export function msBetween(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs);
}

/** For programs: a run that is running has its process beside it, or `null` when that is gone. */
export function holderAsJson({ run, holder }: RunNow): { readonly holder?: Owner | null } {
  return run.status === "running" ? { holder: holder ?? null } : {};
}

/** Asks for the end of a run that another process has, and waits for it. */

import { CLOCK_METHODS, type Clock } from "../../core/clock.ts";
import { RunRefusedError } from "../../core/errors.ts";
import { UNFINISHED, type Journal, type Owner, type RunRecord } from "../../core/journal.ts";
import { duration, part, readOptions, text, type Reader } from "../../core/options.ts";
import type { Duration } from "../../core/duration.ts";
import { redactor } from "../../core/redact.ts";
import { systemClock } from "../../core/system.ts";
import { cancelKey, readCancelRequest, type CancelRequest } from "./cancel-request.ts";
import { whoAmI } from "../who-am-i.ts";

/** How often the journal is asked whether the run has ended, in milliseconds. */
const LOOK_EVERY_MS = 200;

/** How a run is cancelled. */
export interface CancelOptions {
  /** Why, for whoever reads of it later; journaled, so no secrets. Default: nothing is said. */
  readonly reason?: string | undefined;
  /** Who asks, in words. Default: this process's user and host. */
  readonly by?: string | undefined;
  /** How long to wait for the end of the run; 0 does not wait. Default `"60s"`. */
  readonly wait?: Duration | undefined;
  /** Ends the waiting; the request stays. */
  readonly signal?: AbortSignal | undefined;
  /** Default: the system clock. */
  readonly clock?: Clock | undefined;
}

const READERS = {
  reason: text({ default: undefined }),
  by: text({ default: undefined }),
  wait: duration({ default: 60_000 }),
  signal: part<AbortSignal, undefined>({ methods: ["addEventListener"], default: undefined }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
} satisfies Record<keyof CancelOptions, Reader<unknown>>;

/**
 * What came of it. `had ended`: nothing was asked for. `ended`: the run's status says how; it may have
 * succeeded before its owner saw the request. `without owner`: nobody runs it, and whoever takes it up
 * rolls it back, as `execute` does with its `runId` and `unfinished: "rollback"`. `under way`: `holder`
 * has not ended it yet.
 */
export type CancelOutcome =
  | { readonly outcome: "had ended" | "ended" | "without owner"; readonly run: RunRecord }
  | { readonly outcome: "under way"; readonly run: RunRecord; readonly holder: Owner };

/**
 * Asks the owner of a run to end it: within about a second its work is aborted, and what its unfinished
 * tasks did is undone. The request stays until the run has ended, whatever becomes of its owner.
 *
 * Rejects with `RunRefusedError` when there is no such run, with `JournalError`, and with the reason of
 * `signal`.
 */
export async function cancelRun(
  journal: Journal,
  runId: string,
  options: CancelOptions = {},
): Promise<CancelOutcome> {
  const { wait, signal, clock, ...request } = readOptions("cancelRun", options, READERS);
  const run = await readRun(journal, runId);
  if (hasEnded(run)) return { outcome: "had ended", run };
  await writeRequest(journal, runId, { ...request, atMs: clock.now() });
  const untilMs = clock.elapsed() + wait;
  for (;;) {
    const outcome = await lookAt(journal, runId);
    if (outcome.outcome !== "under way" || clock.elapsed() >= untilMs) return outcome;
    await clock.sleep(Math.min(LOOK_EVERY_MS, untilMs - clock.elapsed()), signal);
  }
}

/** Who asked for the end of a run, when, and why; `undefined` when nobody did. */
export async function findCancelRequest(
  journal: Journal,
  runId: string,
): Promise<CancelRequest | undefined> {
  return readCancelRequest(await journal.readState(cancelKey(runId)));
}

/** Whoever asked first is named. */
async function writeRequest(
  journal: Journal,
  runId: string,
  { by, reason, atMs }: { by: string | undefined; reason: string | undefined; atMs: number },
): Promise<void> {
  const said = reason === undefined ? undefined : redactor({ env: process.env }).text(reason);
  const request: CancelRequest = { by: by ?? whoAmI(), atMs, reason: said };
  await journal.writeState({
    key: cancelKey(runId),
    value: JSON.stringify(request),
    replaces: 0,
    atMs,
  });
}

/** The holder is asked for first: a run that is given back has its end written by then. */
async function lookAt(journal: Journal, runId: string): Promise<CancelOutcome> {
  const holder = await journal.findHolder(runId);
  const run = await readRun(journal, runId);
  if (hasEnded(run)) return { outcome: "ended", run };
  if (holder === undefined) return { outcome: "without owner", run };
  return { outcome: "under way", run, holder };
}

async function readRun(journal: Journal, runId: string): Promise<RunRecord> {
  const run = await journal.findRun(runId);
  if (run !== undefined) return run;
  throw new RunRefusedError(runId, `There is no run ${runId}`);
}

function hasEnded({ status }: RunRecord): boolean {
  return !UNFINISHED.includes(status);
}

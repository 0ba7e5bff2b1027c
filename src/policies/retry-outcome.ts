/** How a call under `retry` ended, as data: a failure is an answer, not an exception. */

import type { AttemptRecord, RetryStop } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { attemptOf } from "./lazy-attempt.ts";
import type { RunOptions, Work } from "./policy.ts";
import { RetryRun, type RetryParts } from "./retry-run.ts";
import { WORK } from "./work-call.ts";

/** What both ends tell. */
export interface RetryTold {
  /** How often the work ran. */
  readonly attempts: number;
  /** The attempts that failed, the last 20 of them. */
  readonly history: readonly AttemptRecord[];
}

/** The work succeeded, at the first attempt or a later one. */
export interface RetrySuccess<Value> extends RetryTold {
  readonly ok: true;
  readonly value: Value;
}

/** There was no further attempt. */
export interface RetryFailure extends RetryTold {
  readonly ok: false;
  /**
   * What `run` would have thrown; or the last result, where `faultOfResult` said that it is a fault.
   */
  readonly error: unknown;
  readonly fault: Fault;
  /** Why there was no further attempt. */
  readonly reason: RetryStop;
}

/** How a call under `retry` ended. */
export type RetryOutcome<Value> = RetrySuccess<Value> | RetryFailure;

/** Runs work under `retry`, and answers how it ended. Rejects only once the caller aborts. */
export function outcomeOf<Value>(
  parts: RetryParts,
  work: Work<Value>,
  options: RunOptions | undefined,
): Promise<RetryOutcome<Value>> {
  return new Promise((resolve, reject) => {
    const caller = {
      succeeded: (value: Value) => {
        const { state } = run;
        const told = toldBy(run);
        if (state?.stopped === undefined) resolve({ ok: true, value, ...told });
        else resolve({ ok: false, error: value, ...state.stopped, ...told });
      },
      failed: (error: unknown) => {
        const stopped = run.state?.stopped;
        // Nothing but an abort ends a call without a reason of the retry's own.
        if (stopped === undefined) reject(error as Error);
        else resolve({ ok: false, error, ...stopped, ...toldBy(run) });
      },
    };
    const run = new RetryRun(parts, WORK, work, true);
    run.begin(attemptOf(options), caller);
  });
}

function toldBy({ state }: RetryRun<never> | RetryRun<unknown>): RetryTold {
  return { attempts: state?.attempt ?? 1, history: state?.history ?? [] };
}

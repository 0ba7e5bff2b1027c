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
    const outer = attemptOf(options);
    const run = new RetryRun(parts, WORK, work, true);
    const failed = (error: unknown): void => {
      const { reason = "attempts used up", fault = parts.classify(error) } =
        run.state?.stopped ?? {};
      resolve({ ok: false, error, reason, fault, ...toldBy(run) });
    };
    run.begin(outer, {
      succeeded: (value) => {
        if (run.state?.stopped === undefined) resolve({ ok: true, value, ...toldBy(run) });
        else failed(value);
      },
      failed: (error) => {
        if (outer.isAborted) reject(outer.source?.reason as Error);
        else failed(error);
      },
    });
  });
}

function toldBy({ state }: RetryRun<never> | RetryRun<unknown>): RetryTold {
  return { attempts: state?.attempt ?? 1, history: state?.history ?? [] };
}

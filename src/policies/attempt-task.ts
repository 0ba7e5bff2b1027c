/** A task without the runner: one piece of work, guarded, whose failure is an answer. */

import type { Classify } from "../classify/classify.ts";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import type { Duration } from "../core/duration.ts";
import type { Emit } from "../core/events.ts";
import {
  callable,
  duration,
  flag,
  group,
  part,
  readOptions,
  required,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { reactions, type ReactionChanges } from "../core/reactions.ts";
import { systemClock, systemRandom } from "../core/system.ts";
import { intended, pipeline } from "./pipeline.ts";
import type { Policy, Work } from "./policy.ts";
import { readClassify } from "./read-classify.ts";
import { readRetry, retry, type RetryOptions } from "./retry.ts";
import type { TaskResult } from "./task-result.ts";
import { timeout } from "./timeout.ts";

/** How a task is guarded. */
export interface AttemptTaskOptions<Answer = never> {
  /** How it is retried; giving it says that the work may run again. Default: as `retry()` does. */
  readonly retry?: RetryOptions | undefined;
  /**
   * Whether the work may run again after an attempt that may have had its effect. Default: true when
   * `retry` is given; otherwise false, and it is run again only after failures with effect `none`.
   */
  readonly repeatable?: boolean | undefined;
  /** Time limits, `Infinity` allowed. Default: `"10m"` for an attempt, `Infinity` for all together. */
  readonly timeout?:
    | { readonly attempt?: Duration | undefined; readonly total?: Duration | undefined }
    | undefined;
  /** Any further policy inside the retry and around the time limit, such as a shared breaker. */
  readonly policy?: Policy<Answer> | undefined;
  /** Cancels the task. */
  readonly signal?: AbortSignal | undefined;
  /** Tells the fault of an error, where `retry` is not given another. Default: `faultOf`. */
  readonly classify?: Classify | undefined;
  /** How often each class is retried. Default: `REACTIONS`. */
  readonly reactions?: ReactionChanges<"retries" | "firstRetry"> | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Gives numbers from 0 up to, not including, 1. Default: the system's dice. */
  readonly random?: Random | undefined;
  /** Told the events of attempts, retries and limits, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

const READERS = {
  retry: readRetry,
  repeatable: flag({ default: undefined }),
  timeout: group({
    attempt: duration({ orInfinity: true, default: 600_000 }),
    total: duration({ orInfinity: true, default: Infinity }),
  }),
  policy: part<Policy, Policy>({ methods: ["run"], default: pipeline() }),
  signal: part<AbortSignal, undefined>({ methods: ["addEventListener"], default: undefined }),
  classify: readClassify,
  reactions: reactions("retries", "firstRetry"),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  random: callable<Random, Random>({ default: systemRandom }),
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof AttemptTaskOptions, Reader<unknown>>;

const readName = required(text({ default: undefined }), "a name");

/**
 * Does one piece of work, guarded by time limits and retries, and answers how it ended. A failure is
 * an answer too, so that one task that fails does not end the script.
 *
 * Rejects only when `signal` aborts, with its reason, and with `OptionsError`, before anything is
 * started, when the name is empty or an option is unknown or out of range. Nothing is rolled back:
 * tasks of steps with an undo are in `holdfast/automation`.
 *
 * @example
 * const results = [await attemptTask("copy", copy), await attemptTask("prune", prune)];
 * console.log(summarise(results).text); // 2/2 tasks succeeded
 */
export async function attemptTask<Value, Answer = never>(
  name: string,
  work: Work<Value>,
  options: AttemptTaskOptions<Answer> = {},
): Promise<TaskResult<Value | Answer>> {
  const settled = readOptions("attemptTask", options, READERS);
  const policy = guardOf(readName(name, "attemptTask.name"), settled);
  const { signal, clock } = settled;
  // The one that the retry goes by, so that the answer agrees with what was done.
  const classify = settled.retry?.classify ?? settled.classify;
  const startedAtMs = clock.elapsed();
  let attempts = 0;
  const told = (): { attempts: number; durationMs: number } => ({
    attempts,
    durationMs: clock.elapsed() - startedAtMs,
  });
  try {
    const value = await policy.run(
      (attempt) => {
        attempts++;
        return work(attempt);
      },
      { signal },
    );
    return { ok: true, name, value, ...told(), healed: false };
  } catch (error) {
    signal?.throwIfAborted();
    return { ok: false, name, fault: classify(error), error, ...told(), rollback: "none" };
  }
}

/** Retry outside, so that each attempt has its own limit and each is seen by the user's policy. */
function guardOf(name: string, settled: Settled<typeof READERS>): Policy {
  const { retry: given = {}, repeatable = settled.retry !== undefined, clock, on } = settled;
  const { classify, reactions, random, timeout: limits, policy } = settled;
  const total = Math.min(given.total ?? Infinity, limits.total);
  return pipeline(
    retry({
      ...given,
      name: given.name ?? name,
      total,
      repeatable: given.repeatable ?? repeatable,
      classify: given.classify ?? classify,
      reactions: given.reactions ?? reactions,
      clock: given.clock ?? clock,
      random: given.random ?? random,
      on: given.on ?? on,
    }),
    // What limits that it has of its own are nobody's mistake: the one here may be the default.
    intended(policy),
    timeout(Math.min(limits.attempt, total), { name, clock, on }),
  );
}

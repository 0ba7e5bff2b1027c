/** How one call to a scripted dependency ends: data, which `scripted.ts` plays. */

import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { duration, flag, integer, readOptions, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";

/** What a scripted call is given: the attempt that a policy hands to the work fits. */
export interface ScriptedAttempt {
  readonly attempt?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How one call, or several in a row, will end. Made by `answers`, `fails`, `hangs` and `does`. */
export interface Outcome<Value> {
  /** Stands in messages. */
  readonly label: string;
  /** The time that the call takes before its end, in milliseconds. */
  readonly afterMs: number;
  /** Whether an abort ends the call. */
  readonly mindsAbort: boolean;
  /** How many calls in a row end so. */
  readonly times: number;
  /** Gives the answer, or throws. */
  readonly end: (attempt: ScriptedAttempt) => Value | PromiseLike<Value>;
}

/** When a call ends, and how many do so. */
export interface OutcomeOptions {
  /** How long the call takes before it ends so. Default 0: at once. */
  readonly after?: Duration | undefined;
  /**
   * Whether an abort of the call's signal ends it at once, with the signal's reason, as it does for
   * `fetch`. When false, it takes its time and ends as if nothing were. Default true.
   */
  readonly mindsAbort?: boolean | undefined;
  /** How many calls in a row end so. Default 1. */
  readonly times?: number | undefined;
}

/** Options of `fails`. */
export interface FailsOptions extends OutcomeOptions {
  /** What the answer's Retry-After asks for. Only with an HTTP status. Default: it has none. */
  readonly retryAfter?: Duration | undefined;
}

const READERS = {
  after: duration({ default: 0 }),
  mindsAbort: flag({ default: true }),
  times: integer({ min: 1, default: 1 }),
} satisfies Record<keyof OutcomeOptions, Reader<unknown>>;

const FAILS_READERS = {
  ...READERS,
  retryAfter: duration({ default: undefined }),
} satisfies Record<keyof FailsOptions, Reader<unknown>>;

const { after: _, ...HANGS_READERS } = READERS;

/**
 * The call answers `value`.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 */
export function answers<Value>(value: Value, options: OutcomeOptions = {}): Outcome<Value> {
  return outcome("answers", readOptions("answers", options, READERS), () => value);
}

/**
 * The call fails: with an HTTP status (an error with `status` and `headers`, as clients throw them),
 * with a code such as `"ECONNRESET"` (an error with that `code`), or with the very thing that is
 * handed in, each time the same. Errors for a status or a code are made anew for each call.
 *
 * @throws {OptionsError} At once, if the failure is a number that is no status from 400 to 599, or
 * an option is unknown or out of range.
 */
export function fails(failure: unknown, options: FailsOptions = {}): Outcome<never> {
  const settled = readOptions("fails", options, FAILS_READERS);
  const make = errorMaker(failure, settled.retryAfter);
  return outcome(`fails with ${nameOf(failure)}`, settled, () => {
    throw make();
  });
}

/**
 * The call never ends by itself. An abort ends it, unless `mindsAbort` is false. It sets no timer, so
 * it does not keep the process alive.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 */
export function hangs(options: Omit<OutcomeOptions, "after"> = {}): Outcome<never> {
  const settled = { ...readOptions("hangs", options, HANGS_READERS), after: 0 };
  return outcome("hangs", settled, () => new Promise(() => {}));
}

/**
 * The call does what `work` does, after its time: for what the others do not say, such as a response
 * that must be a new one each time.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * const busy = does(() => new Response("busy", { status: 503 }), { times: 2 });
 */
export function does<Value>(
  work: (attempt: ScriptedAttempt) => Value | PromiseLike<Value>,
  options: OutcomeOptions = {},
): Outcome<Value> {
  return outcome("does something", readOptions("does", options, READERS), work);
}

function outcome<Value>(
  label: string,
  {
    after,
    mindsAbort,
    times,
  }: { readonly after: number; readonly mindsAbort: boolean; readonly times: number },
  end: Outcome<Value>["end"],
): Outcome<Value> {
  return Object.freeze({ label, afterMs: after, mindsAbort, times, end });
}

function nameOf(failure: unknown): string {
  return typeof failure === "string" ? failure : show(failure);
}

/** Checks the failure now, so that a mistake in a script is told where the script is written. */
function errorMaker(failure: unknown, retryAfterMs: number | undefined): () => unknown {
  if (typeof failure === "number") {
    if (!Number.isInteger(failure) || failure < 400 || failure > 599) {
      throw new OptionsError("fails", `expected a status from 400 to 599, received ${failure}`);
    }
    return () => statusError(failure, retryAfterMs);
  }
  if (retryAfterMs !== undefined) {
    throw new OptionsError("fails.retryAfter", "only an HTTP status comes with one");
  }
  if (typeof failure === "string")
    return () => Object.assign(new Error(failure), { code: failure });
  return () => failure;
}

function statusError(status: number, retryAfterMs: number | undefined): Error {
  const headers = retryAfterMs === undefined ? {} : { "retry-after": String(retryAfterMs / 1_000) };
  return Object.assign(new Error(`HTTP ${status}`), { status, headers });
}

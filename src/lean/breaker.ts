/** The circuit breaker, in few bytes. */

import type { Classify } from "../classify/classify.ts";
import type { Duration } from "../core/duration.ts";
import { CircuitOpenError } from "../core/errors.ts";
import { plainClock, type PlainClock } from "../core/system.ts";
import type { Policy } from "../policies/policy.ts";
import { faultBy, isFailure, ownFaultOf } from "./faults.ts";
import { policyOf } from "./lean-policy.ts";
import { count, length, settle, typed } from "./options.ts";
import { under } from "./under.ts";

/** What opens a breaker, and for how long. */
export interface LeanBreakerOptions {
  /** How many failures in a row open it. Default 5. */
  readonly failures?: number | undefined;
  /** How long calls are refused, before one of them probes. Default `"30s"`. */
  readonly pause?: Duration | undefined;
  /** Tells the fault of an error. Default: see `retry`. */
  readonly classify?: Classify | undefined;
  /** Default: the system's clock. */
  readonly clock?: PlainClock | undefined;
}

/** A probe that has not ended by then, or within a longer pause, loses its place to the next call. */
const LEAST_PROBE_MS = 30_000;

const READERS = {
  failures: count(5),
  pause: length(30_000),
  classify: typed("function", ownFaultOf),
  clock: typed("object", plainClock),
};

/**
 * Makes a policy that stops calling a dependency that keeps failing; everybody who calls that must share
 * it. After `failures` in a row it opens: until the pause is over calls reject with `CircuitOpenError`
 * and the work is not started. Then one call may probe; its success closes the breaker, its failure
 * opens it again. Fatal faults, refusals and the caller's abort are no failures, and a probe that ends so
 * leaves its place to the next call.
 *
 * @throws {OptionsError} At once, if the name is empty or an option is unknown or out of range.
 * @example
 * const bank = breaker("bank", { failures: 3, pause: "10s" });
 * const balance = await bank.run(({ signal }) => readBalance(42, { signal }));
 */
export function breaker(name: string, options: LeanBreakerOptions = {}): Policy {
  typed("string")(name, "breaker.name");
  const { failures, pause, classify, clock } = settle("breaker", options, READERS);
  let failed = 0;
  let lastFailure: unknown;
  /** The end of the pause, or of the probe's lease; `undefined` while it is closed. */
  let untilMs: number | undefined;
  let isProbing: boolean | undefined;
  /** Grows with every change: a call's end counts only in the generation that it began in. */
  let generation = 0;

  function turn(nextUntilMs?: number, isProbe?: boolean): void {
    generation++;
    failed = 0;
    untilMs = nextUntilMs;
    isProbing = isProbe;
  }

  function admit(): number {
    if (untilMs !== undefined) {
      const nowMs = clock.elapsed();
      // How long a probe takes nobody knows.
      const leftMs = isProbing ? 0 : untilMs - nowMs;
      if (nowMs < untilMs) throw new CircuitOpenError(name, leftMs, lastFailure);
      turn(nowMs + Math.max(pause, LEAST_PROBE_MS), true);
    }
    return generation;
  }

  function succeeded(): void {
    if (isProbing) turn();
    failed = 0;
  }

  function failedBy(error: unknown): void {
    if (!isProbing && ++failed < failures) return;
    turn(clock.elapsed() + pause);
    lastFailure = error;
  }

  /** The end tells nothing about the dependency: a probe leaves its place. */
  function ignored(): void {
    untilMs &&= 0;
  }

  return policyOf(name, async (work, attempt) => {
    const { source } = attempt;
    const ticket = admit();
    try {
      const value = await under(source, () => work(attempt));
      if (ticket === generation) succeeded();
      return value;
    } catch (error) {
      const isBad = !source?.aborted && isFailure(error, faultBy(classify, error));
      if (ticket === generation) (isBad ? failedBy : ignored)(error);
      throw error;
    }
  });
}

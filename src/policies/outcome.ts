/** A guarded call whose failure is an answer. */

import { faultOf } from "../classify/classify.ts";
import type { Fault } from "../core/fault.ts";
import type { Policy, RunOptions, Work } from "./policy.ts";

/** How a guarded call ended. `error` is what `run` would have thrown, and `fault` what it is taken for. */
export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: unknown; readonly fault: Fault };

/**
 * Runs work under any policy and answers how it ended. Rejects only once the signal aborts, with its
 * reason. `retry().attempt` tells of the attempts besides.
 *
 * @example
 * const ended = await outcome(timeout("2s"), () => "done");
 * console.log(ended.ok ? ended.value : ended.fault.code); // done
 */
export async function outcome<Value, Answer = never>(
  policy: Policy<Answer>,
  work: Work<Value>,
  options?: RunOptions,
): Promise<Outcome<Value | Answer>> {
  try {
    return { ok: true, value: await policy.run(work, options) };
  } catch (error) {
    options?.signal?.throwIfAborted();
    return { ok: false, error, fault: faultOf(error) };
  }
}

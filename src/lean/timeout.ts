/** Time limits, in few bytes. */

import type { Duration } from "../core/duration.ts";
import { TimeoutError } from "../core/errors.ts";
import { plainClock, type PlainClock } from "../core/system.ts";
import type { Policy } from "../policies/policy.ts";
import { LeanAttempt, policyOf } from "./lean-policy.ts";
import { length, settle, typed } from "./options.ts";
import { onAbort, under } from "./under.ts";

/** How a time limit is named and timed. */
export interface LeanTimeoutOptions {
  /** Stands in the error. Default `"timeout"`. */
  readonly name?: string | undefined;
  /** Default: the system's clock. */
  readonly clock?: PlainClock | undefined;
}

const READERS = { name: typed("string", "timeout"), clock: typed("object", plainClock) };

/**
 * Makes a policy that ends work that takes too long: it rejects with `TimeoutError` at once, even if the
 * work takes no notice, and aborts the signal that it gave to the work, with that same error. When the
 * caller cancels first, it rejects with the caller's reason.
 *
 * @throws {OptionsError} At once, if the limit or an option is unknown or out of range.
 * @example
 * const page = await timeout("2s").run(({ signal }) => fetch("http://localhost/", { signal }));
 */
export function timeout(limit: Duration, options: LeanTimeoutOptions = {}): Policy {
  const { name, clock } = settle("timeout", options, READERS);
  const limitMs = length()(limit, "timeout.limit");
  return policyOf(name, (work, { attempt, deadline, source }) => {
    const limited = new AbortController();
    const { signal } = limited;
    const end = (reason: unknown): void => limited.abort(reason);
    const endsAtMs = clock.elapsed() + limitMs;
    const remainingMs = (): number =>
      Math.min(deadline.remainingMs(), Math.max(0, endsAtMs - clock.elapsed()));
    const ignore = source && onAbort(source, end);
    const cancel = clock.after(limitMs, () =>
      end(new TimeoutError(`Work under "${name}"`, limitMs)),
    );
    const inner = new LeanAttempt(attempt, { remainingMs }, signal);
    return under(signal, () => work(inner))
      .finally(cancel)
      .finally(ignore);
  });
}

/** A backoff as a word of the command line. Pure. */

import type { Duration } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import {
  constant,
  delays,
  exponential,
  fibonacci,
  linear,
  type Backoff,
} from "../../policies/backoff.ts";

const GROWING: Readonly<Record<string, typeof exponential>> = { exponential, fibonacci, linear };

/** What is expected, for messages and the help. */
export const BACKOFF_FORMS =
  "exponential:1s..60s, linear:1s..60s, fibonacci:1s..60s, fixed:5s or 1s,5s,30s";

/**
 * Reads `exponential:1s..60s` (from the first wait to the longest, drawn from the upper half of each),
 * `linear:` and `fibonacci:` in the same form, `fixed:5s`, or a list of waits, the last of which holds
 * for all that come after it.
 *
 * @throws {OptionsError} When it is none of them.
 */
export function backoffFromText(text: string, path: string): Backoff {
  const [, kind, waits = ""] = /^(?:([a-z]+):)?(.*)$/s.exec(text) ?? [];
  try {
    if (kind === undefined) return delays(waits.split(",") as Duration[]);
    if (kind === "fixed") return constant(waits as Duration);
    const grow = Object.hasOwn(GROWING, kind) ? GROWING[kind] : undefined;
    const [first = "", max, ...rest] = waits.split("..");
    if (grow !== undefined && rest.length === 0) {
      return grow(first as Duration, { max: max as Duration | undefined, jitter: "equal" });
    }
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
  }
  throw new OptionsError(path, `expected ${BACKOFF_FORMS}, received ${JSON.stringify(text)}`);
}

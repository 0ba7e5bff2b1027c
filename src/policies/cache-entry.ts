/**
 * What a cache answers with what it has: the rule, without clock, promises or callbacks.
 *
 *   kept ─────── fresh ───────▶│── while it is renewed ──▶│
 *                             │──────── where renewing it failed ────────▶│
 *
 * The two windows after the fresh time are `stale-while-revalidate` and `stale-if-error` of RFC 5861
 * (M. Nottingham, 2010). Both begin where freshness ends; either may be the longer one.
 *
 * A failure may be kept as well, so that nobody asks again for a while. It answers where no value
 * does.
 */

/** A value, and from when on it is stale. Moments are milliseconds by a clock that only grows. */
export interface KeptValue {
  readonly value: unknown;
  readonly freshUntilMs: number;
}

/** A failure, and until when it stands. */
export interface KeptFailure {
  readonly error: unknown;
  /** Whether it is one that a stale value may stand in for. */
  readonly passes: boolean;
  readonly untilMs: number;
}

/** What is known of one key: a value, how the last try to renew it failed, or both. */
export interface Entry {
  readonly kept?: KeptValue | undefined;
  readonly failure?: KeptFailure | undefined;
}

/** How long a stale value may be answered; in milliseconds. */
export interface StaleRules {
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

/** The answer at hand. */
export type Found =
  /** `isDue` says that a stale value is to be renewed now. */
  | { readonly value: unknown; readonly isStale: boolean; readonly isDue: boolean }
  | { readonly error: unknown };

/** What to answer without asking; `undefined` when the work has to be asked. */
export function findAnswer(
  { kept, failure }: Entry,
  nowMs: number,
  rules: StaleRules,
): Found | undefined {
  if (kept !== undefined && nowMs < kept.freshUntilMs) {
    return { value: kept.value, isStale: false, isDue: false };
  }
  const standing = failure !== undefined && nowMs < failure.untilMs ? failure : undefined;
  if (kept !== undefined && nowMs < kept.freshUntilMs + rules.staleWhileRevalidate) {
    return { value: kept.value, isStale: true, isDue: standing === undefined };
  }
  if (standing === undefined) return undefined;
  if (!standing.passes || !outlastsError(kept, nowMs, rules)) return { error: standing.error };
  return { value: kept.value, isStale: true, isDue: false };
}

/** Whether a value may still be answered in place of a failure. */
export function outlastsError(
  kept: KeptValue | undefined,
  nowMs: number,
  rules: StaleRules,
): kept is KeptValue {
  return kept !== undefined && nowMs < kept.freshUntilMs + rules.staleIfError;
}

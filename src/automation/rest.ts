/** How much of a wait is left: the rule, without a clock. */

/**
 * What is left at `nowMs` of a wait from `startedAtMs` to `untilMs`, in milliseconds: nothing once its
 * end is past, and never more than its whole length, however far the clock was set back since.
 */
export function restMs(startedAtMs: number, untilMs: number, nowMs: number): number {
  return Math.max(0, Math.min(untilMs - nowMs, untilMs - startedAtMs));
}

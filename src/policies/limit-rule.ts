/** How the rules of `adaptiveLimit` go from one outcome to the next limit. */

/** One call that told something about the dependency. Moments are by a clock that only grows. */
export interface LimitSample {
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  /** How many ran when it began, itself included. */
  readonly inFlight: number;
  /** Whether it failed because the dependency was overloaded. */
  readonly isOverload: boolean;
}

/** What a rule remembers between calls. */
export interface Estimate {
  /** May have a fraction; as many as its whole part may run. */
  readonly limit: number;
  /** When an overload last lowered it; `-Infinity` before. */
  readonly loweredAtMs: number;
}

/** Finds a limit; made by `aimd` or `gradient`. Pure: what it remembers is handed in and out. */
export interface LimitRule<Memory extends Estimate = Estimate> {
  /** What it begins with; `limit` is the `initial` one. */
  first(limit: number): Memory;
  /** What follows from one call. The limit stays as it is where this throws, or answers none that is finite. */
  next(estimate: Memory, sample: LimitSample): Memory;
}

/**
 * Lowers the limit after an overload, once for all the calls that were under way together: those
 * that began before it was lowered tell of the former limit. So a burst of fifty failures is one
 * overload and not fifty. TCP does the same with the segments lost in one window of data (RFC 6582,
 * section 3.2, step 1).
 */
export function lowered<Memory extends Estimate>(
  estimate: Memory,
  { beganAtMs, endedAtMs }: LimitSample,
  factor: number,
): Memory {
  if (beganAtMs <= estimate.loweredAtMs) return estimate;
  return { ...estimate, limit: estimate.limit * factor, loweredAtMs: endedAtMs };
}

/** Whether at least half of the limit is used: else that calls end well says nothing about more. */
export function isUsed(inFlight: number, limit: number): boolean {
  return inFlight * 2 >= limit;
}

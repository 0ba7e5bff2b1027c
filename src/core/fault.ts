/**
 * What a failure is: the one taxonomy that retry, breaker, rollback, alerts and exit codes share.
 *
 * An error is classified once, and the fault is remembered beside it. The error itself is thrown on
 * untouched: same object, same type.
 */

/** What kind of failure it is; `REACTIONS` says what follows from it. */
export type FaultClass = "transient" | "degraded" | "timeout" | "fatal" | "unknown";

/**
 * What the failed attempt did before it failed: `none` (refused before anything happened), `partial`,
 * or `unknown` (it may have landed).
 */
export type Effect = "none" | "partial" | "unknown";

/** A classified failure. */
export interface Fault {
  readonly class: FaultClass;
  /** Stable, for programs: `ECONNRESET`, `HTTP_503`, `TIMED_OUT`, … */
  readonly code: string;
  readonly effect: Effect;
  /** The least wait before another attempt, in milliseconds, when the other side named one. */
  readonly retryAfterMs?: number | undefined;
}

/** Every class, the mildest first. */
export const FAULT_CLASSES: readonly FaultClass[] = [
  "transient",
  "degraded",
  "timeout",
  "unknown",
  "fatal",
];

const remembered = new WeakMap<object, { readonly fault: Fault; readonly code: unknown }>();

/** Keeps `fault` as what `error` was classified as. Text and numbers that were thrown have no memory. */
export function rememberFault(error: unknown, fault: Fault): void {
  if (isObject(error)) remembered.set(error, { fault, code: codeOf(error) });
}

/**
 * The fault that an error carries itself or was classified as before, if any. An error that has
 * another `code` since then was used again for another failure.
 */
export function knownFault(error: unknown): Fault | undefined {
  // What is no object is in no memory.
  const known = remembered.get(error as object);
  if (known !== undefined && Object.is(known.code, codeOf(error as object))) return known.fault;
  // Our own errors carry their fault, also those of another copy of the package.
  return (error as { [OWN_FAULT]?: Fault } | null | undefined)?.[OWN_FAULT];
}

/** Where our own errors keep their fault. */
export const OWN_FAULT: unique symbol = Symbol.for("holdfast.fault") as never;

function codeOf(error: object): unknown {
  try {
    return (error as { code?: unknown }).code;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/**
 * The circuit breaker, as it is used. Its rules are in `circuit.ts`, its life in `live-circuit.ts`,
 * what it can be told in `breaker-options.ts`.
 */

import { required, text } from "../core/options.ts";
import type { Isolation } from "./breaker-control.ts";
import { readRules, type BreakerOptions } from "./breaker-options.ts";
import type { BreakerSnapshot } from "./breaker-snapshot.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import type { Circuit, Hold, Ticket } from "./circuit.ts";
import type { WindowCounts } from "./outcome-window.ts";
import type { Policy, RunOptions, Work } from "./policy.ts";

/** What became of a call: its value, or that it was not begun. */
export type BreakerAnswer<Value> =
  | { readonly isAdmitted: true; readonly value: Value }
  | {
      readonly isAdmitted: false;
      /** As `CircuitOpenError` tells it. */
      readonly retryAfterMs: number;
    };

/** How a breaker stands and what it counted. */
export interface BreakerStatus {
  readonly name: string;
  readonly state: Circuit["state"];
  /** How it is held by hand, if it is. */
  readonly held: Hold | undefined;
  /** What is left of the pause, in milliseconds; `Infinity` when it is held open. */
  readonly retryAfterMs: number;
  /** Failures in a row; of probes, while half-open. */
  readonly failures: number;
  /** How often it has opened since it was closed. */
  readonly openings: number;
  /** What is in the window; `undefined` where there is none, or nothing in it yet. */
  readonly window: WindowCounts | undefined;
  /**
   * Since it was made. Every end is one of the first three; `late` ones of them came when they
   * decided nothing any more.
   */
  readonly totals: {
    readonly succeeded: number;
    readonly failed: number;
    readonly ignored: number;
    readonly late: number;
    readonly rejected: number;
  };
}

/** A breaker is one policy for one dependency: everybody who calls that must share it. */
export interface Breaker extends Policy {
  /**
   * `open` until a call begins after the pause, then `half-open` until probes tell more; `open` as long
   * as it is isolated.
   */
  readonly state: Circuit["state"];
  /** Whether it is isolated, by `isolate` or by its `control`. */
  readonly isIsolated: boolean;
  /** Whether a call may begin now. Asking begins none. */
  readonly admits: boolean;
  /** What is left of the pause, in milliseconds; `Infinity` when it is held open or isolated. */
  readonly retryAfterMs: number;

  /**
   * Runs `work` as `run` does, but answers where that rejects with `CircuitOpenError`: several times
   * as fast. The work's own error is still thrown.
   */
  tryRun<Value>(work: Work<Value>, options?: RunOptions): Promise<BreakerAnswer<Value>>;

  /** Opens it now, for a pause, as failures do. */
  open(): void;
  /** Ends the pause: the next call probes. */
  halfOpen(): void;
  /** Closes it now, lets go of it when it was held, and forgets what it counted. */
  close(): void;
  /**
   * Holds it by hand until `close`: `open` refuses every call, `closed` admits every call and goes on
   * counting, `off` admits every call and looks at none.
   *
   * @throws {OptionsError} If it is told something else.
   */
  hold(as: Hold): void;
  /**
   * Refuses every call until this isolation and all others are released, whatever else is done with it
   * by hand meanwhile; then goes on from where it is. Unlike `hold` it may be done by several who know
   * nothing of each other. It is in no snapshot.
   *
   * @example
   * using _isolation = bank.isolate();
   */
  isolate(): Isolation;

  /** How it stands and what it counted: a copy. */
  status(): BreakerStatus;
  /** What it knows, to be restored after a restart: a copy, of plain data that JSON keeps. */
  snapshot(): BreakerSnapshot;
  /**
   * Puts it where a snapshot says, with what was left of the pause then. Tells no event, and calls
   * under way count no more.
   *
   * @throws {OptionsError} If it is no snapshot; the breaker stays as it was.
   */
  restore(snapshot: BreakerSnapshot): void;

  /**
   * Lets a call begin that is made without `run`; hand the ticket to one of the three below, once.
   * Neither `probe` nor `beforeProbe` is run.
   *
   * @throws {CircuitOpenError} If it may not begin.
   */
  admit(): Ticket;
  /** A call ended well, with this value. */
  succeeded(ticket: Ticket, value?: unknown): void;
  /** A call failed with this error. */
  failed(ticket: Ticket, error: unknown): void;
  /** A call ended in a way that tells nothing about the dependency. */
  ignored(ticket: Ticket): void;
}

const readName = required(text({ default: undefined }), "a name");

/**
 * Makes a policy that stops calling a dependency that keeps failing.
 *
 * After `failures` in a row, or as `window` says, it opens: for the length of the pause calls reject
 * with `CircuitOpenError` and the work is not started. Then `probes` calls at a time may probe; their
 * success closes the breaker, their failure opens it again. What counts as a failure is in the
 * reaction table; refusals by our own policies and the caller's abort never do, and a probe that ends
 * so leaves its place to the next call.
 *
 * It has no timer: what comes after the pause comes with the first call after it.
 *
 * @throws {OptionsError} At once, if the name is empty or an option is unknown or out of range.
 * @example
 * const bank = breaker("bank", { failures: 3, pause: exponential("10s", { max: "5m" }) });
 * const balance = await bank.run(({ signal }) => readBalance(42, { signal }));
 */
export function breaker(name: string, options: BreakerOptions = {}): Breaker {
  return new CircuitBreaker(readName(name, "breaker.name"), readRules("breaker", options));
}

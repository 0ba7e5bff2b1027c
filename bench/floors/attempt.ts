/**
 * What the floors stand on. They do the same jobs as the policies, written by hand: no events, no
 * options, no classes of failure. They are not designs but lower bounds, and tell what the machine
 * itself takes.
 */

/** What the work is given here. */
export interface HandAttempt {
  readonly attempt: number;
  readonly signal: AbortSignal;
}

/** Work, as everything that is measured takes it. */
export type HandWork<Value> = (attempt: HandAttempt) => Promise<Value>;

/** Runs work under something. */
export type Guard = <Value>(work: HandWork<Value>) => Promise<Value>;

/** The first attempt, where nothing ends it early. */
export const IDLE: HandAttempt = { attempt: 1, signal: new AbortController().signal };

/** How often a retry by hand tries in all. */
export const ATTEMPTS = 4;

/** An attempt whose signal is made when the work reads it. */
export class LazyAttempt implements HandAttempt {
  readonly attempt: number;
  #controller: AbortController | undefined;

  constructor(attempt: number) {
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }

  /** Aborts the signal, if anybody has it. */
  abort(reason: unknown): void {
    this.#controller?.abort(reason);
  }
}

/** What a limit by hand rejects with. */
export function lateError(): Error {
  return new Error("It took too long");
}

/** What a run that was cancelled exits with. */

import { EXIT } from "../../core/exit-codes.ts";

/** A signal of the operating system. */
export interface Signal {
  readonly name: string;
  readonly number: number;
}

/** The reason to abort a run with when a signal asks the process to stop. */
export class StoppedBySignal extends Error {
  static {
    Object.defineProperty(this.prototype, "name", { value: "StoppedBySignal" });
  }
  readonly signal: Signal;

  constructor(signal: Signal) {
    super(`stopped by ${signal.name}`);
    this.signal = signal;
  }
}

/** The number of the signal that Ctrl-C sends. */
const SIGINT = 2;

/** By the signal that `reason` tells of; where it tells of none, as if Ctrl-C had been pressed. */
export function exitCodeOfCancellation(reason: unknown): number {
  return EXIT.signal + (reason instanceof StoppedBySignal ? reason.signal.number : SIGINT);
}

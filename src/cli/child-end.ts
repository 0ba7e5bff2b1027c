/** How the process of an automation ended, where it did not say so itself. */

/** An error in it that nobody caught. */
export class UncaughtError extends Error {
  static {
    Object.defineProperty(this.prototype, "name", { value: "UncaughtError" });
  }

  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/** It was killed, or ended itself. */
export class ProcessEndedError extends Error {
  static {
    Object.defineProperty(this.prototype, "name", { value: "ProcessEndedError" });
  }
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`The automation's process ended by itself, with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** When a command has to be ended: its time is up, it is silent for too long, or nobody wants it. */

import type { Clock } from "../core/clock.ts";

/** Why it is ended. */
export type StopReason = "timeout" | "idle" | "cancel";

/** The limits of a command, in milliseconds. */
export interface Limits {
  readonly timeout: number;
  readonly idleTimeout: number;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  /** Whether it waits for the reader of its output: its silence is not its own then. */
  readonly isHeldBack: () => boolean;
}

/** See the header. */
export class StopWatch {
  readonly #limits: Limits;
  /** Settles with the first reason; never, when there is none. */
  readonly stopped: Promise<StopReason>;
  #stop: (reason: StopReason) => void = () => undefined;
  #heardAtMs: number;
  readonly #cancels: (() => void)[] = [];
  #stopListening: () => void = () => undefined;

  constructor(limits: Limits) {
    const { clock, timeout, idleTimeout, signal } = limits;
    this.#limits = limits;
    this.#heardAtMs = clock.elapsed();
    this.stopped = new Promise((resolve) => (this.#stop = resolve));
    if (timeout !== Infinity) this.#cancels.push(clock.after(timeout, () => this.#stop("timeout")));
    if (idleTimeout !== Infinity) this.#listen(idleTimeout);
    const cancel = (): void => this.#stop("cancel");
    signal?.addEventListener("abort", cancel, { once: true });
    this.#cancels.push(() => signal?.removeEventListener("abort", cancel));
  }

  /** When something was last heard, by the clock's `elapsed`. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** It has written something. */
  readonly heard = (): void => {
    this.#heardAtMs = this.#limits.clock.elapsed();
  };

  /** It has ended: there is nothing to be stopped any more. */
  end(): void {
    this.#stopListening();
    for (const cancel of this.#cancels) cancel();
  }

  /** One timer for many chunks: it looks when the last one was, and waits for what is left. */
  #listen(ms: number): void {
    const { clock, idleTimeout, isHeldBack } = this.#limits;
    this.#stopListening = clock.after(ms, () => {
      if (isHeldBack()) this.heard();
      const silentMs = clock.elapsed() - this.#heardAtMs;
      if (silentMs >= idleTimeout) this.#stop("idle");
      else this.#listen(idleTimeout - silentMs);
    });
  }
}

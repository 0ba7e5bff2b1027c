/**
 * What may end a call early: the caller's signal, or a limit of our own.
 *
 * Policies listen here rather than on signals, for two reasons. A signal costs microseconds to make,
 * and work that never reads one need not pay for it. And an `AbortSignal` compares every new
 * listener with all that it has, so that n calls under one signal cost n² steps; here it gets one
 * listener for all of them, and none once the last call has settled.
 */

/** Called once, with the reason. It must not throw. */
export type AbortListener = (reason: unknown) => void;

/** Something that aborts at most once. */
export abstract class AbortSource {
  /** Made with the first listener: most limits never have one. */
  #listeners: Set<AbortListener> | undefined;

  abstract readonly isAborted: boolean;
  abstract readonly reason: unknown;
  abstract readonly signal: AbortSignal;

  /** Whether a call under it goes on being waited for once it is aborted: it was only asked to end. */
  get isWaitedFor(): boolean {
    return false;
  }

  /** Calls `listener` when this aborts, until `ignore`. Ask `isAborted` first: the past is not told. */
  listen(listener: AbortListener): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.watch();
  }

  /** Takes a listener out. */
  ignore(listener: AbortListener): void {
    if (this.#listeners?.delete(listener) && this.#listeners.size === 0) this.unwatch();
  }

  /** Called when the first listener came. */
  protected watch(): void {}

  /** Called when the last listener went. */
  protected unwatch(): void {}

  protected tellListeners(): void {
    for (const listener of this.#listeners ?? []) listener(this.reason);
  }
}

/** Where a signal of ours has what it is the signal of: it may come back, handed on by somebody else. */
const SOURCE: unique symbol = Symbol("holdfast.source");

interface SignalOfOurs extends AbortSignal {
  [SOURCE]?: AbortSource;
}

/** The abort of one limit on one call. Its signal is made when it is first read. */
export class LimitAbort extends AbortSource {
  #controller: AbortController | undefined;
  #isAborted = false;
  #reason: unknown;

  get isAborted(): boolean {
    return this.#isAborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      (this.#controller.signal as SignalOfOurs)[SOURCE] = this;
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Aborts with a reason that is ready: making one here would cost ten times as much. */
  abort(reason: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    this.tellListeners();
    this.#controller?.abort(reason);
  }
}

const known = new WeakMap<AbortSignal, AbortSource>();

/** The abort of a signal that was handed in; one per signal, however many calls it is handed to. */
export function callerAbort(signal: AbortSignal): AbortSource {
  let source = (signal as SignalOfOurs)[SOURCE] ?? known.get(signal);
  if (source === undefined) known.set(signal, (source = new CallerAbort(signal)));
  return source;
}

class CallerAbort extends AbortSource {
  readonly signal: AbortSignal;
  readonly #tell = (): void => this.tellListeners();

  constructor(signal: AbortSignal) {
    super();
    this.signal = signal;
  }

  get isAborted(): boolean {
    return this.signal.aborted;
  }

  get reason(): unknown {
    return this.signal.reason;
  }

  protected override watch(): void {
    this.signal.addEventListener("abort", this.#tell, { once: true });
  }

  protected override unwatch(): void {
    this.signal.removeEventListener("abort", this.#tell);
  }
}

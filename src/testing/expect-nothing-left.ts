/** Whether work lets go of all that it took: no timer and no abort listener is left behind. */

import { AssertionError } from "node:assert";
import { OptionsError } from "../core/errors.ts";
import { list, readOptions, type Reader } from "../core/options.ts";
import { show } from "../core/show.ts";
import { watchListeners, type ListenerWatch } from "./listeners.ts";
import { watchTimers, type TimerWatch } from "./timers.ts";
import { tracing, type Place, type Trace } from "./trace.ts";

/** What else is looked at. */
export interface NothingLeftOptions {
  /** Signals that outlive the work, besides the caller's own. Default: none. */
  readonly signals?: readonly AbortSignal[] | undefined;
}

/** What the watched work is given. */
export interface WatchedWork {
  /** Aborts when the work says so; its signal is looked at. Fits where a policy takes options. */
  readonly caller: AbortController;
}

const READERS = {
  signals: list(readSignal, { default: [] }),
} satisfies Record<keyof NothingLeftOptions, Reader<unknown>>;

/**
 * Runs `work` and answers or rejects as it does, unless it leaves something behind: then it rejects
 * with an `AssertionError` that says what, and where it was made; an error of the work is its cause.
 *
 * Looked at, one turn of the event loop after the work has settled, are: timers that the work set and
 * all that it started, if they keep the process alive; limits on calls that still run; waits on a
 * `VirtualClock`; and abort listeners on the caller's signal and on `signals`. What others do meanwhile
 * is theirs. Work that goes on without any of these, such as a socket or a promise that never
 * settles, is not seen. Needs Node.
 *
 * @throws {OptionsError} Rejects with it, before the work has begun, if an option is unknown or wrong.
 * @example
 * await expectNothingLeft(async ({ caller }) => {
 *   const running = guarded.run(() => new Promise(() => {}), caller);
 *   caller.abort("stop");
 *   await running.catch(() => {});
 * });
 */
export async function expectNothingLeft<Value>(
  work: (watched: WatchedWork) => Value | PromiseLike<Value>,
  options: NothingLeftOptions = {},
): Promise<Value> {
  const { signals } = readOptions("expectNothingLeft", options, READERS);
  const caller = new AbortController();
  const watch = new Watch([caller.signal, ...signals]);
  try {
    const [settled] = await Promise.allSettled([watch.run(() => work({ caller }))]);
    // What is cancelled in a `finally` further out goes now, and with it what fires at once.
    await new Promise((resolve) => void setImmediate(resolve));
    const left = watch.left();
    if (left.length > 0) throw failure(left, settled);
    if (settled.status === "rejected") throw settled.reason;
    return settled.value;
  } finally {
    watch.close();
  }
}

function readSignal(value: unknown, path: string): AbortSignal {
  if (value instanceof AbortSignal) return value;
  throw new OptionsError(path, `expected an AbortSignal, received ${show(value)}`);
}

/** Something that is left: what it is, and where it was made if that is known. */
interface Leftover {
  readonly what: string;
  readonly place?: Place | undefined;
}

/** Everything that is looked at while one piece of work runs. */
class Watch {
  readonly #traces: Trace[] = [];
  readonly #timers: TimerWatch;
  readonly #listeners: readonly ListenerWatch[];

  constructor(signals: readonly AbortSignal[]) {
    this.#timers = watchTimers(this.#traces);
    this.#listeners = signals.map(watchListeners);
  }

  run<Value>(work: () => Value | PromiseLike<Value>): Promise<Value> {
    return tracing(this.#traces, () => Promise.try(work));
  }

  left(): readonly Leftover[] {
    const timers = this.#traces.filter(({ isLeft }) => isLeft());
    const listeners = this.#listeners.flatMap(({ added }) => added);
    return [
      ...timers,
      ...listeners.map(({ place }) => ({ what: "an abort listener, added", place })),
    ];
  }

  close(): void {
    this.#timers.close();
    for (const watch of this.#listeners) watch.close();
  }
}

function failure(left: readonly Leftover[], settled: PromiseSettledResult<unknown>): Error {
  const lines = left.flatMap(({ what, place }) => {
    const calls = place?.() ?? [];
    return [`- ${what}`, ...calls.map((call) => `    ${call}`)];
  });
  const error = new AssertionError({
    message: [`Left behind by the work (${left.length}):`, ...lines].join("\n"),
    actual: left.map(({ what }) => what),
    expected: [],
    stackStartFn: expectNothingLeft,
  });
  return settled.status === "rejected"
    ? Object.assign(error, { cause: settled.reason as unknown })
    : error;
}

/** Loops that are compiled for one case alone, as a caller's own place in the code is. */

/** Makes one call; what it answers or rejects with is awaited. */
export type Call = () => PromiseLike<unknown>;

/** Makes calls, each awaited before the next. */
export type Loop = (call: Call, times: number) => Promise<void>;

/** Begins a call. The signal is one for all that are begun together; most take no notice. */
export type Start = (work: () => Promise<unknown>, signal: AbortSignal) => PromiseLike<unknown>;

/** Begins as many calls as there are places, and waits for none. */
export type Burst = (
  places: PromiseLike<unknown>[],
  start: Start,
  given: { readonly work: () => Promise<unknown>; readonly signal: AbortSignal },
) => void;

/** A loop for one case. */
export function loopFor(name: string): Loop {
  return compiled<Loop>(
    name,
    "async (call, times) => { for (let i = 0; i < times; i++) await call(); }",
  );
}

/** A burst for one case. */
export function burstFor(name: string): Burst {
  return compiled<Burst>(
    name,
    "(places, start, { work, signal }) => { for (let i = 0; i < places.length; i++) places[i] = start(work, signal); }",
  );
}

/**
 * Compiled anew. A loop that all cases share would call so many functions from one place that the
 * compiler gives up on it, and the cheapest would pay most.
 */
function compiled<Made>(name: string, body: string): Made {
  // oxlint-disable-next-line typescript/no-implied-eval -- only so is it compiled anew, and not shared
  return (new Function(`return ${body}; // ${name}`) as () => Made)();
}

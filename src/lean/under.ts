/**
 * Waiting no longer than until a signal aborts, with one listener on each signal however many calls run
 * under it: a signal compares every new listener with all that it has, so that n cost n² steps.
 */

/** Told the reason of an abort. Its own for each call. */
type Listener = (reason: unknown) => void;

const listenersOf = new WeakMap<AbortSignal, Set<Listener>>();

/** Has `listener` told when the signal aborts. The answer takes it out again. */
export function onAbort(signal: AbortSignal, listener: Listener): () => void {
  const listeners = listenersOf.get(signal) ?? new Set();
  listenersOf.set(signal, listeners);
  if (listeners.add(listener).size === 1) signal.addEventListener("abort", tell);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) signal.removeEventListener("abort", tell);
  };
}

/** One function for all signals: each calls it as its own. */
function tell(this: AbortSignal): void {
  // Who is told of it has listeners.
  for (const listener of listenersOf.get(this) as Set<Listener>) listener(this.reason);
}

/**
 * Settles as what `begin` starts, or rejects with the reason as soon as the signal aborts. Starts
 * nothing once it has, and leaves no listener.
 */
export async function under<Value>(
  signal: AbortSignal | undefined,
  begin: () => Value | PromiseLike<Value>,
): Promise<Value> {
  // Or null, as what is handed on to `fetch` may say for none.
  if (!signal) return begin();
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const ignore = onAbort(signal, reject);
  try {
    return await Promise.race([promise, Promise.try(begin)]);
  } finally {
    ignore();
  }
}

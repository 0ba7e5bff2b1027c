/** Listening to signals that outlive whoever listens. */

/**
 * Calls `run` when `signal` aborts, or now when it has. The answer ends that, and must be called: the
 * `signal` option of `addEventListener` would not do. Node holds only the newest of the handlers that
 * carry it out, so that after a garbage collection the others never come, and their listeners stay.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) {
    run();
    return () => undefined;
  }
  signal.addEventListener("abort", run, { once: true });
  return () => signal.removeEventListener("abort", run);
}

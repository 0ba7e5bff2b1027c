/** The size of the heap, in bytes. */

/** What is on it now, garbage included. */
export function heapUsed(): number {
  return process.memoryUsage().heapUsed;
}

/** What is on it that is still needed. Needs `--expose-gc`. */
export function heapAfterCollection(): number {
  if (globalThis.gc === undefined) throw new Error("node --expose-gc is needed to count memory");
  globalThis.gc();
  return heapUsed();
}

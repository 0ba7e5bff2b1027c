/** Options that may be a function or the same for every call, told as they were given. */

/** A function as it was given; else what the constant that was read in its place answers. */
export function asGiven(given: unknown, read: (...args: never[]) => unknown): unknown {
  return typeof given === "function" ? given : (read as () => unknown)();
}

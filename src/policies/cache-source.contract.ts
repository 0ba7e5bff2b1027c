/** Dependencies of a cache, for its tests. */

/** Work that never ends. */
export const never = (): Promise<never> => new Promise(() => {});

/** What a call rejects with; or what it answered, as `{ answered }`. */
export const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    (value) => ({ answered: value }),
    (error: unknown) => error,
  );

/** A connection that was cut: it may have had its effect. */
export const reset = (): Error =>
  Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

/** A dependency, as the tests see it. */
export interface Counting {
  calls: number;
  error: unknown;
  readonly work: () => number;
}

/** A dependency that counts its calls, and fails while `error` is set. */
export function counting(): Counting {
  const source = {
    calls: 0,
    error: undefined as unknown,
    work: (): number => {
      source.calls++;
      if (source.error !== undefined) throw source.error;
      return source.calls;
    },
  };
  return source;
}

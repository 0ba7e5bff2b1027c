/** The small libraries for one job each: p-retry, p-timeout, p-limit, p-queue. */

/** p-retry. */
export type PRetry = <Value>(
  work: (attempt: number) => Promise<Value>,
  options: object,
) => Promise<Value>;

/** p-timeout. */
export type PTimeout = <Value>(work: Promise<Value>, options: object) => Promise<Value>;

/** p-limit. */
export type PLimit = (concurrency: number) => <Value>(work: () => Promise<Value>) => Promise<Value>;

/** p-queue. */
export type PQueue = new (options: object) => {
  add<Value>(work: () => Promise<Value>): Promise<Value>;
};

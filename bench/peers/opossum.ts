/** opossum. Its circuits count by timers of their own, until they are shut down. */

/** A circuit breaker around one function. */
export interface Circuit<Args extends readonly unknown[], Value> {
  fire(...args: Args): Promise<Value>;
  shutdown(): void;
}

/** The class that the library is. */
export type Opossum = new <Args extends readonly unknown[], Value>(
  work: (...args: Args) => Promise<Value>,
  options: object,
) => Circuit<Args, Value>;

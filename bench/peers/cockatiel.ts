/** cockatiel, with the settings that ours have by default or that come nearest. */

import { LIMIT_MS } from "../limits.ts";

/** The part of the library that is used. */
export interface Cockatiel {
  readonly handleAll: object;
  readonly ConstantBackoff: new (ms: number) => object;
  readonly ConsecutiveBreaker: new (failures: number) => object;
  readonly CountBreaker: new (options: object) => object;
  readonly SamplingBreaker: new (options: object) => object;
  retry(handled: object, options: object): CockatielPolicy;
  circuitBreaker(handled: object, options: object): CockatielPolicy;
  timeout(ms: number, options: object): CockatielPolicy;
  bulkhead(limit: number, queue: number): CockatielPolicy;
  wrap(...policies: readonly CockatielPolicy[]): CockatielPolicy;
}

/** One of its policies. */
export interface CockatielPolicy {
  execute<Value>(
    work: (context: { readonly signal: AbortSignal; readonly attempt?: number }) => Promise<Value>,
    signal?: AbortSignal,
  ): Promise<Value>;
}

/** Makes its policies. */
export class CockatielMaker {
  readonly #library: Cockatiel;

  constructor(library: Cockatiel) {
    this.#library = library;
  }

  retry(delayMs = 200): CockatielPolicy {
    const { handleAll, ConstantBackoff } = this.#library;
    const backoff = new ConstantBackoff(delayMs);
    return this.#library.retry(handleAll, { maxAttempts: 3, backoff });
  }

  breaker({ failures = 5, pauseMs = 30_000 } = {}): CockatielPolicy {
    return this.#breaker(new this.#library.ConsecutiveBreaker(failures), pauseMs);
  }

  /** Opens when all of the last `size` calls have failed. */
  countBreaker(size: number): CockatielPolicy {
    return this.#breaker(new this.#library.CountBreaker({ threshold: 0.99, size }));
  }

  /** Opens when all calls of the window have failed. */
  samplingBreaker(windowMs: number): CockatielPolicy {
    const window = { threshold: 0.99, duration: windowMs };
    return this.#breaker(new this.#library.SamplingBreaker(window));
  }

  timeout({ abortOnReturn = true } = {}): CockatielPolicy {
    const limit = { strategy: "aggressive", abortOnReturn };
    return this.#library.timeout(LIMIT_MS.cockatiel, limit);
  }

  bulkhead(limit: number): CockatielPolicy {
    return this.#library.bulkhead(limit, Number.MAX_SAFE_INTEGER);
  }

  allThree({ delayMs = 200, failures = 5 } = {}): CockatielPolicy {
    const [retry, breaker] = [this.retry(delayMs), this.breaker({ failures })];
    return this.#library.wrap(retry, breaker, this.timeout());
  }

  #breaker(breaker: object, halfOpenAfter = 30_000): CockatielPolicy {
    return this.#library.circuitBreaker(this.#library.handleAll, { halfOpenAfter, breaker });
  }
}

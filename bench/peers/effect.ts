/**
 * Effect. Its effects are made once and run as often as one likes; where they can be, they are made
 * outside of what is timed. Its breaker is keyed by itself.
 */

import { LIMIT_MS } from "../limits.ts";

/** A description of work; opaque here. */
export interface EffectOf<Value> {
  readonly __value?: Value;
}

/** The parts of the library that are used. */
export interface EffectModules {
  readonly Effect: {
    tryPromise<Value>(options: {
      readonly try: (signal: AbortSignal) => Promise<Value>;
      readonly catch: (error: unknown) => unknown;
    }): EffectOf<Value>;
    retry<Value>(effect: EffectOf<Value>, options: { readonly times: number }): EffectOf<Value>;
    timeout<Value>(effect: EffectOf<Value>, ms: number): EffectOf<Value>;
    provide<Value>(effect: EffectOf<Value>, layer: object): EffectOf<Value>;
    runPromise<Value>(
      effect: EffectOf<Value>,
      options?: { readonly signal?: AbortSignal },
    ): Promise<Value>;
    runPromiseExit<Value>(effect: EffectOf<Value>): Promise<unknown>;
  };
  readonly Scope: {
    makeUnsafe(): object;
    provide<Value>(effect: EffectOf<Value>, scope: object): EffectOf<Value>;
  };
  readonly Semaphore: { makeUnsafe(permits: number): EffectSemaphore };
  readonly CircuitBreaker: {
    make(options: object): EffectOf<EffectBreaker>;
    consecutive(failures: number): object;
    rate(options: object): object;
    layerStoreMemory(): object;
  };
}

/** At most so many at once. */
export interface EffectSemaphore {
  withPermit<Value>(effect: EffectOf<Value>): EffectOf<Value>;
}

/** One circuit for each key. */
export interface EffectBreaker {
  execute<Value>(effect: EffectOf<Value>, options: { readonly key: string }): EffectOf<Value>;
}

/** Makes and runs its effects. */
export class EffectMaker {
  readonly #modules: EffectModules;

  constructor(modules: EffectModules) {
    this.#modules = modules;
  }

  /** Of work that reads no signal. */
  of<Value>(work: () => Promise<Value>): EffectOf<Value> {
    // It makes a signal for a function that takes an argument.
    return this.#modules.Effect.tryPromise({ try: () => work(), catch: asItIs });
  }

  /** Of work that reads its signal. */
  reading<Value>(work: (given: { readonly signal: AbortSignal }) => Promise<Value>) {
    return this.#modules.Effect.tryPromise({ try: (signal) => work({ signal }), catch: asItIs });
  }

  retry<Value>(effect: EffectOf<Value>): EffectOf<Value> {
    return this.#modules.Effect.retry(effect, { times: 3 });
  }

  timeout<Value>(effect: EffectOf<Value>): EffectOf<Value> {
    return this.#modules.Effect.timeout(effect, LIMIT_MS.effect);
  }

  breaker({ failures = 5, pauseMs = 30_000 } = {}): Promise<EffectBreaker> {
    return this.#breaker(this.#modules.CircuitBreaker.consecutive(failures), pauseMs);
  }

  /** Opens when all of the last `size` calls have failed. */
  rateBreaker(size: number): Promise<EffectBreaker> {
    const { CircuitBreaker } = this.#modules;
    return this.#breaker(CircuitBreaker.rate({ threshold: 1, size, minimumCalls: size }));
  }

  semaphore(permits: number): EffectSemaphore {
    return this.#modules.Semaphore.makeUnsafe(permits);
  }

  run<Value>(effect: EffectOf<Value>, signal?: AbortSignal): Promise<Value> {
    return signal === undefined
      ? this.#modules.Effect.runPromise(effect)
      : this.#modules.Effect.runPromise(effect, { signal });
  }

  /** Runs it and answers how it ended: nothing is thrown. */
  exitOf<Value>(effect: EffectOf<Value>): Promise<unknown> {
    return this.#modules.Effect.runPromiseExit(effect);
  }

  #breaker(tripPolicy: object, openDuration = 30_000): Promise<EffectBreaker> {
    const { Effect, Scope, CircuitBreaker } = this.#modules;
    const making = CircuitBreaker.make({ tripPolicy, openDuration });
    const stored = Effect.provide(making, CircuitBreaker.layerStoreMemory());
    return this.run(Scope.provide(stored, Scope.makeUnsafe()));
  }
}

const asItIs = (error: unknown): unknown => error;

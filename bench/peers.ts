/**
 * The libraries that others use for these jobs, when they are there: `npm ci --prefix bench` brings
 * them. They are loaded by name and typed here, so that nothing else needs them.
 */

import { print } from "./harness.ts";

/** What of them is used. */
export interface Peers {
  readonly cockatiel: Cockatiel;
  readonly opossum: new <Value>(
    work: (...args: never[]) => Promise<Value>,
    options: object,
  ) => { fire(): Promise<Value> };
  readonly pRetry: <Value>(
    work: (attempt: number) => Promise<Value>,
    options: object,
  ) => Promise<Value>;
  readonly pTimeout: <Value>(work: Promise<Value>, options: object) => Promise<Value>;
}

/** One policy of cockatiel. */
export interface CockatielPolicy {
  execute<Value>(
    work: (context: { readonly signal: AbortSignal; readonly attempt?: number }) => Promise<Value>,
  ): Promise<Value>;
}

/** The part of cockatiel that is used. */
export interface Cockatiel {
  readonly handleAll: object;
  readonly ConstantBackoff: new (ms: number) => object;
  readonly ConsecutiveBreaker: new (failures: number) => object;
  retry(handled: object, options: object): CockatielPolicy;
  circuitBreaker(handled: object, options: object): CockatielPolicy;
  timeout(ms: number, options: object): CockatielPolicy;
  wrap(...policies: readonly CockatielPolicy[]): CockatielPolicy;
}

/** Loads them all; `undefined`, and a line that says how to have them, where they are missing. */
export async function findPeers(): Promise<Peers | undefined> {
  try {
    const [cockatiel, opossum, pRetry, pTimeout] = await Promise.all(
      ["cockatiel", "opossum", "p-retry", "p-timeout"].map(
        (name) => import(name) as Promise<{ readonly default: unknown }>,
      ),
    );
    return {
      cockatiel,
      opossum: opossum?.default,
      pRetry: pRetry?.default,
      pTimeout: pTimeout?.default,
    } as unknown as Peers;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    print("Without other libraries; to compare with them too: npm ci --prefix bench");
    return undefined;
  }
}

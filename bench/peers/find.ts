/**
 * The libraries that others use for these jobs, when they are there: `npm ci --prefix bench` brings
 * them. They are loaded by name and typed by hand, so that nothing else needs them.
 */

import { print } from "../measure/harness.ts";
import { CockatielMaker, type Cockatiel } from "./cockatiel.ts";
import { EffectMaker, type EffectModules } from "./effect.ts";
import type { Opossum } from "./opossum.ts";
import type { PLimit, PQueue, PRetry, PTimeout } from "./small-promises.ts";

/** All that ours are compared with. */
export interface Peers {
  readonly cockatiel: CockatielMaker;
  readonly opossum: Opossum;
  readonly pRetry: PRetry;
  readonly pTimeout: PTimeout;
  readonly pLimit: PLimit;
  readonly PQueue: PQueue;
  readonly effect: EffectMaker;
}

/** Loads them all; `undefined`, and a line that says how to have them, where they are missing. */
export async function findPeers(): Promise<Peers | undefined> {
  return orMissing("Without other libraries; to compare with them too", async () => ({
    cockatiel: new CockatielMaker(await load<Cockatiel>("cockatiel")),
    opossum: await loadDefault<Opossum>("opossum"),
    pRetry: await loadDefault<PRetry>("p-retry"),
    pTimeout: await loadDefault<PTimeout>("p-timeout"),
    pLimit: await loadDefault<PLimit>("p-limit"),
    PQueue: await loadDefault<PQueue>("p-queue"),
    effect: new EffectMaker({
      ...(await load<Omit<EffectModules, "CircuitBreaker">>("effect")),
      CircuitBreaker: await load("effect/persistence/CircuitBreaker"),
    }),
  }));
}

/** What `find` answers; `undefined`, and a line that says how to have it, where a package is missing. */
export async function orMissing<Found>(
  consequence: string,
  find: () => Promise<Found>,
): Promise<Found | undefined> {
  try {
    return await find();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    print(`${consequence}: npm ci --prefix bench`);
    return undefined;
  }
}

/** Loads a package of `bench/package.json`. */
export function load<Module>(name: string): Promise<Module> {
  return import(name) as Promise<Module>;
}

async function loadDefault<Exported>(name: string): Promise<Exported> {
  const { default: exported } = await load<{ readonly default: Exported }>(name);
  return exported;
}

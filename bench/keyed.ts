/** What a breaker for each of many keys takes: bytes, the place in a map included, and timers. */

import { breaker, breakers, keyed, type Breakers, type BreakersOptions } from "../src/index.ts";
import { Streak, USUAL, WindowBreaker } from "./floors/breaker.ts";
import type { Case } from "./measure/compare.ts";
import { printTable } from "./measure/harness.ts";
import { kept, type Kept } from "./measure/kept-cost.ts";
import type { Circuit } from "./peers/opossum.ts";
import { findPeers, type Peers } from "./peers/find.ts";

type Keys = readonly string[];

const KEYS = 100_000;
/** opossum takes so much memory, and so many timers, that fewer must do. */
const OPOSSUM_KEYS = 10_000;

/** The calls that effect keeps for each key where it goes by a share of them. */
const EFFECT_CALLS = 20;

const ready = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
const fail = async (): Promise<never> => {
  throw ready;
};
const succeed = async (): Promise<number> => 1;
const swallow = (): void => {};

type Kinds = Readonly<Record<string, Kept>>;

function byHand(): Kinds {
  return {
    "by hand, window of time": { make: (keys) => mapOf(keys, () => new WindowBreaker()) },
  };
}

function ours(): Kinds {
  const made = (keys: Keys, options: BreakersOptions = {}): Breakers => {
    const hosts = breakers("host", { max: KEYS, ...options });
    for (const key of keys) hosts.for(key);
    return hosts;
  };
  const failed = async (keys: Keys, options: BreakersOptions = {}): Promise<Breakers> => {
    const hosts = made(keys, options);
    for (const key of keys) await hosts.for(key).run(fail).catch(swallow);
    return hosts;
  };
  const window = { time: "10s", failures: 100 } as const;
  return {
    holdfast: { make: (keys) => made(keys) },
    "holdfast, each after a failure": { make: (keys) => failed(keys) },
    "holdfast, window of time": { make: (keys) => made(keys, { window }) },
    "holdfast, window of time, each after a failure": { make: (keys) => failed(keys, { window }) },
    "holdfast: keyed(breaker)": {
      make: (keys) => {
        const hosts = keyed((key) => breaker(key), { max: KEYS });
        for (const key of keys) hosts.for(key);
        return hosts;
      },
    },
  };
}
function theirs({ cockatiel, effect }: Peers): Kinds {
  return {
    "cockatiel, in a row": { make: (keys) => mapOf(keys, () => cockatiel.breaker()) },
    "cockatiel, in a row, each after a failure": {
      make: async (keys) => {
        const breakers = mapOf(keys, () => cockatiel.breaker());
        for (const each of breakers.values()) await each.execute(fail).catch(swallow);
        return breakers;
      },
    },
    "cockatiel, last 100 calls": { make: (keys) => mapOf(keys, () => cockatiel.countBreaker(100)) },
    "cockatiel, window of time": {
      make: (keys) => mapOf(keys, () => cockatiel.samplingBreaker(10_000)),
    },
    // It keeps nothing for a key before its first call.
    "effect, in a row, each after a success": {
      make: async (keys) => {
        const circuits = await effect.breaker();
        for (const key of keys) await effect.run(circuits.execute(effect.of(succeed), { key }));
        return circuits;
      },
    },
    "effect, in a row, each after a failure": {
      make: async (keys) => {
        const circuits = await effect.breaker();
        for (const key of keys) {
          await effect.run(circuits.execute(effect.of(fail), { key })).catch(swallow);
        }
        return circuits;
      },
    },
    [`effect, last ${EFFECT_CALLS} calls, each after a success`]: {
      make: async (keys) => {
        const circuits = await effect.rateBreaker(EFFECT_CALLS);
        for (const key of keys) await effect.run(circuits.execute(effect.of(succeed), { key }));
        return circuits;
      },
    },
  };
}

function opossums({ opossum }: Peers): Case {
  const circuits = (keys: Keys) => mapOf(keys, () => new opossum(succeed, { timeout: false }));
  const name = `opossum, ${OPOSSUM_KEYS.toLocaleString("en-GB")} of them`;
  return kept(name, OPOSSUM_KEYS, {
    make: circuits,
    letGo: (made) => {
      for (const each of (made as ReadonlyMap<string, Circuit<[], number>>).values()) {
        each.shutdown();
      }
    },
  });
}

function mapOf<Made>(keys: Keys, make: (key: string) => Made): Map<string, Made> {
  return new Map(keys.map((key) => [key, make(key)]));
}

const peers = await findPeers();
const kinds = Object.entries({ ...byHand(), ...ours(), ...(peers && theirs(peers)) });
await printTable({
  name: "keyed",
  title: `Breakers by key: the memory of one of ${KEYS.toLocaleString("en-GB")}`,
  baseline: kept("by hand, in a row", KEYS, {
    make: (keys) => mapOf(keys, () => new Streak(USUAL)),
  }),
  cases: [
    ...kinds.map(([name, kind]) => kept(name, KEYS, kind)),
    ...(peers ? [opossums(peers)] : []),
  ],
  heads: ["bytes", "timers of each"],
  unit: (bytes) => `${Math.round(bytes)} bytes`,
  rounds: 1,
});
// What they keep is let go with the process.
process.exit();

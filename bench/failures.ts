/** What two failures and then a success cost, without any wait, against a retry written by hand. */

import { breaker, constant, pipeline, retry, timeout } from "../src/index.ts";
import { counting, failTwice, failTwiceByReady } from "./failing-work.ts";
import { fusedByQueue, threeByHand } from "./floors/all-three.ts";
import { retryByLoop, retryByThen } from "./floors/retry.ts";
import { LIMIT_MS } from "./limits.ts";
import { timed } from "./measure/call-cost.ts";
import { printTable } from "./measure/harness.ts";
import type { Call } from "./measure/own-loop.ts";
import { findPeers, type Peers } from "./peers/find.ts";

type Calls = Readonly<Record<string, Call>>;

function byHand(): Calls {
  const [layers, fused] = [threeByHand(), fusedByQueue()];
  return {
    "by hand: retry by then": () => retryByThen(failTwice),
    "by hand: retry, one error for all": () => retryByLoop(failTwiceByReady),
    "by hand: all three, three layers": () => layers(failTwice),
    "by hand: all three in one function, one timer for all": () => fused(failTwice),
  };
}

function ours(): Calls {
  const retries = retry({ backoff: constant(0) });
  const limits = timeout(LIMIT_MS.holdfast);
  const three = pipeline(retry({ backoff: constant(0) }), breaker("two fail"), limits);
  return {
    "holdfast: retry": () => retries.run(failTwice),
    "holdfast: retry, one error for all": () => retries.run(failTwiceByReady),
    "holdfast: all three": () => three.run(failTwice),
  };
}

async function theirs({ cockatiel, pRetry, effect }: Peers): Promise<Calls> {
  const retries = cockatiel.retry(0);
  const three = cockatiel.allThree({ delayMs: 0 });
  const settings = { retries: 3, minTimeout: 0 };
  const circuits = await effect.breaker();
  return {
    "p-retry": () => pRetry((attempt) => failTwice({ attempt }), settings),
    "p-retry, one error for all": () =>
      pRetry((attempt) => failTwiceByReady({ attempt }), settings),
    // It counts the attempts before this one.
    "cockatiel: retry": () =>
      retries.execute(({ attempt = 0 }) => failTwice({ attempt: attempt + 1 })),
    "cockatiel: all three": () =>
      three.execute(({ attempt = 0 }) => failTwice({ attempt: attempt + 1 })),
    "effect: retry": () => effect.run(effect.retry(effect.of(counting(failTwice)))),
    "effect: all three": () => {
      const limited = effect.timeout(effect.of(counting(failTwice)));
      return effect.run(effect.retry(circuits.execute(limited, { key: "two fail" })));
    },
  };
}

const peers = await findPeers();
const calls = { ...byHand(), ...ours(), ...(peers && (await theirs(peers))) };
await printTable({
  name: "failures",
  title: "Failure: two failures, then success, no wait",
  baseline: timed("by hand: retry", () => retryByLoop(failTwice)),
  cases: Object.entries(calls).map(([name, call]) => timed(name, call)),
  unit: (ms) => `${(ms * 1e3).toFixed(1)} µs`,
});
// Timers that wait for nobody may be left.
process.exit();

/** The same two failures and a success, of a thousand calls that are under way at once. */

import { breaker, constant, pipeline, retry, timeout } from "../src/index.ts";
import { counting, failTwice } from "./failing-work.ts";
import { fusedByQueue } from "./floors/all-three.ts";
import { retryByLoop, retryByThen } from "./floors/retry.ts";
import { LIMIT_MS } from "./limits.ts";
import { timedTogether } from "./measure/call-cost.ts";
import { printTable } from "./measure/harness.ts";
import type { Call } from "./measure/own-loop.ts";
import { findPeers, type Peers } from "./peers/find.ts";

type Calls = Readonly<Record<string, Call>>;

const CALLS = 1_000;

/** So many fail in a row before the first succeeds that no breaker may go by it. */
const FAILURES = 1_000_000;

function byHand(): Calls {
  const fused = fusedByQueue({ failures: FAILURES });
  return {
    "by hand: retry by then": () => retryByThen(failTwice),
    "by hand: all three in one function, one timer for all": () => fused(failTwice),
  };
}

function ours(): Calls {
  const retries = retry({ backoff: constant(0) });
  const three = pipeline(
    retry({ backoff: constant(0) }),
    breaker("never open", { failures: FAILURES }),
    timeout(LIMIT_MS.holdfast),
  );
  return {
    "holdfast: retry": () => retries.run(failTwice),
    "holdfast: all three": () => three.run(failTwice),
  };
}

function theirs({ cockatiel, pRetry, effect }: Peers): Calls {
  const retries = cockatiel.retry(0);
  const three = cockatiel.allThree({ delayMs: 0, failures: FAILURES });
  const settings = { retries: 3, minTimeout: 0 };
  return {
    "p-retry": () => pRetry((attempt) => failTwice({ attempt }), settings),
    "cockatiel: retry": () =>
      retries.execute(({ attempt = 0 }) => failTwice({ attempt: attempt + 1 })),
    "cockatiel: all three": () =>
      three.execute(({ attempt = 0 }) => failTwice({ attempt: attempt + 1 })),
    "effect: retry": () => effect.run(effect.retry(effect.of(counting(failTwice)))),
  };
}

const peers = await findPeers();
const calls = { ...byHand(), ...ours(), ...(peers && theirs(peers)) };
await printTable({
  name: "failures-together",
  title: `Failure: two failures, then success, no wait, ${CALLS} calls at once`,
  baseline: timedTogether("by hand: retry", () => retryByLoop(failTwice), CALLS),
  cases: Object.entries(calls).map(([name, call]) => timedTogether(name, call, CALLS)),
  unit: (ms) => `${(ms * 1e3).toFixed(1)} µs`,
});
// Timers that wait for nobody may be left.
process.exit();

/**
 * What calls cost that are under way at once under a limit: the time to begin one, and the bytes that
 * one holds, against as many under a limit by hand. The three numbers of calls tell whether the cost
 * of one grows with them.
 */

import { breaker, pipeline, retry, timeout } from "../src/index.ts";
import { fusedByQueue } from "./floors/all-three.ts";
import { timeoutByQueue } from "./floors/timeout.ts";
import { LIMIT_MS } from "./limits.ts";
import type { Case } from "./measure/compare.ts";
import { printTable } from "./measure/harness.ts";
import type { Start } from "./measure/own-loop.ts";
import { pending } from "./measure/pending-cost.ts";
import { findPeers, type Peers } from "./peers/find.ts";

type Starts = Readonly<Record<string, Start>>;

const CALLS = [1_000, 10_000, 30_000];

/** Each begins tens of thousands of calls, so the noise is small. */
const ROUNDS = 7;

/** For those that take seconds: among many calls, each takes the longer the more there are. */
const FEW_ROUNDS = 2;
const SLOW = /^cockatiel: all three|^(p-timeout|effect).*, one signal/;
const MANY_CALLS = 10_000;

function byHand(): Starts {
  const queue = timeoutByQueue();
  const shared = fusedUnderOneSignal();
  return {
    "nothing around the work": (work) => work(),
    "by hand: timeout, one timer for all": (work) => queue(work),
    "by hand: all three in one function, one signal for all": (work, signal) =>
      shared(signal)(work),
  };
}

/** One guard for each signal, that listens there once for all its calls. */
function fusedUnderOneSignal() {
  const guards = new WeakMap<AbortSignal, ReturnType<typeof fusedByQueue>>();
  return (signal: AbortSignal) => {
    const guard = guards.get(signal) ?? fusedByQueue({ signal });
    guards.set(signal, guard);
    return guard;
  };
}

function ours(): Starts {
  const limit = LIMIT_MS.holdfast;
  const [limits, three] = [timeout(limit), pipeline(retry(), breaker("alone"), timeout(limit))];
  const sharedLimits = timeout(limit);
  const sharedThree = pipeline(retry(), breaker("one signal"), timeout(limit));
  return {
    "holdfast: timeout": (work) => limits.run(work),
    "holdfast: timeout, one signal for all": (work, signal) => sharedLimits.run(work, { signal }),
    "holdfast: all three": (work) => three.run(work),
    "holdfast: all three, one signal for all": (work, signal) => sharedThree.run(work, { signal }),
  };
}

function theirs({ cockatiel, opossum, pTimeout }: Peers): Starts {
  const limits = cockatiel.timeout();
  const three = cockatiel.allThree();
  const limit = { milliseconds: LIMIT_MS.pTimeout };
  const circuit = new opossum((work: () => Promise<unknown>) => work(), {
    timeout: LIMIT_MS.opossum,
  });
  return {
    "cockatiel: timeout": (work) => limits.execute(work),
    // With a signal of the caller's it would be no other: all calls listen to one of its own.
    "cockatiel: all three": (work) => three.execute(work),
    "opossum: breaker and timeout": (work) => circuit.fire(work),
    "p-timeout": (work) => pTimeout(work(), limit),
    "p-timeout, one signal for all": (work, signal) => pTimeout(work(), { ...limit, signal }),
  };
}

async function effects({ effect }: Peers): Promise<Starts> {
  const circuits = await effect.breaker();
  const threeOf = (work: () => Promise<unknown>) =>
    effect.retry(circuits.execute(effect.timeout(effect.of(work)), { key: "pending" }));
  return {
    "effect: timeout": (work) => effect.run(effect.timeout(effect.of(work))),
    "effect: all three": (work) => effect.run(threeOf(work)),
    "effect: all three, one signal for all": (work, signal) => effect.run(threeOf(work), signal),
  };
}

function caseOf(name: string, start: Start, calls: number): Case {
  const isSlow = SLOW.test(name) && calls >= MANY_CALLS;
  return { ...pending(name, calls, start), rounds: isSlow ? FEW_ROUNDS : undefined };
}

const fused = fusedByQueue();
const peers = await findPeers();
const starts = Object.entries({
  ...byHand(),
  ...ours(),
  ...(peers && { ...theirs(peers), ...(await effects(peers)) }),
});
for (const calls of CALLS) {
  await printTable({
    name: `pending-${calls}`,
    title: `Pending: ${calls.toLocaleString("en-GB")} calls under way, the beginning of one`,
    baseline: pending("by hand: all three in one function, one timer for all", calls, (work) =>
      fused(work),
    ),
    cases: starts.map(([name, start]) => caseOf(name, start, calls)),
    heads: ["bytes"],
    unit: (ms) => `${(ms * 1e3).toFixed(2)} µs`,
    rounds: ROUNDS,
  });
}
// opossum counts for ever.
process.exit();

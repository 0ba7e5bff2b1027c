/**
 * What a failing call costs that goes through a closed breaker, against the same call without one,
 * with more and more calls in the breaker's window: what is done for a call must not grow with them.
 */

import { breaker } from "../src/index.ts";
import { breakerByAwait, WindowBreaker } from "./floors/breaker.ts";
import { LONG_MS } from "./limits.ts";
import { timed, timedAnew } from "./measure/call-cost.ts";
import type { Case } from "./measure/compare.ts";
import { printTable } from "./measure/harness.ts";
import type { Call } from "./measure/own-loop.ts";
import { findPeers, type Peers } from "./peers/find.ts";

/** Runs work under a breaker. */
type Run = (work: () => Promise<unknown>) => Promise<unknown>;
type Makers = Readonly<Record<string, (calls: number) => Run | Promise<Run>>>;

const CALLS_BEFORE = [1_000, 10_000, 100_000];

/** Failures in a row that never come about here. */
const FAILURES = 1_000_000_000;

/** The same error each time, so that what is left is the breaker. */
const ready = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
const fail = async (): Promise<never> => {
  throw ready;
};
const failAnew = async (): Promise<never> => {
  throw Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
};
const succeed = async (): Promise<number> => 1;
const swallow = (): void => {};

function byHand(): Makers {
  return {
    "by hand": () => breakerByAwait({ failures: FAILURES }),
    "by hand, window of time": () => {
      const share = new WindowBreaker({ windowMs: LONG_MS });
      return (work) => share.run(work);
    },
  };
}

function ours(): Makers {
  return {
    holdfast: () => {
      const breaks = breaker("failing", { failures: FAILURES });
      return (work) => breaks.run(work);
    },
    "holdfast, window of time": () => {
      const breaks = breaker("failing", { window: { time: LONG_MS, rate: 1 } });
      return (work) => breaks.run(work);
    },
  };
}

function theirs({ cockatiel, opossum, effect }: Peers): Makers {
  return {
    "cockatiel, in a row": () => {
      const breaks = cockatiel.breaker({ failures: FAILURES });
      return (work) => breaks.execute(work);
    },
    "cockatiel, last calls": (calls) => {
      const breaks = cockatiel.countBreaker(calls);
      return (work) => breaks.execute(work);
    },
    "cockatiel, window of time": () => {
      const breaks = cockatiel.samplingBreaker(LONG_MS);
      return (work) => breaks.execute(work);
    },
    opossum: () => {
      const window = { rollingCountTimeout: LONG_MS, errorThresholdPercentage: 99 };
      const circuit = new opossum((work: () => Promise<unknown>) => work(), {
        ...window,
        timeout: false,
      });
      return (work) => circuit.fire(work);
    },
    "effect, in a row": async () => {
      const circuits = await effect.breaker({ failures: FAILURES });
      return (work) => effect.run(circuits.execute(effect.of(work), { key: "failing" }));
    },
    "effect, last calls": async (calls) => {
      const circuits = await effect.rateBreaker(calls);
      return (work) => effect.run(circuits.execute(effect.of(work), { key: "failing" }));
    },
  };
}

/** A failing call through a breaker that has seen so many that succeeded. */
function failing(name: string, make: Makers[string], calls: number): Case {
  const makeCall = async (): Promise<Call> => {
    const run = await make(calls);
    for (let call = 1; call <= calls; call++) await run(succeed);
    return () => run(fail).catch(swallow);
  };
  return timedAnew(`${name}, ${calls.toLocaleString("en-GB")} before`, makeCall, calls / 10);
}

const peers = await findPeers();
const makers = Object.entries({ ...byHand(), ...ours(), ...(peers && theirs(peers)) });
const fresh = breaker("new errors", { failures: FAILURES });
await printTable({
  name: "closed-breaker",
  title: "A closed breaker: a call that fails",
  baseline: timed("no breaker", () => fail().catch(swallow)),
  cases: [
    timed("no breaker, a new error each time", () => failAnew().catch(swallow)),
    timed("holdfast, a new error each time", () => fresh.run(failAnew).catch(swallow)),
    ...makers.flatMap(([name, make]) => CALLS_BEFORE.map((calls) => failing(name, make, calls))),
  ],
  unit: (ms) => `${(ms * 1e3).toFixed(2)} µs`,
});
// opossum counts for ever.
process.exit();

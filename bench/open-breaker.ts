/** What an open breaker takes to turn a call away, against an error thrown that was made beforehand. */

import { breaker } from "../src/index.ts";
import { timed, type Call } from "./call-cost.ts";
import { breakerByHand } from "./floors.ts";
import { printTable } from "./harness.ts";
import { findPeers, type Peers } from "./peers.ts";

type Calls = Readonly<Record<string, Call>>;

async function fail(): Promise<never> {
  throw new Error("down");
}

function swallow(): void {}

/** So long that none of these closes again while it is measured. */
const PAUSE_MS = 3_600_000;

async function ours(): Promise<Calls> {
  const ready = new Error("open");
  const [usual, byReady] = [breakerByHand(PAUSE_MS), breakerByHand(PAUSE_MS, () => ready)];
  const own = breaker("down", { pause: PAUSE_MS });
  for (let failure = 1; failure <= 5; failure++) {
    await Promise.allSettled([usual(fail), byReady(fail), own.run(fail)]);
  }
  return {
    "by hand, one error for all": () => byReady(fail).catch(swallow),
    "by hand": () => usual(fail).catch(swallow),
    holdfast: () => own.run(fail).catch(swallow),
  };
}

async function theirs({ cockatiel, opossum }: Peers): Promise<Calls> {
  const { handleAll, ConsecutiveBreaker } = cockatiel;
  const breaks = cockatiel.circuitBreaker(handleAll, {
    halfOpenAfter: PAUSE_MS,
    breaker: new ConsecutiveBreaker(5),
  });
  const circuit = new opossum(fail, { timeout: false, resetTimeout: PAUSE_MS });
  for (let failure = 1; failure <= 5; failure++) {
    await Promise.allSettled([breaks.execute(fail), circuit.fire()]);
  }
  return {
    cockatiel: () => breaks.execute(fail).catch(swallow),
    opossum: () => circuit.fire().catch(swallow),
  };
}

const thrown = new Error("ready");
async function throwReady(): Promise<never> {
  throw thrown;
}

const peers = await findPeers();
const calls = { ...(await ours()), ...(peers === undefined ? {} : await theirs(peers)) };
await printTable({
  title: "An open breaker: a call that is turned away",
  baseline: timed("a ready error thrown and caught", () => throwReady().catch(swallow)),
  cases: Object.entries(calls).map(([name, call]) => timed(name, call)),
  unit: (ms) => `${(ms * 1e3).toFixed(2)} µs`,
});
// opossum waits to close again.
process.exit();

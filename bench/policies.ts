/** What policies cost when all goes well, against `await work()` with nothing around it. */

import { breaker, pipeline, retry, timeout } from "../src/index.ts";
import { timedWithBytes, type Call } from "./call-cost.ts";
import {
  breakerByHand,
  fusedByHand,
  retryByHand,
  threeByHand,
  timeoutByHand,
  timeoutByQueue,
} from "./floors.ts";
import { printTable } from "./harness.ts";
import { findPeers, type Peers } from "./peers.ts";

// The calls are written out one by one: made by a shared function, they would share the compiler's
// knowledge of what they call, and hinder each other.
type Calls = Readonly<Record<string, Call>>;

/** Takes no time, and no notice of what it is given. */
const work = async (): Promise<number> => 1;

/** Reads its signal, as all work does that can be cancelled. */
const reader = async ({ signal }: { readonly signal: AbortSignal }): Promise<boolean> =>
  signal.aborted;

/** Ends long after the process. */
const never = (): Promise<never> => new Promise(() => {});
const LONG = { limitMs: 3_600_000 };

function byHand(): Calls {
  const [breaks, queue, three] = [breakerByHand(), timeoutByQueue(), threeByHand()];
  const [fused, longFused] = [fusedByHand(), fusedByHand(LONG.limitMs)];
  void timeoutByHand(never, LONG);
  return {
    "by hand: retry": () => retryByHand(work),
    "by hand: breaker": () => breaks(work),
    "by hand: timeout, its own timer": () => timeoutByHand(work),
    "by hand: timeout, signal read": () => timeoutByHand(reader),
    "by hand: timeout, another call pending": () => timeoutByHand(work, LONG),
    "by hand: timeout, one timer for all": () => queue(work),
    "by hand: all three, three layers": () => three(work),
    "by hand: all three in one function": () => fused(work),
    "by hand: all three in one function, signal read": () => fused(reader),
    "by hand: all three in one function, another call pending": () => longFused(work),
  };
}

function ours(): Calls {
  const [retries, breaks, limits] = [retry(), breaker("alone"), timeout("5s")];
  const longLimits = timeout(LONG.limitMs);
  const longThree = pipeline(retry(), breaker("in long three"), longLimits);
  void longLimits.run(never);
  const three = pipeline(retry(), breaker("in three"), timeout("5s"));
  const reading = pipeline(retry(), breaker("reading"), timeout("5s"));
  return {
    "holdfast: retry": () => retries.run(work),
    "holdfast: breaker": () => breaks.run(work),
    "holdfast: timeout": () => limits.run(work),
    "holdfast: timeout, signal read": () => limits.run(reader),
    "holdfast: timeout, another call pending": () => longLimits.run(work),
    "holdfast: all three": () => three.run(work),
    "holdfast: all three, signal read": () => reading.run(reader),
    "holdfast: all three, another call pending": () => longThree.run(work),
  };
}

function theirs({ cockatiel, opossum, pRetry, pTimeout }: Peers): Calls {
  const { handleAll, ConstantBackoff, ConsecutiveBreaker } = cockatiel;
  const makeRetry = () =>
    cockatiel.retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(200) });
  const makeBreaker = () =>
    cockatiel.circuitBreaker(handleAll, {
      halfOpenAfter: 30_000,
      breaker: new ConsecutiveBreaker(5),
    });
  const makeTimeout = (abortOnReturn: boolean) =>
    cockatiel.timeout(5_000, { strategy: "aggressive", abortOnReturn });
  const [retries, breaks, limits] = [makeRetry(), makeBreaker(), makeTimeout(true)];
  const quiet = makeTimeout(false);
  const three = cockatiel.wrap(makeRetry(), makeBreaker(), makeTimeout(true));
  const circuit = new opossum(work, { timeout: false });
  const limitedCircuit = new opossum(work, { timeout: 5_000 });
  const trio = new opossum(() => pTimeout(work(), { milliseconds: 5_000 }), { timeout: false });
  const late = new Error("It took too long");
  return {
    "cockatiel: retry": () => retries.execute(work),
    "cockatiel: breaker": () => breaks.execute(work),
    "cockatiel: timeout": () => limits.execute(work),
    "cockatiel: timeout, no abort on return": () => quiet.execute(work),
    "cockatiel: all three": () => three.execute(work),
    "p-retry": () => pRetry(work, { retries: 3 }),
    "opossum: breaker": () => circuit.fire(),
    "opossum: breaker and timeout": () => limitedCircuit.fire(),
    "p-timeout": () => pTimeout(work(), { milliseconds: 5_000 }),
    "p-timeout, its error made beforehand": () =>
      pTimeout(work(), { milliseconds: 5_000, message: late }),
    "p-retry, opossum with its own timeout": () =>
      pRetry(() => limitedCircuit.fire(), { retries: 3 }),
    "p-retry, opossum, p-timeout": () => pRetry(() => trio.fire(), { retries: 3 }),
  };
}

const peers = await findPeers();
const calls = { ...byHand(), ...ours(), ...(peers === undefined ? {} : theirs(peers)) };
const bare = await timedWithBytes("await work()", () => work());
const cases = [];
for (const [name, call] of Object.entries(calls)) cases.push(await timedWithBytes(name, call));
await printTable({
  title: "Success: the time of a call",
  baseline: bare,
  cases,
  heads: ["bytes"],
  unit: (ms) => `${Math.round(ms * 1e6)} ns`,
});
// Some calls are still pending, and opossum counts for ever.
process.exit();

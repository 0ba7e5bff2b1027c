/** What policies cost when all goes well, against `await work()` with nothing around it. */

import { breaker, bulkhead, pipeline, retry, timeout } from "../src/index.ts";
import { fusedByQueue, fusedByTimer, threeByHand } from "./floors/all-three.ts";
import { breakerByAwait, breakerByThen, WindowBreaker } from "./floors/breaker.ts";
import { bulkheadByHand } from "./floors/bulkhead.ts";
import { retryByLoop, retryByThen } from "./floors/retry.ts";
import { timeoutByQueue, timeoutByTimer } from "./floors/timeout.ts";
import { LIMIT_MS, LONG_MS } from "./limits.ts";
import { timedWithBytes } from "./measure/call-cost.ts";
import { printTable } from "./measure/harness.ts";
import type { Call } from "./measure/own-loop.ts";
import { findPeers, type Peers } from "./peers/find.ts";

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

/** More than run at once here, so that what is measured is the counting. */
const PLACES = 10;

function byHand(): Calls {
  const [awaits, thens, share] = [breakerByAwait(), breakerByThen(), new WindowBreaker()];
  const [queue, reading, places] = [timeoutByQueue(), timeoutByQueue(), bulkheadByHand(PLACES)];
  return {
    "by hand: retry": () => retryByLoop(work),
    "by hand: retry by then": () => retryByThen(work),
    "by hand: breaker": () => awaits(work),
    "by hand: breaker by then": () => thens(work),
    "by hand: breaker, window of time": () => share.run(work),
    "by hand: timeout, its own timer": () => timeoutByTimer(work),
    "by hand: timeout, its own timer, signal read": () => timeoutByTimer(reader),
    "by hand: timeout, one timer for all": () => queue(work),
    "by hand: timeout, one timer for all, signal read": () => reading(reader),
    "by hand: bulkhead": () => places(work),
  };
}

function threeOfEachByHand(): Calls {
  const [layers, own, long] = [threeByHand(), fusedByTimer(), fusedByTimer(LONG_MS)];
  const [queued, reading] = [fusedByQueue(), fusedByQueue()];
  void timeoutByTimer(never, { limitMs: LONG_MS });
  return {
    "by hand: timeout, its own timer, another call pending": () =>
      timeoutByTimer(work, { limitMs: LONG_MS }),
    "by hand: all three, three layers": () => layers(work),
    "by hand: all three in one function": () => own(work),
    "by hand: all three in one function, another call pending": () => long(work),
    "by hand: all three in one function, one timer for all": () => queued(work),
    "by hand: all three in one function, one timer for all, signal read": () => reading(reader),
  };
}

function ours(): Calls {
  const limit = LIMIT_MS.holdfast;
  const [retries, breaks, limits] = [retry(), breaker("alone"), timeout(limit)];
  const places = bulkhead(PLACES);
  const share = breaker("window", { window: { time: "10s" } });
  const longLimits = timeout(LONG_MS);
  const longThree = pipeline(retry(), breaker("in long three"), longLimits);
  void longLimits.run(never);
  const three = pipeline(retry(), breaker("in three"), timeout(limit));
  const reading = pipeline(retry(), breaker("reading"), timeout(limit));
  return {
    "holdfast: retry": () => retries.run(work),
    "holdfast: breaker": () => breaks.run(work),
    "holdfast: bulkhead": () => places.run(work),
    "holdfast: breaker, window of time": () => share.run(work),
    "holdfast: timeout": () => limits.run(work),
    "holdfast: timeout, signal read": () => limits.run(reader),
    "holdfast: timeout, another call pending": () => longLimits.run(work),
    "holdfast: all three": () => three.run(work),
    "holdfast: all three, signal read": () => reading.run(reader),
    "holdfast: all three, another call pending": () => longThree.run(work),
  };
}

function cockatiels({ cockatiel }: Peers): Calls {
  const [retries, breaks, limits] = [cockatiel.retry(), cockatiel.breaker(), cockatiel.timeout()];
  const quiet = cockatiel.timeout({ abortOnReturn: false });
  const [three, reading] = [cockatiel.allThree(), cockatiel.allThree()];
  const places = cockatiel.bulkhead(PLACES);
  return {
    "cockatiel: retry": () => retries.execute(work),
    "cockatiel: breaker": () => breaks.execute(work),
    "cockatiel: timeout": () => limits.execute(work),
    "cockatiel: timeout, no abort on return": () => quiet.execute(work),
    "cockatiel: bulkhead": () => places.execute(work),
    "cockatiel: all three": () => three.execute(work),
    "cockatiel: all three, signal read": () => reading.execute(reader),
  };
}

function smallOnes({ opossum, pRetry, pTimeout, pLimit, PQueue }: Peers): Calls {
  const circuit = new opossum(work, { timeout: false });
  const limited = new opossum(work, { timeout: LIMIT_MS.opossum });
  const limit = { milliseconds: LIMIT_MS.pTimeout };
  const trio = new opossum(() => pTimeout(work(), limit), { timeout: false });
  const late = { ...limit, message: new Error("It took too long") };
  const places = pLimit(PLACES);
  const queue = new PQueue({ concurrency: PLACES });
  return {
    "p-retry": () => pRetry(work, { retries: 3 }),
    "opossum: breaker": () => circuit.fire(),
    "opossum: breaker and timeout": () => limited.fire(),
    "p-timeout": () => pTimeout(work(), limit),
    "p-timeout, its error made beforehand": () => pTimeout(work(), late),
    "p-limit": () => places(work),
    "p-queue": () => queue.add(work),
    "p-retry, opossum with its own timeout": () => pRetry(() => limited.fire(), { retries: 3 }),
    "p-retry, opossum, p-timeout": () => pRetry(() => trio.fire(), { retries: 3 }),
  };
}

async function effects({ effect }: Peers): Promise<Calls> {
  const bare = effect.of(work);
  const circuits = await effect.breaker();
  const guarded = circuits.execute(bare, { key: "alone" });
  const [retried, limited] = [effect.retry(bare), effect.timeout(bare)];
  const permitted = effect.semaphore(PLACES).withPermit(bare);
  const three = effect.retry(circuits.execute(limited, { key: "in three" }));
  const limitedReader = effect.timeout(effect.reading(reader));
  const reading = effect.retry(circuits.execute(limitedReader, { key: "reading" }));
  return {
    "effect: nothing but the work": () => effect.run(bare),
    "effect: retry": () => effect.run(retried),
    "effect: breaker": () => effect.run(guarded),
    "effect: timeout": () => effect.run(limited),
    "effect: semaphore": () => effect.run(permitted),
    "effect: all three": () => effect.run(three),
    "effect: all three, signal read": () => effect.run(reading),
  };
}

const peers = await findPeers();
const calls = {
  ...byHand(),
  ...threeOfEachByHand(),
  ...ours(),
  ...(peers && { ...cockatiels(peers), ...smallOnes(peers), ...(await effects(peers)) }),
};
const bare = await timedWithBytes("await work()", () => work());
const cases = [];
for (const [name, call] of Object.entries(calls)) cases.push(await timedWithBytes(name, call));
await printTable({
  name: "policies",
  title: "Success: the time of a call",
  baseline: bare,
  cases,
  heads: ["bytes"],
  unit: (ms) => `${Math.round(ms * 1e6)} ns`,
});
// Some calls are still pending, and opossum counts for ever.
process.exit();

/** What two failures and then a success cost, without any wait, against a retry written by hand. */

import { breaker, constant, pipeline, retry, timeout } from "../src/index.ts";
import { timed, type Call } from "./call-cost.ts";
import { retryByHand, threeByHand } from "./floors.ts";
import { printTable } from "./harness.ts";
import { findPeers, type Peers } from "./peers.ts";

type Calls = Readonly<Record<string, Call>>;

function refused(): Error {
  return Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
}

/** A new error each time, as in life; most of it is the stack. */
async function failTwice({ attempt }: { readonly attempt: number }): Promise<number> {
  if (attempt <= 2) throw refused();
  return attempt;
}

const ready = refused();

/** The same error each time, so that what is left is the policy. */
async function failTwiceByReady({ attempt }: { readonly attempt: number }): Promise<number> {
  if (attempt <= 2) throw ready;
  return attempt;
}

function ours(): Calls {
  const retries = retry({ backoff: constant(0) });
  const three = pipeline(retry({ backoff: constant(0) }), breaker("two fail"), timeout("5s"));
  const layers = threeByHand();
  return {
    "by hand: retry, one error for all": () => retryByHand(failTwiceByReady),
    "by hand: all three": () => layers(failTwice),
    "holdfast: retry": () => retries.run(failTwice),
    "holdfast: retry, one error for all": () => retries.run(failTwiceByReady),
    "holdfast: all three": () => three.run(failTwice),
  };
}

function theirs({ cockatiel, pRetry }: Peers): Calls {
  const { handleAll, ConstantBackoff, ConsecutiveBreaker } = cockatiel;
  const makeRetry = () =>
    cockatiel.retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(0) });
  const retries = makeRetry();
  const three = cockatiel.wrap(
    makeRetry(),
    cockatiel.circuitBreaker(handleAll, {
      halfOpenAfter: 30_000,
      breaker: new ConsecutiveBreaker(5),
    }),
    cockatiel.timeout(5_000, { strategy: "aggressive" }),
  );
  const settings = { retries: 3, minTimeout: 0 };
  return {
    "p-retry": () => pRetry((attempt) => failTwice({ attempt }), settings),
    "p-retry, one error for all": () =>
      pRetry((attempt) => failTwiceByReady({ attempt }), settings),
    // It counts the attempts before this one.
    "cockatiel: retry": () =>
      retries.execute(({ attempt = 0 }) => failTwice({ attempt: attempt + 1 })),
    "cockatiel: all three": () =>
      three.execute(({ attempt = 0 }) => failTwice({ attempt: attempt + 1 })),
  };
}

const peers = await findPeers();
const calls = { ...ours(), ...(peers === undefined ? {} : theirs(peers)) };
await printTable({
  title: "Failure: two failures, then success, no wait",
  baseline: timed("by hand: retry", () => retryByHand(failTwice)),
  cases: Object.entries(calls).map(([name, call]) => timed(name, call)),
  unit: (ms) => `${(ms * 1e3).toFixed(1)} µs`,
});

/** What an open breaker takes to turn a call away, against an error thrown that was made beforehand. */

import { breaker } from "../src/index.ts";
import { answeringBreakerByHand, breakerByAwait, breakerByThen } from "./floors/breaker.ts";
import { LONG_MS } from "./limits.ts";
import { timed } from "./measure/call-cost.ts";
import { printTable } from "./measure/harness.ts";
import type { Call } from "./measure/own-loop.ts";
import { findPeers, type Peers } from "./peers/find.ts";

type Calls = Readonly<Record<string, Call>>;

/** The failures in a row that open all of them. */
const FAILURES = 5;

/** So long that none of these closes again while it is measured. */
const PAUSED = { pauseMs: LONG_MS };

const fail = async (): Promise<never> => {
  throw new Error("down");
};
const swallow = (): void => {};

/** Calls until it is open. */
async function open(run: () => PromiseLike<unknown>): Promise<void> {
  for (let failure = 1; failure <= FAILURES; failure++) await Promise.allSettled([run()]);
}

async function ours(): Promise<Calls> {
  const ready = new Error("open");
  const byReady = breakerByThen({ ...PAUSED, reject: () => ready });
  const usual = breakerByAwait(PAUSED);
  const answering = answeringBreakerByHand(PAUSED);
  const own = breaker("down", { pause: LONG_MS });
  for (const run of [byReady, usual, answering]) await open(() => run(fail));
  await open(() => own.run(fail));
  return {
    "by hand, a result answered": () => answering(fail),
    "by hand, one error for all": () => byReady(fail).catch(swallow),
    "by hand": () => usual(fail).catch(swallow),
    "holdfast, a result answered": () => own.tryRun(fail),
    holdfast: () => own.run(fail).catch(swallow),
  };
}

async function theirs({ cockatiel, opossum, effect }: Peers): Promise<Calls> {
  const breaks = cockatiel.breaker(PAUSED);
  const circuit = new opossum(fail, { timeout: false, resetTimeout: LONG_MS });
  const circuits = await effect.breaker(PAUSED);
  const guarded = circuits.execute(effect.of(fail), { key: "down" });
  await open(() => breaks.execute(fail));
  await open(() => circuit.fire());
  await open(() => effect.run(guarded));
  return {
    cockatiel: () => breaks.execute(fail).catch(swallow),
    opossum: () => circuit.fire().catch(swallow),
    effect: () => effect.run(guarded).catch(swallow),
    "effect, a result answered": () => effect.exitOf(guarded),
  };
}

const thrown = new Error("ready");
const throwReady = async (): Promise<never> => {
  throw thrown;
};
const succeed = async (): Promise<number> => 1;

const peers = await findPeers();
const calls = { ...(await ours()), ...(peers && (await theirs(peers))) };
await printTable({
  name: "open-breaker",
  title: "An open breaker: a call that is turned away",
  baseline: timed("a ready error thrown and caught", () => throwReady().catch(swallow)),
  cases: [
    timed("no breaker, a call that succeeds", () => succeed()),
    ...Object.entries(calls).map(([name, call]) => timed(name, call)),
  ],
  unit: (ms) => `${(ms * 1e3).toFixed(2)} µs`,
});
// opossum waits to close again.
process.exit();

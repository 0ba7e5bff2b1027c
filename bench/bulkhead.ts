/** What a bulkhead costs where calls have to wait: a hundred that are begun together, ten at once. */

import { bulkhead } from "../src/index.ts";
import { bulkheadByHand } from "./floors/bulkhead.ts";
import { timedTogether } from "./measure/call-cost.ts";
import { printTable } from "./measure/harness.ts";
import type { Call } from "./measure/own-loop.ts";
import { findPeers, type Peers } from "./peers/find.ts";

type Calls = Readonly<Record<string, Call>>;

const CALLS = 100;
const PLACES = 10;

/** Takes no time. */
const work = async (): Promise<number> => 1;

function theirs({ cockatiel, pLimit, PQueue, effect }: Peers): Calls {
  const [theirPlaces, places] = [cockatiel.bulkhead(PLACES), pLimit(PLACES)];
  const queue = new PQueue({ concurrency: PLACES });
  const permitted = effect.semaphore(PLACES).withPermit(effect.of(work));
  return {
    cockatiel: () => theirPlaces.execute(work),
    "p-limit": () => places(work),
    "p-queue": () => queue.add(work),
    effect: () => effect.run(permitted),
  };
}

const places = bulkheadByHand(PLACES);
const peers = await findPeers();
const own = bulkhead(PLACES);
const calls = {
  "by hand": () => places(work),
  holdfast: () => own.run(work),
  ...(peers && theirs(peers)),
};
await printTable({
  name: "bulkhead",
  title: `A bulkhead: ${CALLS} calls begun together, ${PLACES} at once`,
  baseline: timedTogether("await work()", () => work(), CALLS),
  cases: Object.entries(calls).map(([name, call]) => timedTogether(name, call, CALLS)),
  unit: (ms) => `${Math.round(ms * 1e6)} ns`,
});

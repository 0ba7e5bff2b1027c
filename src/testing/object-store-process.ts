/**
 * The process of a spawned object store. Its options are its first argument, as JSON; `{ url, pid }`
 * goes out as one line on standard output once it listens.
 *
 * It ends by SIGTERM; when standard input ends, which tells that its parent is gone, unless it is
 * detached; and when nobody asked it for anything for `idleMs`. SIGINT is the parent's affair: a
 * terminal sends it to both, and the store is still needed to clean up.
 */

import { systemClock } from "../core/system.ts";
import { objectStore } from "./object-store.ts";
import type { ObjectStoreOptions } from "./object-store-options.ts";

/** What the parent hands over. @internal */
export interface StoreProcessOptions {
  /** The store's own options. */
  readonly store: ObjectStoreOptions;
  /** Whether it outlives its parent. */
  readonly detached: boolean;
  /** How long it lives on without a request, in milliseconds. */
  readonly idleMs: number;
}

const {
  store: options,
  detached,
  idleMs,
} = JSON.parse(process.argv[2] ?? "") as StoreProcessOptions;
const store = await objectStore(options);

process.on("SIGINT", () => {});
process.on("SIGTERM", () => void end());
if (!detached) process.stdin.on("close", () => void end()).resume();
void endWhenIdle();
process.stdout.write(`${JSON.stringify({ url: store.url, pid: process.pid })}\n`);

async function end(): Promise<void> {
  await store.close();
  process.exit();
}

async function endWhenIdle(): Promise<void> {
  for (let before = -1, count = 0; count > before;) {
    before = count;
    await systemClock.sleep(idleMs);
    count = (await store.ledger()).length;
  }
  await end();
}

/** Finds the store of an earlier start that is still there, or starts one. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  findObjectStore,
  spawnObjectStore,
  type SpawnedStore,
  type StoreProfile,
} from "../../src/testing/index.ts";

/** A store with that profile and seed; what was stored before is in it. */
export async function openStore(
  directory: string,
  profile: StoreProfile,
  seed: string,
): Promise<SpawnedStore> {
  const file = join(directory, "running.json");
  const running = await findRunning(file);
  if (running?.profile === profile && running.seed === seed) return running;
  // Two stores must not share a directory.
  await running?.close();
  const store = await spawnObjectStore({ directory, profile, seed, detached: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${file}.partial`, JSON.stringify({ url: store.url, pid: store.pid }));
  renameSync(`${file}.partial`, file);
  return store;
}

/** What is running, in a line. */
export function describeStore({ url, pid, profile, seed }: SpawnedStore): string {
  return `Object store at ${url} (process ${pid}), profile ${profile}, seed ${JSON.stringify(seed)}`;
}

async function findRunning(file: string): Promise<SpawnedStore | undefined> {
  let noted: { readonly url: string; readonly pid: number };
  try {
    noted = JSON.parse(readFileSync(file, "utf8")) as typeof noted;
  } catch {
    return undefined; // None was started yet.
  }
  const found = await findObjectStore(noted.url);
  // Another checkout's store may listen there by now.
  return found?.pid === noted.pid ? found : undefined;
}

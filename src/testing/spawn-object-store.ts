/** The object store in a process of its own, so that it outlives the death of what is tested. */

import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Duration } from "../core/duration.ts";
import { duration, flag, readOptions } from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import type { LedgerEntry } from "./ledger.ts";
import { onlyFaults, type ObjectStore } from "./object-store.ts";
import type { StoreProcessOptions } from "./object-store-process.ts";
import {
  readStoreOptions,
  type ObjectStoreOptions,
  type StoreProfile,
} from "./object-store-options.ts";

/** How an object store is started in a process of its own. */
export interface SpawnedStoreOptions extends ObjectStoreOptions {
  /** Whether it lives on when this process ends. Default false. */
  readonly detached?: boolean | undefined;
  /** It ends by itself when it received nothing for so long. Default `"1h"`. */
  readonly idle?: Duration | undefined;
}

/** A store in a process of its own. */
export interface SpawnedStore extends ObjectStore {
  readonly pid: number;
  readonly profile: StoreProfile;
  readonly seed: number | string;
}

const READERS = {
  detached: flag({ default: false }),
  idle: duration({ min: 1, default: 3_600_000 }),
};

/** How long a process may take to start on a machine that is busy. */
const START_LIMIT_MS = 30_000;

/** How long a store may take to answer about itself, and to end. */
const ANSWER_LIMIT_MS = 5_000;

/**
 * Starts a store as a child process of its own. It never keeps this process alive. What it has to
 * complain about is in `store.log` in its directory.
 *
 * Rejects with `OptionsError` when an option is unknown or out of range, and with what the process
 * said when it does not listen within 30 s.
 */
export async function spawnObjectStore(options: SpawnedStoreOptions): Promise<SpawnedStore> {
  const { detached, idle, ...store } = options;
  const spawning = readOptions("objectStore", { detached, idle }, READERS);
  const { directory, profile, seed } = readStoreOptions(store);
  mkdirSync(directory, { recursive: true });
  const log = join(directory, "store.log");
  const child = startProcess({ store, detached: spawning.detached, idleMs: spawning.idle }, log);
  const { url, pid } = await started(child, log);
  return handle({ url, pid, profile, seed });
}

/** Finds a store that runs at `url` in whatever process; `undefined` when there is none. */
export async function findObjectStore(url: string): Promise<SpawnedStore | undefined> {
  try {
    const health = (await getJson(url, "/health")) as Pick<
      SpawnedStore,
      "pid" | "profile" | "seed"
    >;
    return handle({ url, ...health });
  } catch {
    return undefined; // Nobody listens there, or something that is not a store.
  }
}

function startProcess(options: StoreProcessOptions, log: string): ChildProcess {
  // From source it is a TypeScript file, which Node runs as it is; from the package, JavaScript.
  const entry = `object-store-process${extname(import.meta.url)}`;
  const complaints = openSync(log, "w", 0o600);
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      fileURLToPath(new URL(entry, import.meta.url)),
      JSON.stringify(options),
    ],
    { stdio: ["pipe", "pipe", complaints], detached: options.detached },
  );
  closeSync(complaints);
  return child;
}

async function started(child: ChildProcess, log: string): Promise<{ url: string; pid: number }> {
  const giveUp = systemClock.after(START_LIMIT_MS, () => child.kill("SIGKILL"));
  try {
    return JSON.parse(await firstLine(child)) as { url: string; pid: number };
  } catch (error) {
    throw new Error(`The object store did not start: ${readFileSync(log, "utf8").trim()}`, {
      cause: error,
    });
  } finally {
    giveUp();
    letGo(child);
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`It ended by ${signal ?? code}`)));
    if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve);
  });
}

/** Neither the process nor its pipes keep this one alive; the open pipe tells it that we live. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout])
    (pipe as { unref?: () => void } | null)?.unref?.();
}

function handle(about: Pick<SpawnedStore, "url" | "pid" | "profile" | "seed">): SpawnedStore {
  const { url, pid } = about;
  const ledger = async () => (await getJson(url, "/ledger")) as readonly LedgerEntry[];
  const close = (): Promise<void> => endProcess(url, pid);
  return {
    ...about,
    ledger,
    faults: async () => onlyFaults(await ledger()),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Ends the store at `url`, and only that: by then its number may be another process's. */
async function endProcess(url: string, pid: number): Promise<void> {
  const untilMs = systemClock.elapsed() + ANSWER_LIMIT_MS;
  while ((await findObjectStore(url))?.pid === pid) {
    process.kill(pid, systemClock.elapsed() < untilMs ? "SIGTERM" : "SIGKILL");
    await systemClock.sleep(20);
  }
}

function getJson(url: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}${path}`, { agent: false }, (response) => {
      if (response.statusCode === 200) json(response).then(resolve, reject);
      else reject(new Error(`${url}${path} answered ${response.statusCode}`));
    });
    const cancel = systemClock.after(ANSWER_LIMIT_MS, () => {
      request.destroy(new Error(`${url} did not answer within ${ANSWER_LIMIT_MS} ms`));
    });
    request.once("error", reject).once("close", cancel);
  });
}

/**
 * An object store over HTTP that misbehaves on a seeded schedule, for tests that must not believe
 * what their own process tells them.
 *
 *     PUT    /objects/<name>      200 or 201; 422 when the body's sum is not its x-content-sha256
 *     GET    /objects/<name>      the object, with content-length, and its SHA-256 as the etag
 *     HEAD   /objects/<name>      the same without the body
 *     DELETE /objects/<name>      204; 404 when there is none
 *     GET    /objects/?prefix=    [{ name, size, sha256, modified }] in the order of the names
 *     GET    /ledger, /faults     every request, and those that met a fault
 *     GET    /health              { pid, seed, profile }
 *
 * A PUT that repeats the Idempotency-Key which made the object what it is changes nothing.
 */

import { mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { seededDice } from "../core/dice.ts";
import { systemClock } from "../core/system.ts";
import { answerCall, drain, noteMaker, sendJson, type Call, type Store } from "./answer-call.ts";
import { faultPlan, findRefusal } from "./fault-plan.ts";
import { Ledger, type LedgerEntry } from "./ledger.ts";
import { ObjectFiles } from "./object-files.ts";
import { routeOf } from "./object-route.ts";
import {
  readStoreOptions,
  type ObjectStoreOptions,
  type SettledStore,
} from "./object-store-options.ts";

/** A store that runs. */
export interface ObjectStore extends AsyncDisposable {
  /** Where it listens, as `http://127.0.0.1:4711`. */
  readonly url: string;
  /** Every request that it received, in order, also before it was restarted. */
  ledger(): Promise<readonly LedgerEntry[]>;
  /** The requests of the ledger that met a fault. */
  faults(): Promise<readonly LedgerEntry[]>;
  /** Stops it and cuts its connections. The objects and the ledger stay. */
  close(): Promise<void>;
}

/**
 * Starts a store in this process. `spawnObjectStore` starts one that survives it.
 *
 * Rejects with `OptionsError` when an option is unknown or out of range, and with the system's error
 * when the directory cannot be written or the port is taken.
 */
export async function objectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const store = openStore(readStoreOptions(options));
  const server = createServer((request, response) => void answer(store, request, response));
  const url = await listen(server, store.options.port);
  const ledger = async (): Promise<readonly LedgerEntry[]> => store.ledger.read();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= stop(server).then(() => store.ledger.close()));
  return {
    url,
    ledger,
    faults: async () => onlyFaults(await ledger()),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The entries that met a fault. */
export function onlyFaults(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  return entries.filter((entry) => entry.fault !== undefined);
}

function openStore(options: SettledStore): Store {
  mkdirSync(options.directory, { recursive: true });
  const ledger = new Ledger(join(options.directory, "ledger.jsonl"));
  return {
    options,
    files: new ObjectFiles(options.directory),
    ledger,
    plan: faultPlan(options.faults, options.script, seededDice(options.seed)),
    makers: makersOf(ledger.read()),
  };
}

function makersOf(entries: readonly LedgerEntry[]): Store["makers"] {
  const makers: Store["makers"] = new Map();
  for (const entry of entries.filter(({ applied }) => applied)) noteMaker(makers, entry);
  return makers;
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(store: Store, request: IncomingMessage, response: ServerResponse) {
  const route = routeOf(request.method ?? "", request.url ?? "");
  try {
    if (route.to === "object" || route.to === "objects") {
      await answerCall(store, arrive(store, route, request, response));
    } else if (route.to === "nothing") {
      await drain(request);
      sendJson(response, route.status, { problem: route.problem });
    } else {
      sendJson(response, 200, describeStore(store, route.to));
    }
  } catch (error) {
    // The client went away, or the store's own disk failed it.
    if (response.headersSent || response.destroyed) response.destroy();
    else sendJson(response, 500, { problem: String(error) });
  }
}

function describeStore(store: Store, what: "health" | "ledger" | "faults"): unknown {
  if (what === "ledger") return store.ledger.read();
  if (what === "faults") return onlyFaults(store.ledger.read());
  return { pid: process.pid, seed: store.options.seed, profile: store.options.profile };
}

/** Decides about a request and writes it down before anything happens. */
function arrive(
  store: Store,
  route: Call["route"],
  request: IncomingMessage,
  response: ServerResponse,
): Call {
  const refusal = findRefusal(store.options.refuse, route);
  const fault = refusal === undefined ? store.plan(route) : "refused";
  const key = request.headers["idempotency-key"]?.toString();
  const number = store.ledger.arrived({
    atMs: systemClock.now(),
    method: route.method,
    name: route.name,
    ...(key === undefined ? {} : { key }),
    ...(fault === undefined ? {} : { fault }),
  });
  return { number, route, request, response, key, fault, refusal };
}

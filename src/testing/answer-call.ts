/** One request about objects: what it asks for is done, or what its fault says, or both. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { systemClock } from "../core/system.ts";
import type { FaultPlan } from "./fault-plan.ts";
import type { Ledger, LedgerEntry } from "./ledger.ts";
import type { ObjectFiles, StoredObject, Upload } from "./object-files.ts";
import type { Route } from "./object-route.ts";
import type { FaultRules, SettledRefusal, SettledStore } from "./object-store-options.ts";

/** What a running store works with. */
export interface Store {
  readonly options: SettledStore;
  readonly files: ObjectFiles;
  readonly ledger: Ledger;
  readonly plan: FaultPlan;
  /** What made each object what it is, where it came with an Idempotency-Key. */
  readonly makers: Map<string, Maker>;
}

interface Maker {
  readonly key: string;
  readonly sha256: string | undefined;
}

/** One request about objects, under way. */
export interface Call {
  readonly number: number;
  readonly route: Route & { readonly to: "object" | "objects" };
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly key: string | undefined;
  readonly fault: LedgerEntry["fault"];
  readonly refusal: SettledRefusal | undefined;
}

/** Answers a request about objects, or does to it what its fault says. */
export async function answerCall(store: Store, call: Call): Promise<void> {
  const { route, request, response, fault } = call;
  switch (fault) {
    case "refused":
      await drain(request);
      return sendJson(response, call.refusal?.status ?? 403, { problem: "refused" });
    case "unavailable":
      await drain(request);
      return sendJson(response, 503, { problem: "busy" }, retryAfter(store.options.faults));
    case "reset":
      return cut(request);
    case "stall":
      await stall(response, store.options.faults.stall);
      return cut(request);
    case "reset-after":
    case "truncate":
    case undefined:
      return route.to === "objects" ? sendList(store, call) : answerObject(store, call);
  }
}

function answerObject(store: Store, call: Call): Promise<void> {
  if (call.route.method === "PUT") return put(store, call);
  if (call.route.method === "DELETE") return remove(store, call);
  return get(store, call);
}

async function sendList(store: Store, { route, response }: Call): Promise<void> {
  sendJson(response, 200, await store.files.list(route.name));
}

async function put(store: Store, call: Call): Promise<void> {
  const { request, response, route } = call;
  const before = await store.files.find(route.name);
  const upload = await store.files.receive(route.name, request);
  const promised = request.headers["x-content-sha256"];
  if (promised !== undefined && promised !== upload.sha256) {
    upload.discard();
    return sendJson(response, 422, { problem: `the body's SHA-256 is ${upload.sha256}` });
  }
  if (isRepeated(store, call, upload)) upload.discard();
  else keep(store, call, upload);
  if (call.fault === "reset-after") return cut(request);
  const status = before === undefined ? 201 : 200;
  sendJson(response, status, { sha256: upload.sha256 }, { etag: `"${upload.sha256}"` });
}

function isRepeated({ makers }: Store, { key, route }: Call, { sha256 }: Upload): boolean {
  const maker = makers.get(route.name);
  return key !== undefined && maker?.key === key && maker.sha256 === sha256;
}

/** Without a pause in between, so that of two requests with one key only the first has an effect. */
function keep(store: Store, { number, route, key }: Call, upload: Upload): void {
  const { bytes, sha256 } = upload;
  upload.keep();
  store.ledger.landed(number, { bytes, sha256 });
  noteMaker(store.makers, { method: "PUT", name: route.name, key, sha256 });
}

async function remove(store: Store, call: Call): Promise<void> {
  const { name } = call.route;
  await drain(call.request);
  const wasThere = store.files.remove(name);
  if (wasThere) {
    store.ledger.landed(call.number, {});
    store.makers.delete(name);
  }
  if (call.fault === "reset-after") return cut(call.request);
  if (wasThere) call.response.writeHead(204).end();
  else sendJson(call.response, 404, { problem: `no object ${name}` });
}

async function get(store: Store, call: Call): Promise<void> {
  const { response, route } = call;
  const object = await store.files.find(route.name);
  if (object === undefined) return sendJson(response, 404, { problem: `no object ${route.name}` });
  const sentBytes = call.fault === "truncate" ? Math.floor(object.size / 2) : object.size;
  const body =
    route.method === "GET" && sentBytes > 0 ? store.files.read(object.name, sentBytes) : [];
  response.writeHead(200, headersOf(object)).flushHeaders();
  if (call.fault === "truncate") {
    await pipeline(body, response, { end: false });
    // An orderly end of the connection: what was sent arrives, and then nothing more.
    response.socket?.end();
  } else {
    await pipeline(body, response);
  }
}

function headersOf({ size, sha256, modified }: StoredObject): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-length": String(size),
    etag: `"${sha256}"`,
    "last-modified": new Date(modified).toUTCString(),
  };
}

/** Answers with `body` as JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** HTTP has it in whole seconds. */
function retryAfter({ retryAfter: lengthMs }: FaultRules): Record<string, string> {
  return { "retry-after": String(Math.ceil(lengthMs / 1_000)) };
}

/** Reads what the client still sends: one that is cut off in mid-send would not see the answer. */
export async function drain(request: IncomingMessage): Promise<void> {
  for await (const _ of request);
}

/** Ends the connection the hard way: the client sees ECONNRESET. */
function cut(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

async function stall(response: ServerResponse, lengthMs: number): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  // A client that gives up ends the stall early.
  await systemClock.sleep(lengthMs, gone.signal).catch(() => undefined);
}

/** Keeps in mind which request made an object what it is. */
export function noteMaker(
  makers: Map<string, Maker>,
  made: Pick<LedgerEntry, "method" | "name" | "key" | "sha256">,
): void {
  const { method, name, key, sha256 } = made;
  if (method === "PUT" && key !== undefined) makers.set(name, { key, sha256 });
  else makers.delete(name);
}

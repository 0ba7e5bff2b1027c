/** Real connections on loopback and a real second process: what is tested is that they break. */

import { createHash, randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  findObjectStore,
  objectStore,
  spawnObjectStore,
  type LedgerEntry,
  type ObjectStore,
  type ObjectStoreOptions,
} from "../src/testing/index.ts";
import { systemClock } from "../src/core/system.ts";

function tempDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "object-store-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function testStore(options: Partial<ObjectStoreOptions> = {}): Promise<ObjectStore> {
  const store = await objectStore({ directory: tempDirectory(), ...options });
  onTestFinished(() => store.close());
  return store;
}

const sum = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

function put(store: ObjectStore, name: string, body: string | Uint8Array, key?: string) {
  const headers = key === undefined ? {} : { "idempotency-key": key };
  return fetch(`${store.url}/objects/${name}`, { method: "PUT", body: body as string, headers });
}

const get = (store: ObjectStore, path: string) => fetch(`${store.url}${path}`);

/** How a request ended: its status, or the code of the error that the connection failed with. */
async function outcome(response: Promise<Response>): Promise<number | string> {
  try {
    const answer = await response;
    await answer.arrayBuffer();
    return answer.status;
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    return cause?.code ?? String(error);
  }
}

/** Entries without what differs from run to run. */
const brief = (entries: readonly LedgerEntry[]) =>
  entries.map(({ method, name, key, fault, applied }) =>
    [method, name, key, fault, applied ? "applied" : undefined].filter(Boolean).join(" "),
  );

test("keeps what it is given byte for byte, and lists it", async () => {
  const store = await testStore();
  const bytes = randomBytes(3_000_000);

  const stored = await put(store, "night/1.tar", bytes);
  await put(store, "night/1", "small");
  await put(store, "other", "");
  const read = await get(store, "/objects/night/1.tar");
  const head = await fetch(`${store.url}/objects/night/1.tar`, { method: "HEAD" });
  const body = Buffer.from(await read.arrayBuffer());
  const empty = await (await get(store, "/objects/other")).text();
  const list = (await (await get(store, "/objects/?prefix=night/")).json()) as object[];

  expect(body.equals(bytes)).toBe(true);
  expect({
    status: stored.status,
    etag: read.headers.get("etag"),
    length: head.headers.get("content-length"),
    headEtag: head.headers.get("etag"),
    empty,
    list,
  }).toEqual({
    status: 201,
    etag: `"${sum(bytes)}"`,
    length: "3000000",
    headEtag: `"${sum(bytes)}"`,
    empty: "",
    list: [
      { name: "night/1", size: 5, sha256: sum("small"), modified: expect.any(String) },
      { name: "night/1.tar", size: 3_000_000, sha256: sum(bytes), modified: expect.any(String) },
    ],
  });
});

test("a body that is not what its sum promised is refused and not kept", async () => {
  const store = await testStore();

  const response = await fetch(`${store.url}/objects/a`, {
    method: "PUT",
    body: "damaged",
    headers: { "x-content-sha256": sum("whole") },
  });

  expect({
    status: response.status,
    there: (await get(store, "/objects/a")).status,
    ledger: brief(await store.ledger()),
  }).toEqual({ status: 422, there: 404, ledger: ["PUT a", "GET a"] });
});

test("a PUT that repeats its key changes nothing; another key or content does", async () => {
  const store = await testStore();

  await put(store, "a", "one", "k1");
  await put(store, "a", "one", "k1");
  await put(store, "a", "one", "k2");
  await put(store, "a", "two", "k2");
  await fetch(`${store.url}/objects/a`, { method: "DELETE" });
  await put(store, "a", "two", "k2");

  expect(brief(await store.ledger())).toEqual([
    "PUT a k1 applied",
    "PUT a k1",
    "PUT a k2 applied",
    "PUT a k2 applied",
    "DELETE a applied",
    "PUT a k2 applied",
  ]);
});

test("of two PUTs with one key at once, one has an effect", async () => {
  const store = await testStore();

  await Promise.all([1, 2, 3, 4].map(() => put(store, "a", "same", "k")));

  expect(brief(await store.ledger()).toSorted()).toEqual([
    "PUT a k",
    "PUT a k",
    "PUT a k",
    "PUT a k applied",
  ]);
});

test("a DELETE of what is not there is told apart", async () => {
  const store = await testStore();
  await put(store, "a", "x");

  const statuses = [];
  for (const name of ["a", "a"]) {
    statuses.push((await fetch(`${store.url}/objects/${name}`, { method: "DELETE" })).status);
  }

  expect({ statuses, ledger: brief(await store.ledger()) }).toEqual({
    statuses: [204, 404],
    ledger: ["PUT a applied", "DELETE a applied", "DELETE a"],
  });
});

test("each fault does what it says", async () => {
  const store = await testStore({
    script: ["unavailable", "reset", "stall", "reset-after", "truncate", "none"],
    faults: { retryAfter: "1500ms", stall: 50 },
  });
  const busy = await put(store, "a", "x".repeat(100_000));

  const outcomes = [
    await outcome(put(store, "a", "early")),
    await outcome(put(store, "a", "never")),
    await outcome(put(store, "a", "landed")),
    await outcome(get(store, "/objects/a")),
    await outcome(get(store, "/objects/a")),
  ];

  expect({ busy: [busy.status, busy.headers.get("retry-after")], outcomes }).toEqual({
    busy: [503, "2"],
    outcomes: ["ECONNRESET", "ECONNRESET", "ECONNRESET", "UND_ERR_SOCKET", 200],
  });
  expect({ ledger: brief(await store.ledger()), faults: brief(await store.faults()) }).toEqual({
    ledger: [
      "PUT a unavailable",
      "PUT a reset",
      "PUT a stall",
      "PUT a reset-after applied",
      "GET a truncate",
      "GET a",
    ],
    faults: [
      "PUT a unavailable",
      "PUT a reset",
      "PUT a stall",
      "PUT a reset-after applied",
      "GET a truncate",
    ],
  });
});

test("a client that gives up ends a stall", async () => {
  const store = await testStore({ script: ["stall"], faults: { stall: "1h" } });
  const controller = new AbortController();

  const stalled = fetch(`${store.url}/objects/a`, { signal: controller.signal });
  const arrived = async () => (await store.ledger()).length;

  await expect.poll(arrived, { timeout: 10_000 }).toBe(1);
  controller.abort(new Error("gave up"));
  await expect(stalled).rejects.toThrow("gave up");
  expect((await get(store, "/objects/a")).status).toBe(404);
});

test("a body that is cut off leaves nothing behind", async () => {
  const directory = tempDirectory();
  const store = await testStore({ directory });
  const controller = new AbortController();
  const body = new ReadableStream({
    async pull(stream) {
      await systemClock.sleep(5);
      stream.enqueue(new Uint8Array(10_000));
    },
  });
  const arriving = () => readdirSync(join(directory, "arriving")).length;

  const cutOff = fetch(`${store.url}/objects/a`, {
    method: "PUT",
    body,
    duplex: "half",
    signal: controller.signal,
  });

  await expect.poll(arriving, { timeout: 10_000 }).toBe(1);
  controller.abort(new Error("died"));
  await expect(cutOff).rejects.toThrow("died");
  await expect.poll(arriving, { timeout: 10_000 }).toBe(0);
  expect({
    ledger: brief(await store.ledger()),
    kept: readdirSync(join(directory, "objects")),
  }).toEqual({
    ledger: ["PUT a"],
    kept: [],
  });
});

test("an outage refuses every PUT and nothing else", async () => {
  const directory = tempDirectory();
  const before = await testStore({ directory });
  await put(before, "a", "x");
  await before.close();

  const store = await testStore({ directory, profile: "outage" });
  const statuses = [
    (await put(store, "b", "y")).status,
    (await get(store, "/objects/a")).status,
    (await fetch(`${store.url}/objects/a`, { method: "DELETE" })).status,
  ];

  expect({ statuses, faults: brief(await store.faults()) }).toEqual({
    statuses: [403, 200, 204],
    faults: ["PUT b refused"],
  });
});

test("objects, ledger and keys survive a restart", async () => {
  const directory = tempDirectory();
  const before = await testStore({ directory });
  await put(before, "a", "x", "k");
  await before.close();

  const store = await testStore({ directory });
  const list = (await (await get(store, "/objects/")).json()) as { sha256: string }[];
  await put(store, "a", "x", "k");

  expect({ sums: list.map(({ sha256 }) => sha256), ledger: brief(await store.ledger()) }).toEqual({
    sums: [sum("x")],
    ledger: ["PUT a k applied", "LIST", "PUT a k"],
  });
});

test("names lead nowhere outside, and methods that it does not know are refused", async () => {
  const directory = tempDirectory();
  const store = await testStore({ directory });

  const statuses = [
    (await put(store, "%2e%2e%2foutside", "x")).status,
    (await put(store, "a%2F..%2F..%2Foutside", "x")).status,
    (await fetch(`${store.url}/objects/a`, { method: "POST", body: "x" })).status,
    (await get(store, "/nowhere")).status,
  ];

  expect({ statuses, outside: existsSync(join(directory, "outside")) }).toEqual({
    statuses: [400, 400, 405, 404],
    outside: false,
  });
});

test("a spawned store is found by its URL, and ends when it is closed", async () => {
  const store = await spawnObjectStore({ directory: tempDirectory(), seed: 7, profile: "fast" });
  const found = await findObjectStore(store.url);

  await found?.close();

  expect({ pid: found?.pid, seed: found?.seed, profile: found?.profile }).toEqual({
    pid: store.pid,
    seed: 7,
    profile: "fast",
  });
  expect(await findObjectStore(store.url)).toBeUndefined();
  await expect(store.close()).resolves.toBeUndefined();
});

test("a spawned store keeps its ledger where other processes can read it", async () => {
  await using store = await spawnObjectStore({ directory: tempDirectory(), script: ["reset"] });

  await outcome(put(store, "a", "x"));
  await put(store, "a", "x", "k");

  expect({ ledger: brief(await store.ledger()), faults: brief(await store.faults()) }).toEqual({
    ledger: ["PUT a reset", "PUT a k applied"],
    faults: ["PUT a reset"],
  });
});

test("a spawned store that cannot start says why", async () => {
  await using taken = await spawnObjectStore({ directory: tempDirectory() });
  const port = Number(new URL(taken.url).port);

  await expect(spawnObjectStore({ directory: tempDirectory(), port })).rejects.toThrow(
    "EADDRINUSE",
  );
});

test.for<[detached: boolean, survives: boolean]>([
  [false, false],
  [true, true],
])(
  "when its parent is killed, a store with detached: %s lives on: %s",
  async ([detached, survives]) => {
    const script = `
    import { spawnObjectStore } from "${new URL("../src/testing/index.ts", import.meta.url).href}";
    const store = await spawnObjectStore(${JSON.stringify({ directory: tempDirectory(), detached })});
    process.stdout.write(store.url + "\\n");
    setInterval(() => {}, 1_000);
  `;
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", script]);
    const url = await new Promise<string>((resolve) => {
      parent.stdout.once("data", (line: Buffer) => resolve(line.toString().trim()));
    });

    parent.kill("SIGKILL");
    await new Promise((resolve) => parent.once("exit", resolve));
    // What must not happen has had its time after this; what must happen is waited for.
    await systemClock.sleep(300);
    onTestFinished(async () => (await findObjectStore(url))?.close());
    const isThere = async () => (await findObjectStore(url)) !== undefined;

    await expect.poll(isThere, { timeout: 10_000 }).toBe(survives);
  },
);

test("a spawned store that nobody asks for anything ends by itself", async () => {
  const store = await spawnObjectStore({ directory: tempDirectory(), idle: 100 });

  await expect.poll(() => findObjectStore(store.url), { timeout: 10_000 }).toBeUndefined();
});

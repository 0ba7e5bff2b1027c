/** `resilientFetch` with the real fetch and real connections on loopback. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test } from "vitest";
import { constant, hedge, retry, timeout, TimeoutError } from "holdfast";
import { resilientFetch, type Fetch } from "holdfast/http";
import { expectNothingLeft, VirtualClock } from "holdfast/testing";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Serves on a free port of loopback until the test is over. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Collects what nobody holds any more, and lets the callbacks about it run. */
async function collect(): Promise<void> {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  await new Promise((resolve) => setTimeout(resolve, 10));
}

const closed = (request: IncomingMessage): Promise<unknown> => once(request.socket, "close");

test("a service that comes back is asked until it answers, and nothing is left", async () => {
  const statuses = [503, 500, 200];
  const url = await serve((_, response) => {
    response.statusCode = statuses.shift() ?? 200;
    response.end(`status ${response.statusCode}`);
  });
  const patient = resilientFetch({ retry: { backoff: constant(1) } });

  const answer = await expectNothingLeft(async ({ caller: { signal } }) => {
    const response = await patient(`${url}/items`, { signal });
    return [response.status, response.url, await response.text()];
  });

  expect(answer).toEqual([200, `${url}/items`, "status 200"]);
});

test("bodies are sent again as they were, and a stream is not", async () => {
  const bodies: string[] = [];
  const url = await serve((request, response) => {
    void text(request).then((body) => {
      bodies.push(body);
      response.writeHead(500).end("sorry");
    });
  });
  const patient = resilientFetch({ retry: { attempts: 2, backoff: constant(1) } });
  const duplex = { duplex: "half" } as const;

  await patient(url, { method: "PUT", body: "text" });
  await patient(url, { method: "PUT", body: new Uint8Array([98]) });
  const last = await patient(url, {
    method: "PUT",
    body: new Blob(["stream"]).stream(),
    ...duplex,
  });

  expect([bodies, await last.text()]).toEqual([["text", "text", "b", "b", "stream"], "sorry"]);
});

test("where no headers come the connection is cut, and nothing is left", async () => {
  const clock = new VirtualClock();
  const begun = Promise.withResolvers<IncomingMessage>();
  const url = await serve((request) => begun.resolve(request));
  const patient = resilientFetch({ clock, headersTimeout: "5s", retry: { attempts: 1 } });

  const failed = expectNothingLeft(({ caller: { signal } }) => patient(url, { signal }));
  const failure = failed.catch((error: unknown) => error);
  // The request is on its way for a length of real time.
  const cut = closed(await begun.promise);
  await clock.advance("5s");

  expect(await failure).toBeInstanceOf(TimeoutError);
  await cut;
});

test("where a body stalls the connection is cut, and nothing is left", async () => {
  const cut = Promise.withResolvers<unknown>();
  const url = await serve((request, response) => {
    response.write("begins");
    void closed(request).then(cut.resolve);
  });
  const quick = resilientFetch({ bodyTimeout: "30ms" });

  const failed = expectNothingLeft(async ({ caller: { signal } }) => {
    const response = await quick(url, { signal });
    return response.text();
  });

  await expect(failed).rejects.toThrow('Work under "fetch body" did not end within 30 ms');
  await cut.promise;
});

test("a body that is not read leaves nothing, and an abort cuts its connection", async () => {
  const cut = Promise.withResolvers<unknown>();
  const url = await serve((request, response) => {
    response.write("begins");
    void closed(request).then(cut.resolve);
  });
  const caller = new AbortController();

  const response = await expectNothingLeft(() => resilientFetch()(url, caller), {
    signals: [caller.signal],
  });
  caller.abort(new Error("enough"));

  await cut.promise;
  await expect(response.text()).rejects.toThrow("enough");
});

const CALLERS = [
  ["no signal", {}],
  ["a signal", { signal: new AbortController().signal }],
] as const;

test.for(CALLERS)("with %s a body is whole, however late it is read", async ([, init]) => {
  const url = await serve((_, response) => {
    response.write("begins");
    setTimeout(() => response.end(", ends"), 50);
  });

  const response = await resilientFetch()(url, init);
  for (let times = 0; times < 10; times++) await collect();

  expect(await response.text()).toBe("begins, ends");
});

test.for<[what: string, get: (url: string) => Promise<Response>]>([
  ["with no signal", (url) => resilientFetch()(url)],
  ["with a signal", (url) => resilientFetch()(url, { signal: new AbortController().signal })],
  ["under a timeout", (url) => timeout("1m").run(({ signal }) => fetch(url, { signal }))],
  ["beside a hedge", (url) => hedge("1m").run(({ signal }) => fetch(url, { signal }))],
  ["under a total", (url) => retry({ total: "1m" }).run(({ signal }) => fetch(url, { signal }))],
])("%s a response that nobody keeps is let go of", async ([, get]) => {
  const url = await serve((_, response) => response.write("begins"));
  let isCut = false;
  servers.at(-1)?.on("connection", (socket) => socket.on("close", () => (isCut = true)));

  // In a function of its own, so that no variable holds it.
  await (async () => void (await get(url)))();
  for (let times = 0; times < 500 && !isCut; times++) await collect();

  expect(isCut).toBe(true);
});

test.for<[what: string, input: (url: string, signal: AbortSignal) => Parameters<Fetch>]>([
  ["a Request", (url, signal) => [new Request(url, { signal })]],
  ["init", (url, signal) => [url, { signal }]],
  ["init, with a limit", (url) => [url, { signal: AbortSignal.timeout(500) }]],
])("the signal of %s ends the body, also when nobody keeps the request", async ([, input]) => {
  const url = await serve((_, response) => response.write("begins"));
  const caller = new AbortController();
  const patient = resilientFetch({ bodyTimeout: Infinity });

  // In a function of its own, so that no variable holds the request.
  const response = await (() => patient(...input(url, caller.signal)))();
  const failure = response.text().catch((error: unknown) => String(error));
  for (let times = 0; times < 10; times++) await collect();
  caller.abort(new Error("enough"));

  expect(await failure).toMatch(/enough|due to timeout/);
});

test.for([
  ["GET", 200],
  ["HEAD", 200],
  ["GET", 204],
  ["GET", 205],
  ["GET", 304],
  ["GET", 404],
  ["GET", 999],
] as const)("a %s that is answered with %i is as with fetch", async ([method, status]) => {
  const url = await serve((_, response) => response.writeHead(status).end("body"));
  const shown = async (response: Response) => {
    const { ok, statusText, body } = response;
    return [response.status, ok, statusText, body === null, await response.clone().text()];
  };

  const ours = await shown(await resilientFetch()(url, { method }));

  expect(ours).toEqual(await shown(await fetch(url, { method })));
});

test("a secret does not go where a redirect leads to", async () => {
  const seen: (string | undefined)[] = [];
  const there = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.end("there");
  });
  const here = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: `${there}/found` }).end("moved");
  });

  const response = await resilientFetch({ redirects: 3 })(here, {
    headers: { authorization: "Bearer secret" },
  });

  expect([response.url, response.redirected, await response.text(), seen]).toEqual([
    `${there}/found`,
    true,
    "there",
    ["Bearer secret", undefined],
  ]);
});

test("the global fetch is the one that is called, whichever it is by then", async () => {
  const guarded = resilientFetch();
  const before = globalThis.fetch;
  globalThis.fetch = async () => new Response("another");
  try {
    const response = await guarded("https://nowhere.example/");

    expect(await response.text()).toBe("another");
  } finally {
    globalThis.fetch = before;
  }
});

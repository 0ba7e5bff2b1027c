import { expect, test } from "vitest";
import { breaker, CircuitOpenError, constant, pipeline, retry, TimeoutError } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import {
  URL_OF_ITEMS,
  answering,
  status,
  refused,
  QUICK,
  stream,
  type Answer,
} from "./fetch-fixture.contract.ts";
import {
  resilientFetch,
  type Fetch,
  type RequestFacts,
  type ResilientFetchOptions,
} from "./index.ts";

test("what failed is asked for again, and what comes then is the answer", async () => {
  const clock = new VirtualClock();
  const { fetch, calls } = answering(status(503), refused(), status(200));
  const events: string[] = [];

  const response = await clock.settle(() =>
    resilientFetch({ fetch, clock, on: ({ type }) => events.push(type) })(URL_OF_ITEMS),
  );

  expect([response.status, await response.text(), calls.length, events]).toEqual([
    200,
    "status 200",
    3,
    ["attempt.failed", "retry.scheduled", "attempt.failed", "retry.scheduled", "retry.recovered"],
  ]);
});

test.for<[what: string, input: () => Parameters<Fetch>, first: Answer, calls: number]>([
  ["a GET after a 500", () => [URL_OF_ITEMS], status(500), 2],
  ["a GET of a URL", () => [new URL(URL_OF_ITEMS)], status(500), 2],
  ["a GET of a Request", () => [new Request(URL_OF_ITEMS)], status(500), 2],
  ["a method in small letters", () => [URL_OF_ITEMS, { method: "put" }], status(500), 2],
  ["a PUT with text", () => [URL_OF_ITEMS, { method: "PUT", body: "x" }], status(500), 2],
  ["a PUT with a stream", () => [URL_OF_ITEMS, { method: "PUT", ...stream() }], status(500), 1],
  ["that after a refusal", () => [URL_OF_ITEMS, { method: "PUT", ...stream() }], status(429), 1],
  [
    "a PUT with the body of a Request",
    () => [new Request(URL_OF_ITEMS, { method: "PUT", body: "x" })],
    status(500),
    1,
  ],
  [
    "a Request with another body",
    () => [new Request(URL_OF_ITEMS, { method: "PUT", body: "x" }), { body: "y" }],
    status(500),
    2,
  ],
  ["a POST after a 500", () => [URL_OF_ITEMS, { method: "POST" }], status(500), 1],
  ["a POST of a Request", () => [new Request(URL_OF_ITEMS, { method: "POST" })], status(500), 1],
  ["a POST after a 429", () => [URL_OF_ITEMS, { method: "POST" }], status(429), 2],
  ["a POST that was not connected", () => [URL_OF_ITEMS, { method: "POST" }], refused(), 2],
  [
    "a POST whose connection was lost",
    () => [URL_OF_ITEMS, { method: "POST" }],
    new TypeError("fetch failed"),
    1,
  ],
  [
    "a POST with an Idempotency-Key",
    () => [URL_OF_ITEMS, { method: "POST", headers: { "Idempotency-Key": "1" } }],
    status(500),
    2,
  ],
  [
    "a Request with an Idempotency-Key",
    () => [new Request(URL_OF_ITEMS, { method: "POST", headers: { "Idempotency-Key": "1" } })],
    status(500),
    2,
  ],
  ["what will never work", () => [URL_OF_ITEMS], status(404), 1],
])("%s is sent as often as it may be", async ([, input, first, expected]) => {
  const { fetch, calls } = answering(first, status(200));

  await resilientFetch({ fetch, ...QUICK })(...input()).catch(() => {});

  expect(calls.length).toBe(expected);
});

test.for([
  ["GET", 2],
  ["PUT", 1],
] as const)(
  "a %s of a Request that shows no body, as in Firefox, is sent %i times",
  async ([method, sent]) => {
    const { fetch, calls } = answering(status(500), status(200));
    const request = Object.defineProperty(new Request(URL_OF_ITEMS, { method }), "body", {
      value: undefined,
    });

    await resilientFetch({ fetch, ...QUICK })(request);

    expect(calls.length).toBe(sent);
  },
);

test("the methods that may be sent again can be named", async () => {
  const { fetch, calls } = answering(status(500));
  const patient = resilientFetch({ fetch, ...QUICK, methods: ["post"] });

  await patient(URL_OF_ITEMS, { method: "POST" });
  await patient(URL_OF_ITEMS);

  expect(calls.map(({ method }) => method)).toEqual(["POST", "POST", "POST", "POST", "GET"]);
});

test("a signal of null is none, whatever the Request has", async () => {
  const { fetch } = answering(status(200));
  const request = new Request(URL_OF_ITEMS, { signal: AbortSignal.abort("before") });

  const response = await resilientFetch({ fetch })(request, { signal: null });

  expect(response.status).toBe(200);
});

test("the events of all parts are told, under its name", async () => {
  const clock = new VirtualClock();
  const { fetch } = answering(() => new Promise<never>(() => {}));
  const told: string[] = [];
  const guarded = resilientFetch({
    fetch,
    clock,
    name: "shop",
    retry: { attempts: 2, backoff: constant(1) },
    breaker: { failures: 2 },
    on: (event) => told.push(`${event.type} ${"policy" in event ? event.policy : ""}`),
  });

  await clock.settle(() => guarded(URL_OF_ITEMS).catch(() => {}));

  expect(told).toEqual([
    "timeout.expired shop headers",
    "attempt.failed shop",
    "retry.scheduled shop",
    "timeout.expired shop headers",
    "breaker.opened shop/store.example",
    "attempt.failed shop",
    "retry.stopped shop",
  ]);
});

test("Retry-After is waited for, by the clock that is handed in", async () => {
  const clock = new VirtualClock({ startAtMs: Date.UTC(1994, 10, 6, 8, 49, 37) });
  const { fetch } = answering(
    status(429, { "Retry-After": "7" }),
    status(503, { "Retry-After": "Sun, 06 Nov 1994 08:49:54 GMT" }),
    status(200),
  );

  await clock.settle(() => resilientFetch({ fetch, clock })(URL_OF_ITEMS));

  expect(clock.elapsed()).toBe(17_000);
});

test("each host has a breaker of its own", async () => {
  const { fetch, calls } = answering(refused());
  const guarded = resilientFetch({
    fetch,
    name: "shop",
    retry: { attempts: 1 },
    breaker: { failures: 2, pause: "1h" },
  });
  const errors: unknown[] = [];

  for (const url of ["https://a/", "https://a/x", "https://a/", "https://a:81/", "data:,x"])
    await guarded(url).catch((error: unknown) => errors.push(error));

  expect(calls.map(({ url }) => url)).toEqual([
    "https://a/",
    "https://a/x",
    "https://a:81/",
    "data:,x",
  ]);
  expect([errors[2] instanceof CircuitOpenError, (errors[2] as Error).message]).toEqual([
    true,
    expect.stringMatching(/^Circuit "shop\/a" is open/),
  ]);
});

test("a policy that is handed in guards all requests", async () => {
  const { fetch } = answering(refused());
  const guarded = resilientFetch({ fetch, policy: breaker("all", { failures: 1 }) });

  await guarded("https://a/").catch(() => {});

  await expect(guarded("https://b/")).rejects.toThrow('Circuit "all" is open');
});

test("a policy may be another one for each request", async () => {
  const { fetch } = answering(status(200));
  const seen: RequestFacts[] = [];
  const guarded = resilientFetch({
    fetch,
    policy: (request) => {
      seen.push(request);
      return pipeline();
    },
  });

  await guarded("https://a:8443/x?y", { method: "post" });
  await guarded(new Request("http://b/"));
  await guarded("http://b/", { method: "PUT", ...stream() });

  expect(seen).toEqual([
    { host: "a:8443", method: "POST", isRepeatable: false, isReadOnce: false },
    { host: "b", method: "GET", isRepeatable: true, isReadOnce: false },
    { host: "b", method: "PUT", isRepeatable: false, isReadOnce: true },
  ]);
});

test("what fetch says of a call that makes no sense comes out", async () => {
  const guarded = resilientFetch();

  await expect(guarded("nowhere")).rejects.toThrow(/Failed to parse URL|Invalid URL/);
  await expect(guarded(URL_OF_ITEMS, { headers: { "no header": "x" } })).rejects.toThrow(TypeError);
});

test("what fetch is told besides goes through", async () => {
  const { fetch, calls } = answering(status(200));
  const dispatcher = { dispatch: () => true };

  await resilientFetch({ fetch })(URL_OF_ITEMS, { dispatcher, cache: "no-store" } as never);

  expect(calls[0]?.init).toMatchObject({ dispatcher, cache: "no-store" });
});

test("an address may be relative to the page's", async () => {
  const place = { href: "https://page.example/a/" };
  const hosts: string[] = [];
  const policy = ({ host }: RequestFacts) => {
    hosts.push(host);
    return pipeline();
  };
  const fetch: Fetch = async () => status(200);
  Object.assign(globalThis, { location: place });
  try {
    await resilientFetch({ fetch, policy })("items");
  } finally {
    Reflect.deleteProperty(globalThis, "location");
  }

  expect(hosts).toEqual(["page.example"]);
});

test.for<[options: object, message: string]>([
  [{ retries: 3 }, "resilientFetch.retries: unknown; known are name, policy,"],
  [{ policy: {} }, "resilientFetch.policy: expected an object with run(), received an object"],
  [
    { policy: retry(), retry: {} },
    "resilientFetch.policy: stands for retry and breaker; leave them out",
  ],
  [
    { policy: retry(), breaker: {} },
    "resilientFetch.policy: stands for retry and breaker; leave them out",
  ],
  [{ retry: { tries: 1 } }, "retry.tries: unknown"],
  [{ retry: 5 }, "resilientFetch.retry: expected an object, received 5"],
  [{ breaker: true }, "resilientFetch.breaker: expected an object, received true"],
  [
    { redirects: 1, privateHeaders: ["X Api"] },
    'resilientFetch.privateHeaders[0]: expected the name of a header, received "X Api"',
  ],
  [{ breaker: { tries: 1 } }, "breakers.tries: unknown"],
  [{ methods: "POST" }, 'resilientFetch.methods: expected an array, received "POST"'],
  [{ methods: [""] }, "resilientFetch.methods[0]: expected text that is not empty"],
  [
    { privateHeaders: ["X-Api-Key"] },
    "resilientFetch.privateHeaders: is for redirects that are followed here; give redirects too",
  ],
  [{ redirects: -1 }, "resilientFetch.redirects: expected an integer >= 0"],
  [{ headersTimeout: "soon" }, "resilientFetch.headersTimeout: expected a duration"],
  [{ bodyTimeout: -1 }, "resilientFetch.bodyTimeout: expected a duration"],
  [{ failedStatus: "kept" }, 'resilientFetch.failedStatus: expected "answered", "thrown"'],
  [{ fetch: {} }, "resilientFetch.fetch: expected a function"],
])("refuses %o", ([options, message]) => {
  expect(() => resilientFetch(options as ResilientFetchOptions)).toThrow(message);
});

test("no headers within the limit is a timeout, and is asked for again", async () => {
  const clock = new VirtualClock();
  const signals: (AbortSignal | null | undefined)[] = [];
  const { fetch } = answering(
    () => new Promise<never>(() => {}),
    async () => {
      await clock.sleep(4_999);
      return status(200);
    },
  );
  const watched: Fetch = (input, init) => {
    signals.push(init?.signal);
    return fetch(input, init);
  };

  const response = await clock.settle(() =>
    resilientFetch({ fetch: watched, clock, headersTimeout: "5s", ...QUICK })(URL_OF_ITEMS),
  );

  expect([response.status, clock.elapsed(), clock.pending]).toEqual([200, 9_999, 0]);
  expect(signals.map((signal) => (signal?.aborted ? (signal.reason as Error).name : ""))).toEqual([
    "TimeoutError",
    "",
  ]);
});

test("by default headers are waited for for half a minute, and no POST is sent again after", async () => {
  const clock = new VirtualClock();
  const { fetch, calls } = answering(() => new Promise<never>(() => {}));

  const error: unknown = await clock.settle(() =>
    resilientFetch({ fetch, clock })(URL_OF_ITEMS, { method: "POST" }).catch(
      (thrown: unknown) => thrown,
    ),
  );

  expect([error instanceof TimeoutError, (error as Error).message, calls.length]).toEqual([
    true,
    'Work under "fetch headers" did not end within 30000 ms',
    1,
  ]);
});

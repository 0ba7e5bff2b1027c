import { expect, test } from "vitest";
import {
  breaker,
  CircuitOpenError,
  constant,
  hedge,
  HttpStatusError,
  pipeline,
  retry,
  TimeoutError,
  type EventDetails,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import {
  resilientFetch,
  type Fetch,
  type RequestFacts,
  type ResilientFetchOptions,
} from "./index.ts";

const URL_OF_ITEMS = "https://store.example/items";

type Answer = (() => Response | Promise<Response>) | Response | Error;

/** A `fetch` that gives these answers in turn, the last one again and again; and what it was called with. */
function answering(...answers: readonly Answer[]) {
  const calls: {
    url: string;
    method: string;
    headers: Record<string, string>;
    init: RequestInit;
  }[] = [];
  const fetch: Fetch = async (input, init = {}) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)];
    const request = new Request(input, { ...init, duplex: "half" } as RequestInit);
    const { url, method } = request;
    calls.push({ url, method, headers: Object.fromEntries(request.headers), init });
    init.signal?.throwIfAborted();
    if (answer instanceof Error) throw answer;
    if (typeof answer === "function") return answer();
    return answer?.clone() as Response;
  };
  return { fetch, calls };
}

const status = (code: number, headers: Record<string, string> = {}): Response =>
  new Response(`status ${code}`, { status: code, headers });

const refused = (): Error =>
  new TypeError("fetch failed", {
    cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
  });

const streamOf = (text: string): ReadableStream =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });

/** A body that says whether it was let go of. */
function watchedBody() {
  const seen: unknown[] = [];
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("part")),
    cancel: (reason) => void seen.push(reason),
  });
  return { body, seen };
}

const QUICK = { retry: { backoff: constant(0) } } satisfies ResilientFetchOptions;

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

const stream = (): RequestInit => ({ body: streamOf("x"), duplex: "half" }) as RequestInit;

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

test("the methods that may be sent again can be named", async () => {
  const { fetch, calls } = answering(status(500));
  const patient = resilientFetch({ fetch, ...QUICK, methods: ["post"] });

  await patient(URL_OF_ITEMS, { method: "POST" });
  await patient(URL_OF_ITEMS);

  expect(calls.map(({ method }) => method)).toEqual(["POST", "POST", "POST", "POST", "GET"]);
});

test("the last failed status is answered as fetch does, and the bodies before it are let go", async () => {
  const [first, last] = [watchedBody(), watchedBody()];
  const { fetch } = answering(
    () => new Response(first.body, { status: 503 }),
    () => new Response(last.body, { status: 500, statusText: "Oh" }),
  );

  const response = await resilientFetch({ fetch, retry: { attempts: 2, backoff: constant(0) } })(
    URL_OF_ITEMS,
  );
  const reader = response.body?.getReader();
  const part = await reader?.read();

  expect([response.status, response.statusText, response.ok]).toEqual([500, "Oh", false]);
  expect([new TextDecoder().decode(part?.value), first.seen.length, last.seen]).toEqual([
    "part",
    1,
    [],
  ]);
});

test("a failed status is thrown where that is asked for, and its body is let go", async () => {
  const { body, seen } = watchedBody();
  const { fetch } = answering(() => new Response(body, { status: 404 }));

  const error: unknown = await resilientFetch({ fetch, failedStatus: "thrown" })(
    URL_OF_ITEMS,
  ).catch((thrown: unknown) => thrown);

  expect([error instanceof HttpStatusError, (error as HttpStatusError).code, seen.length]).toEqual([
    true,
    "HTTP_404",
    1,
  ]);
});

test.for([200, 204, 304])("status %i is a good answer", async (code) => {
  const { fetch, calls } = answering(() => new Response(null, { status: code }));

  const response = await resilientFetch({ fetch, failedStatus: "thrown" })(URL_OF_ITEMS);

  expect([response.status, response.body, calls.length]).toEqual([code, null, 1]);
});

test("what failed before a success is let go too", async () => {
  const { body, seen } = watchedBody();
  const { fetch } = answering(() => new Response(body, { status: 503 }), status(200));

  await resilientFetch({ fetch, ...QUICK })(URL_OF_ITEMS);

  expect(seen.length).toBe(1);
});

test("what failed before an error is let go, and the error comes out as it is", async () => {
  const { body, seen } = watchedBody();
  const lost = refused();
  const { fetch } = answering(() => new Response(body, { status: 503 }), lost);

  const failed = resilientFetch({ fetch, ...QUICK })(URL_OF_ITEMS);

  await expect(failed).rejects.toBe(lost);
  expect(seen.length).toBe(1);
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

  expect(seen).toEqual([
    { host: "a:8443", method: "POST", isRepeatable: false },
    { host: "b", method: "GET", isRepeatable: true },
  ]);
});

test("under whatever policy, what must not be sent twice is sent once", async () => {
  const { fetch, calls } = answering(status(500), status(200));
  const events: EventDetails[] = [];
  const again = retry({
    attempts: Infinity,
    backoff: constant(0),
    on: (event) => events.push(event),
  });

  const response = await resilientFetch({ fetch, policy: again })(URL_OF_ITEMS, { method: "POST" });

  expect([response.status, await response.text(), calls.length]).toEqual([500, "status 500", 1]);
  expect(events.at(-1)).toMatchObject({
    type: "retry.stopped",
    reason: "class is not retried",
    fault: { class: "fatal", code: "SENT_ALREADY", effect: "unknown" },
  });
});

test("under whatever policy, the failure of what is sent once is the caller's", async () => {
  const lost = new TypeError("fetch failed");
  const { fetch } = answering(lost, status(200));
  const again = retry({ backoff: constant(0) });

  const failed = resilientFetch({ fetch, policy: again })(URL_OF_ITEMS, { method: "POST" });

  await expect(failed).rejects.toBe(lost);
});

test("under whatever policy, what nothing came of is sent again", async () => {
  const { fetch, calls } = answering(refused(), status(200));
  const again = retry({ backoff: constant(0) });

  const response = await resilientFetch({ fetch, policy: again })(URL_OF_ITEMS, { method: "POST" });

  expect([response.status, calls.length]).toEqual([200, 2]);
});

test.for([
  ["POST", 1],
  ["GET", 2],
] as const)("beside a slow %s a hedge sends %i in all", async ([method, sent]) => {
  const clock = new VirtualClock();
  const { fetch, calls } = answering(async () => {
    await clock.sleep(100);
    return status(200);
  });

  const response = await clock.settle(() =>
    resilientFetch({ fetch, clock, policy: hedge(10, { clock }) })(URL_OF_ITEMS, { method }),
  );

  expect([response.status, calls.length]).toEqual([200, sent]);
});

test("beside each other only the last failed answer is kept", async () => {
  const clock = new VirtualClock();
  const bodies = [watchedBody(), watchedBody()];
  let calls = 0;
  const fetch: Fetch = async () => {
    const { body } = bodies[calls++] ?? {};
    await clock.sleep(100);
    return new Response(body ?? null, { status: 503 });
  };
  const both = hedge(10, { clock, attempts: 2 });

  const response = await clock.settle(() =>
    resilientFetch({ fetch, clock, policy: both })(URL_OF_ITEMS),
  );

  expect([response.status, bodies.map(({ seen }) => seen.length)]).toEqual([503, [1, 0]]);
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

import { expect, test } from "vitest";
import {
  breaker,
  bulkhead,
  BulkheadFullError,
  CircuitOpenError,
  keyed,
  NoTimeLeftError,
  pipeline,
  rateLimit,
  RateLimitedError,
  ThrottledError,
  timeout,
  TimeoutError,
  type Attempt,
  type Policy,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { guardedHandler } from "./index.ts";
import { refusalAnswer, type RefusalAnswer } from "./refusal-answer.ts";

test.for<
  [error: unknown, byPolicy: RefusalAnswer | undefined, byHandler: RefusalAnswer | undefined]
>([
  [new RateLimitedError("x", 1_001), { status: 429, retryAfter: 2 }, { status: 503 }],
  [new RateLimitedError("x", 0), { status: 429 }, { status: 503 }],
  [new CircuitOpenError("x", 1, undefined), { status: 503, retryAfter: 1 }, { status: 503 }],
  [new CircuitOpenError("x", 2_000, undefined), { status: 503, retryAfter: 2 }, { status: 503 }],
  [new CircuitOpenError("x", Infinity, undefined), { status: 503 }, { status: 503 }],
  [new BulkheadFullError("x", "is full"), { status: 503 }, { status: 503 }],
  [new ThrottledError("x", 0.5), { status: 503 }, { status: 503 }],
  [new NoTimeLeftError("x", 2, 1), { status: 503 }, { status: 503 }],
  [new TimeoutError("x", 5), { status: 503 }, { status: 504 }],
  [new Error("x"), undefined, undefined],
  ["x", undefined, undefined],
])("%o is answered by %o, and within the handler by %o", ([error, byPolicy, byHandler]) => {
  expect([refusalAnswer(error, false), refusalAnswer(error, true)]).toEqual([byPolicy, byHandler]);
});

const request = (signal?: AbortSignal): Request =>
  new Request("https://here.example/items?token=abc", signal === undefined ? {} : { signal });

async function shown(response: Response): Promise<object> {
  const { status, headers } = response;
  return { status, headers: Object.fromEntries(headers), text: await response.text() };
}

test("a handler answers as ever, with the request that came", async () => {
  const came = request();
  const seen: unknown[] = [];
  const handle = guardedHandler(pipeline(), (given, { attempt }) => {
    seen.push(given, attempt);
    return new Response("here");
  });

  const response = await handle(came);

  expect([await response.text(), seen]).toEqual(["here", [came, 1]]);
});

test("past a rate limit it is 429, with the seconds to wait rounded up, and no word besides", async () => {
  const clock = new VirtualClock();
  const handle = guardedHandler(
    rateLimit(1, { per: "90s", wait: 0, clock }),
    () => new Response("here"),
  );

  await handle(request());
  await clock.advance(500);
  const refused = await handle(request());

  expect(await shown(refused)).toEqual({ status: 429, headers: { "retry-after": "90" }, text: "" });
});

test("past a bulkhead it is 503, and nobody knows until when", async () => {
  const first = Promise.withResolvers<Response>();
  const handle = guardedHandler(bulkhead(1, { queue: 0 }), () => first.promise);

  const running = handle(request());
  const refused = await handle(request());
  first.resolve(new Response("here"));

  expect(await shown(refused)).toEqual({ status: 503, headers: {}, text: "" });
  expect(await (await running).text()).toBe("here");
});

test("a breaker around the handler answers 503 with the rest of its pause", async () => {
  const clock = new VirtualClock();
  const down = Object.assign(new Error("database"), { code: "ECONNREFUSED" });
  const handle = guardedHandler(breaker("items", { failures: 1, pause: "10s", clock }), () => {
    throw down;
  });

  await expect(handle(request())).rejects.toBe(down);
  expect(await shown(await handle(request()))).toEqual({
    status: 503,
    headers: { "retry-after": "10" },
    text: "",
  });
});

test("a limit that is over is 503, and the handler's signal aborts", async () => {
  const clock = new VirtualClock();
  const reasons: unknown[] = [];
  const handle = guardedHandler(timeout("5s", { clock }), async (_, { signal }) => {
    await clock.sleep(60_000, signal).catch((reason: unknown) => {
      reasons.push(reason);
      throw reason;
    });
    return new Response("late");
  });

  const response = await clock.settle(() => handle(request()));

  expect([await shown(response), clock.elapsed(), clock.pending]).toEqual([
    { status: 503, headers: {}, text: "" },
    5_000,
    0,
  ]);
  expect(reasons).toEqual([expect.any(TimeoutError)]);
});

test("a limit that waits for its handler is 503 too", async () => {
  const clock = new VirtualClock();
  const patient = timeout("5s", { clock, mode: "cooperative" });
  const handle = guardedHandler(patient, async (_, { signal }) => {
    await clock.sleep(60_000, signal);
    return new Response("late");
  });

  const response = await clock.settle(() => handle(request()));

  expect(response.status).toBe(503);
});

test("what the handler waited for in vain is 504", async () => {
  const clock = new VirtualClock();
  const store = timeout("1s", { clock });
  const handle = guardedHandler(timeout("5s", { clock }), async () => {
    await store.run(() => new Promise(() => {}));
    return new Response("here");
  });

  const response = await clock.settle(() => handle(request()));

  expect(response.status).toBe(504);
});

test("what the handler was refused is 503, and may have begun", async () => {
  const limit = rateLimit(1, { per: "1h", wait: 0 });
  limit.tryTake();
  const handle = guardedHandler(pipeline(), () => limit.run(() => new Response("here")));

  expect(await shown(await handle(request()))).toEqual({ status: 503, headers: {}, text: "" });
});

test.for([true, false])("any other error is the server's, thrown at once: %s", async (isAtOnce) => {
  const bug = new TypeError("secret");
  const handle = guardedHandler(pipeline(), () => {
    if (isAtOnce) throw bug;
    return Promise.reject(bug);
  });

  await expect(handle(request())).rejects.toBe(bug);
});

test("when the client goes away the work is told, and the answer is for nobody", async () => {
  const clock = new VirtualClock();
  const client = new AbortController();
  const told: unknown[] = [];
  const handle = guardedHandler(timeout("5s", { clock }), (_, { signal }: Attempt) => {
    signal.addEventListener("abort", () => told.push(signal.reason));
    return new Promise(() => {});
  });

  const answering = handle(request(client.signal));
  await clock.advance(1);
  client.abort("gone");

  expect(await shown(await answering)).toEqual({ status: 499, headers: {}, text: "" });
  expect([told, clock.pending]).toEqual([["gone"], 0]);
});

test("each client can have a policy of its own", async () => {
  const clients = keyed(() => rateLimit(1, { per: "1m", wait: 0 }));
  const handle = guardedHandler(
    ({ headers }) => clients.for(headers.get("x-client") ?? "nobody"),
    () => new Response("here"),
  );
  const by = (client: string) =>
    handle(new Request("https://here/", { headers: { "x-client": client } }));

  const answers = [await by("a"), await by("b"), await by("a")];

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
});

test("a function that gives no policy fails the request, not the server", async () => {
  const mistake = new Error("no client");
  const handle = guardedHandler(
    () => {
      throw mistake;
    },
    () => new Response("here"),
  );

  await expect(handle(request())).rejects.toBe(mistake);
});

test.for<[policy: unknown, handler: unknown, message: string]>([
  [{}, () => undefined, "guardedHandler.policy: expected an object with run(), received an object"],
  [undefined, () => undefined, "guardedHandler: expected a policy and a function"],
  [pipeline(), undefined, "guardedHandler: expected a policy and a function"],
])("refuses %o around %o", ([policy, handler, message]) => {
  expect(() => guardedHandler(policy as Policy, handler as never)).toThrow(message);
});

test("an answer that comes too late is let go of, and one in time is not", async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const bodyOf = (name: string) => new ReadableStream({ cancel: () => void seen.push(name) });
  const handle = guardedHandler(timeout("5s", { clock }), async ({ url }) => {
    const name = new URL(url).pathname;
    await clock.sleep(name === "/late" ? 6_000 : 4_000);
    return new Response(bodyOf(name));
  });

  const late = await clock.settle(() => handle(new Request("https://here.example/late")));
  const inTime = await clock.settle(() => handle(new Request("https://here.example/in-time")));
  await clock.advance("10s");

  expect([late.status, inTime.status, seen]).toEqual([503, 200, ["/late"]]);
});

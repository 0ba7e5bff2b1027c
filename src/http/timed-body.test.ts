import { expect, test } from "vitest";
import { VirtualClock } from "../testing/index.ts";
import { resilientFetch, type Fetch, type ResilientFetchOptions } from "./index.ts";

const ADDRESS = "https://store.example/items";

interface Part {
  readonly text?: string;
  readonly afterMs?: number;
}

/** Parts that come one by one, each so long after it was asked for; then the end, or nothing more. */
function body(clock: VirtualClock, parts: readonly Part[], isEndless = false) {
  const cancelled: unknown[] = [];
  const left = [...parts];
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const part = left.shift();
        if (part === undefined && isEndless) return new Promise(() => {});
        if (part === undefined) return controller.close();
        await clock.sleep(part.afterMs ?? 0);
        controller.enqueue(new TextEncoder().encode(part.text ?? "x"));
      },
      cancel: (reason) => void cancelled.push(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, cancelled };
}

async function fetched(
  stream: ReadableStream | null,
  options: ResilientFetchOptions,
  init: RequestInit = {},
  head: ResponseInit = {},
): Promise<Response> {
  const fetch: Fetch = async () => {
    const response = new Response(stream, head);
    return Object.defineProperties(response, {
      url: { value: `${ADDRESS}?moved` },
      redirected: { value: true },
      type: { value: "basic" },
    });
  };
  return resilientFetch({ fetch, ...options })(ADDRESS, init);
}

test("a body may take as long as it likes, if its parts keep coming", async () => {
  const clock = new VirtualClock();
  const parts = Array.from({ length: 10 }, (_, index) => ({ text: `${index}`, afterMs: 29_999 }));
  const response = await fetched(body(clock, parts).stream, { clock });

  const text = await clock.settle(() => response.text());

  expect([text, clock.elapsed(), clock.pending]).toEqual(["0123456789", 299_990, 0]);
});

test("a body whose next part does not come is a timeout, and is let go of", async () => {
  const clock = new VirtualClock();
  const { stream, cancelled } = body(clock, [{ text: "a" }], true);
  const response = await fetched(stream, { clock, bodyTimeout: "5s" });

  const error: unknown = await clock.settle(() =>
    response.text().catch((thrown: unknown) => thrown),
  );

  expect([(error as Error).message, clock.elapsed(), clock.pending]).toEqual([
    'Work under "fetch body" did not end within 5000 ms',
    5_000,
    0,
  ]);
  expect(cancelled).toEqual([error]);
});

test("nothing is set while nobody reads", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const response = await fetched(
    body(clock, [{ text: "a" }, { text: "b" }]).stream,
    { clock, bodyTimeout: "5s" },
    caller,
  );
  const pending = [clock.pending];

  await clock.advance("1h");
  const reader = response.body?.getReader();
  await clock.settle(() => reader?.read());
  pending.push(clock.pending);
  await clock.advance("1h");
  const last = await clock.settle(() => reader?.read());

  expect([pending, new TextDecoder().decode(last?.value)]).toEqual([[0, 0], "b"]);
});

test("the caller's abort ends the reading with its reason", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const { stream, cancelled } = body(clock, [], true);
  const response = await fetched(stream, { clock }, caller);

  const reading = response.text();
  await clock.advance(1);
  caller.abort("enough");

  await expect(reading).rejects.toBe("enough");
  expect([clock.pending, cancelled]).toEqual([0, ["enough"]]);
});

test("an abort while nobody reads is seen by whoever reads next", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const response = await fetched(body(clock, [{ text: "a" }]).stream, { clock }, caller);

  caller.abort("enough");

  await expect(response.text()).rejects.toBe("enough");
});

test("what the body fails by comes out as it is", async () => {
  const lost = new TypeError("terminated");
  const stream = new ReadableStream({ pull: (controller) => controller.error(lost) });
  const response = await fetched(stream, {});

  await expect(response.text()).rejects.toBe(lost);
});

test.for([false, true])("cancelling the body cancels its source, begun: %s", async (isBegun) => {
  const clock = new VirtualClock();
  const { stream, cancelled } = body(clock, [{ text: "a" }, { text: "b" }]);
  const response = await fetched(stream, { clock });
  const reader = response.body?.getReader();

  if (isBegun) await clock.settle(() => reader?.read());
  await reader?.cancel("enough");

  expect(cancelled).toEqual(["enough"]);
});

test("a body that nobody reads is not locked, so that it goes with its response", async () => {
  const { stream } = body(new VirtualClock(), []);

  await fetched(stream, {});

  expect(stream.locked).toBe(false);
});

test("empty parts are passed over", async () => {
  const clock = new VirtualClock();
  const response = await fetched(body(clock, [{ text: "" }, { text: "a" }, { text: "" }]).stream, {
    clock,
  });

  expect(await clock.settle(() => response.text())).toBe("a");
});

test("it can be read into a buffer of one's own, to its end", async () => {
  const clock = new VirtualClock();
  const response = await fetched(body(clock, [{ text: "abc" }]).stream, { clock });
  const reader = response.body?.getReader({ mode: "byob" });

  const read = () => clock.settle(() => reader?.read(new Uint8Array(2)));
  const parts = [await read(), await read(), await read()];

  expect(parts.map((part) => [part?.done, new TextDecoder().decode(part?.value)])).toEqual([
    [false, "ab"],
    [false, "c"],
    [true, ""],
  ]);
});

test("where there are no streams of bytes it is one of another kind", async () => {
  const clock = new VirtualClock();
  const { ReadableByteStreamController: kind } = globalThis;
  Reflect.deleteProperty(globalThis, "ReadableByteStreamController");
  try {
    const response = await fetched(body(clock, [{ text: "a" }, { text: "b" }]).stream, { clock });

    expect(() => response.body?.getReader({ mode: "byob" })).toThrow(TypeError);
    expect(await clock.settle(() => response.text())).toBe("ab");
  } finally {
    Object.assign(globalThis, { ReadableByteStreamController: kind });
  }
});

const FACTS = {
  url: `${ADDRESS}?moved`,
  redirected: true,
  type: "basic",
  status: 201,
  statusText: "Made",
  isResponse: true,
  cookies: ["a=1", "b=2"],
  text: '{"a":1}',
};

async function factsOf(response: Response): Promise<object> {
  const { url, redirected, type, status, statusText } = response;
  const isResponse = response instanceof Response;
  const cookies = response.headers.getSetCookie();
  const text = await response.text();
  return { url, redirected, type, status, statusText, isResponse, cookies, text };
}

test("it is a response as any other, and so are its clones", async () => {
  const clock = new VirtualClock();
  const headers = new Headers([
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
  const head = { status: 201, statusText: "Made", headers };
  const response = await fetched(body(clock, [{ text: '{"a":1}' }]).stream, { clock }, {}, head);
  const clones = [response.clone(), response.clone().clone()];

  const facts = await clock.settle(() => Promise.all([response, ...clones].map(factsOf)));

  expect(facts).toEqual([FACTS, FACTS, FACTS]);
});

test.for([{ bodyTimeout: Infinity }, {}])(
  "under %o a response without a body stays as it is",
  async (options) => {
    const fetch: Fetch = async () => empty;
    const empty = new Response(null, { status: 204 });

    expect(await resilientFetch({ fetch, ...options })(ADDRESS)).toBe(empty);
  },
);

test("without a limit the response is the one that came", async () => {
  const came = new Response("a");

  const response = await resilientFetch({ fetch: async () => came, bodyTimeout: Infinity })(
    ADDRESS,
  );

  expect(response).toBe(came);
});

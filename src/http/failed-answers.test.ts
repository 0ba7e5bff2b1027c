import { expect, test } from "vitest";
import { constant, hedge, HttpStatusError, TimeoutError } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import {
  URL_OF_ITEMS,
  answering,
  status,
  refused,
  watchedBody,
  QUICK,
} from "./fetch-fixture.contract.ts";
import { resilientFetch, type Fetch } from "./index.ts";

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

test("a body is let go of before the request is sent again", async () => {
  const { body, seen } = watchedBody();
  const counts: number[] = [];
  const { fetch } = answering(
    () => new Response(body, { status: 503 }),
    () => {
      counts.push(seen.length);
      return status(200);
    },
  );

  await resilientFetch({ fetch, ...QUICK })(URL_OF_ITEMS);

  expect(counts).toEqual([1]);
});

test("an abort during the wait rejects with its reason, and lets go of the body", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const { body, seen } = watchedBody();
  const { fetch, calls } = answering(() => new Response(body, { status: 503 }));

  const running = resilientFetch({ fetch, clock, retry: { backoff: constant("1h") } })(
    new Request(URL_OF_ITEMS, caller),
  );
  await clock.advance("1m");
  caller.abort("enough");

  await expect(running).rejects.toBe("enough");
  expect([seen.length, calls.length, clock.pending]).toEqual([1, 1, 0]);
});

test("what fails beside an attempt that succeeds is let go of", async () => {
  const clock = new VirtualClock();
  const { body, seen } = watchedBody();
  let calls = 0;
  const fetch: Fetch = async () => {
    const isFirst = calls++ === 0;
    await clock.sleep(100);
    return isFirst ? new Response(body, { status: 503 }) : status(200);
  };

  const response = await clock.settle(() =>
    resilientFetch({ fetch, clock, policy: hedge(10, { clock }) })(URL_OF_ITEMS),
  );

  expect([response.status, seen.length]).toEqual([200, 1]);
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

test("an answer that comes when the call is over is let go of", async () => {
  const clock = new VirtualClock();
  const { body, seen } = watchedBody();
  const deaf: Fetch = async () => {
    await clock.sleep(6_000);
    return new Response(body);
  };

  const late = clock.settle(() =>
    resilientFetch({ fetch: deaf, clock, headersTimeout: "5s", retry: { attempts: 1 } })(
      URL_OF_ITEMS,
    ),
  );

  await expect(late).rejects.toThrow(TimeoutError);
  await clock.advance("10s");
  expect(seen.length).toBe(1);
});

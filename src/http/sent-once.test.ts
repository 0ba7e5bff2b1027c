import { expect, test } from "vitest";
import { CircuitOpenError, constant, hedge, retry, type EventDetails } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import {
  URL_OF_ITEMS,
  answering,
  status,
  refused,
  stream,
  type Answer,
} from "./fetch-fixture.contract.ts";
import { resilientFetch, type ResilientFetchOptions } from "./index.ts";

test("a stream waits for the breaker, and for nothing once it was sent", async () => {
  const clock = new VirtualClock();
  const { fetch, calls } = answering(refused(), status(429, { "Retry-After": "7" }));
  const guarded = resilientFetch({ fetch, clock, breaker: { failures: 1, pause: "10s" } });

  await clock.settle(() => guarded(URL_OF_ITEMS, { method: "PUT", ...stream() }).catch(() => {}));
  const afterMs = [clock.elapsed()];
  const response = await clock.settle(() => guarded(URL_OF_ITEMS, { method: "PUT", ...stream() }));
  afterMs.push(clock.elapsed());

  expect([response.status, calls.length, afterMs]).toEqual([429, 2, [0, 10_000]]);
});

test("a when of one's own has its say about streams too", async () => {
  const { fetch } = answering(refused());
  const asked: string[] = [];
  const when = (_: unknown, { code }: { code: string }): boolean => {
    asked.push(code);
    return false;
  };
  const guarded = resilientFetch({ fetch, retry: { when }, breaker: { failures: 1 } });
  const put = (): Promise<unknown> =>
    guarded(URL_OF_ITEMS, { method: "PUT", ...stream() }).catch((error: unknown) => error);

  await put();
  const error = await put();

  expect([error instanceof CircuitOpenError, asked]).toEqual([true, ["CIRCUIT_OPEN"]]);
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

/** A POST that did what it should and leads on, and what it led to. */
const seeOther = () => new Response(null, { status: 303, headers: { Location: "/receipt" } });
const moved = (code: number) => Object.defineProperty(status(code), "redirected", { value: true });

test.for<[what: string, answers: Answer[], options: ResilientFetchOptions]>([
  ["is asked to wait there", [seeOther(), status(429)], { redirects: 1 }],
  ["finds nobody there", [seeOther(), refused()], { redirects: 1 }],
  ["may be redirected no more", [seeOther()], { redirects: 0, retry: { only: ["HTTP_303"] } }],
  ["was redirected by fetch", [() => moved(429)], {}],
])("a POST that %s is not sent again", async ([, answers, options]) => {
  const { fetch, calls } = answering(...answers);
  const events: EventDetails[] = [];
  const guarded = resilientFetch({ fetch, on: (event) => events.push(event), ...options });

  await guarded(URL_OF_ITEMS, { method: "POST", body: "100" }).catch(() => {});

  expect(calls.filter(({ method }) => method === "POST").length).toBe(1);
  expect(events.at(-1)).toMatchObject({ reason: "not repeatable", fault: { effect: "unknown" } });
});

test("a GET that is redirected to what refuses it has had no effect", async () => {
  const { fetch } = answering(seeOther(), status(429));
  const effects: string[] = [];

  await resilientFetch({
    fetch,
    redirects: 1,
    retry: { attempts: 1 },
    on: (event) => effects.push("fault" in event ? event.fault.effect : ""),
  })(URL_OF_ITEMS);

  expect(effects).toEqual(["none", "none"]);
});

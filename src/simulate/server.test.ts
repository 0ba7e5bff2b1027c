import { expect, test } from "vitest";
import { faultOf } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { ServerRefusal, SimulatedServer, type ServerParts } from "./server.ts";

function serverWith(parts: Partial<ServerParts> = {}): {
  clock: VirtualClock;
  server: SimulatedServer;
} {
  const clock = new VirtualClock();
  const usual = { latencyMs: 100, outage: undefined, limit: undefined, random: () => 0.5 };
  return { clock, server: new SimulatedServer({ ...usual, clock, ...parts }) };
}

test.for([
  [0, 50],
  [0.5, 100],
  [0.75, 125],
])("where the dice show %d an answer takes %d ms of 100", async ([drawn = NaN, tookMs]) => {
  const { clock, server } = serverWith({ random: () => drawn });

  await clock.settle(() => server.call());

  expect(clock.elapsed()).toBe(tookMs);
});

test("a call is judged when it comes, also if the outage is over when its answer goes", async () => {
  const { clock, server } = serverWith({ outage: { fromMs: 0, untilMs: 10 } });

  const refusal: unknown = await clock.settle(() => server.call().catch((error: unknown) => error));

  expect(refusal).toBeInstanceOf(ServerRefusal);
  expect(faultOf(refusal)).toEqual({ class: "degraded", code: "HTTP_503", effect: "unknown" });
  expect(clock.elapsed()).toBe(100);
  expect(server.arrivals).toEqual([{ atMs: 0, status: 503 }]);
});

test("past the limit it says when to come back, as policies read it", async () => {
  const { clock, server } = serverWith({ limit: { calls: 1, windowMs: 3_000 } });

  const [first, second] = await clock.settle(() =>
    Promise.allSettled([server.call(), server.call()]),
  );

  expect(first).toEqual({ status: "fulfilled", value: undefined });
  const { reason } = second as PromiseRejectedResult;
  expect(String(reason)).toBe("ServerRefusal: HTTP 429");
  expect(faultOf(reason)).toMatchObject({ code: "HTTP_429", retryAfterMs: 3_000 });
  expect(server.arrivals.map(({ status }) => status)).toEqual([200, 429]);
});

test("an abort ends the call at once, which was counted all the same", async () => {
  const { clock, server } = serverWith();
  const caller = new AbortController();

  const call = server.call(caller.signal);
  caller.abort("enough");

  await expect(call).rejects.toBe("enough");
  expect(clock.pending).toBe(0);
  expect(server.arrivals).toEqual([{ atMs: 0, status: 200 }]);
});

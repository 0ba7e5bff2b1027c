/** Those who wait before a gate and are turned away when it closes for longer. */

import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { expectOk, gate, RateLimitedError, type EventDetails } from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const never = (): Promise<never> => new Promise(() => {});

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/** A server that says: not before so many seconds have passed. */
const refuse = (seconds: number): never =>
  expectOk({ status: 429, headers: { "retry-after": String(seconds) } }) as never;

test("calls in line whose wait has become too long reject at once, and the others wait on", async () => {
  const clock = new VirtualClock();
  const events: EventDetails[] = [];
  const api = gate({ clock, wait: "15s", on: (event) => events.push(event) });
  await errorOf(api.run(() => refuse(10)));
  const refusedFirst = errorOf(api.run(() => refuse(6)));
  const early = errorOf(api.run(() => "early"));
  await clock.advance("5s");
  const late = api.run(() => clock.elapsed());

  await clock.advance("5s");
  const ends = await Promise.all([refusedFirst, early]);

  expect(ends[1]).toBeInstanceOf(RateLimitedError);
  expect(ends[1]).toMatchObject({ retryAfterMs: 6_000, cause: ends[0] });
  expect([api.waiting, clock.pending]).toEqual([1, 1]);
  expect(await clock.settle(() => late)).toBe(16_000);
  expect(events.map(({ type }) => type)).toEqual([
    "gate.closed",
    "gate.closed",
    "gate.rejected",
    "gate.opened",
  ]);
});

test("no timer is left when a longer wait has turned everybody away", async () => {
  const clock = new VirtualClock();
  const api = gate({ clock });
  const slow = errorOf(api.run(() => clock.sleep(5_000).then(() => refuse(60))));
  await errorOf(api.run(() => refuse(10)));
  const waiting = errorOf(api.run(() => "done"));

  await clock.advance("5s");

  expect(await waiting).toMatchObject({ retryAfterMs: 60_000, cause: await slow });
  expect([api.waiting, clock.pending]).toEqual([0, 0]);
});

test("who is turned away while waiting is told so in the context of its own call", async () => {
  const clock = new VirtualClock();
  const caller = new AsyncLocalStorage<string>();
  const told: unknown[] = [];
  const api = gate({
    clock,
    probeTimeout: "1m",
    on: ({ type }) => told.push([type, clock.elapsed(), caller.getStore()]),
  });
  const call = (name: string, work: () => unknown): Promise<unknown> =>
    caller.run(name, () => errorOf(api.run(work)));
  void call("slow", () => clock.sleep(35_000).then(() => refuse(60)));
  await call("first", () => refuse(10));
  void call("probe", never);
  void call("a", never);
  void call("b", never);
  await clock.advance("32s");
  for (const name of ["c", "d"]) void call(name, never);

  await clock.advance("8s");

  expect(told).toEqual([
    ["gate.closed", 0, "first"],
    ["gate.rejected", 30_000, "a"],
    ["gate.rejected", 30_000, "b"],
    ["gate.closed", 35_000, "slow"],
    ["gate.rejected", 35_000, "c"],
    ["gate.rejected", 35_000, "d"],
  ]);
});

test("a listener that cancels others who are turned away with it does so too late", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const api = gate({
    clock,
    on: ({ type }) => type === "gate.rejected" && caller.abort("stop"),
  });
  const slow = errorOf(api.run(() => clock.sleep(5_000).then(() => refuse(60))));
  await errorOf(api.run(() => refuse(10)));
  const waiting = [errorOf(api.run(never)), errorOf(api.run(never, caller))];

  await clock.advance("5s");

  const refused = expect.objectContaining({ retryAfterMs: 60_000, cause: await slow });
  expect([await Promise.all(waiting), api.waiting]).toEqual([[refused, refused], 0]);
});

test("a deadline of a waiter's own is asked once, when it comes, and never in another's call", async () => {
  const clock = new VirtualClock();
  const api = gate({ clock });
  const mistake = new Error("asked again");
  let asked = 0;
  const remainingMs = (): number => {
    if (++asked > 1) throw mistake;
    return 15_000;
  };
  const slow = errorOf(api.run(() => clock.sleep(5_000).then(() => refuse(10))));
  await errorOf(api.run(() => refuse(10)));
  const waiting = errorOf(api.run(never, { deadline: { remainingMs } }));
  await clock.advance("5s");
  const refused = await errorOf(api.run(never, { deadline: { remainingMs } }));

  expect(await waiting).toMatchObject({ retryAfterMs: 10_000, cause: await slow });
  expect([(await slow) === mistake, refused === mistake, api.state]).toEqual([
    false,
    true,
    "closed",
  ]);
});

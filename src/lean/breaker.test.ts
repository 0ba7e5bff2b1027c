import { expect, test } from "vitest";
import { withFault } from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { attemptsAt, down } from "./attempts-at.contract.ts";
import { breaker, pipeline, type Policy } from "./index.ts";

test("a breaker opens after failures in a row, refuses, and closes by a probe", async () => {
  const clock = new VirtualClock();
  const policy = breaker("bank", { clock, failures: 2, pause: "10s" });
  const failure = down();
  const fail = () => policy.run(() => Promise.reject(failure)).catch((error: unknown) => error);
  const call = () => policy.run(() => "done").catch((error: unknown) => error);

  // A success in between begins anew.
  const before = [await fail(), await call(), await fail(), await fail()];
  await clock.advance(4_000);
  const refused = await call();
  await clock.advance(6_000);
  const after = [await call(), await fail(), await call()];

  expect(before).toEqual([failure, "done", failure, failure]);
  expect(refused).toMatchObject({
    code: "CIRCUIT_OPEN",
    retryAfterMs: 6_000,
    cause: failure,
    message: 'Circuit "bank" is open for another 6000 ms',
  });
  expect(after).toEqual(["done", failure, "done"]);
});

test("by default five failures open it for 30 s", async () => {
  const clock = new VirtualClock();
  const policy = breaker("bank", { clock });
  const states = async () => attemptsAt(down(), policy);
  const early = [await states(), await states(), await states(), await states(), await states()];

  const open = await states();
  await clock.advance(29_999);
  const late = await states();
  await clock.advance(1);

  expect({ early, open, late, probe: await states() }).toEqual({
    early: [1, 1, 1, 1, 1],
    open: 0,
    late: 0,
    probe: 1,
  });
});

test("one call probes; beside it calls are refused; a failed probe opens it again", async () => {
  const clock = new VirtualClock();
  const policy = breaker("bank", { clock, failures: 1, pause: "1s" });
  await attemptsAt(down(), policy);
  await clock.advance(1_000);

  const { promise, reject } = Promise.withResolvers<never>();
  const probe = policy.run(() => promise).catch((error: unknown) => error);
  const beside = await policy.run(() => "done").catch((error: unknown) => error);
  reject(down());
  await probe;

  expect(beside).toMatchObject({ code: "CIRCUIT_OPEN", retryAfterMs: 0 });
  expect(await attemptsAt(down(), policy)).toBe(0);
});

test("B2 a probe that never settles loses its place when its lease is over", async () => {
  const clock = new VirtualClock();
  const policy = breaker("bank", { clock, failures: 1, pause: "1s" });
  await attemptsAt(down(), policy);
  await clock.advance(1_000);
  const { promise, resolve } = Promise.withResolvers<string>();
  const lost = policy.run(() => promise);

  await clock.advance(29_999);
  const held = await attemptsAt(down(), policy);
  await clock.advance(1);
  const next = await attemptsAt(down(), policy);
  resolve("late");
  await lost;

  // The late success of the first probe closes nothing.
  expect([held, next, await attemptsAt(down(), policy)]).toEqual([0, 1, 0]);
});

test.for<[what: string, end: (policy: Policy) => Promise<unknown>]>([
  [
    "the caller's abort",
    (policy) => {
      const caller = new AbortController();
      const call = policy.run(() => new Promise(() => {}), { signal: caller.signal });
      caller.abort(down());
      return call;
    },
  ],
  ["a bug", (policy) => policy.run(() => Promise.reject(new ReferenceError("x")))],
  [
    "a refusal by a policy inside",
    async (policy) => {
      const inner = breaker("inner", { failures: 1 });
      await attemptsAt(down(), inner);
      return pipeline(policy, inner).run(() => "never");
    },
  ],
  [
    "a service that refuses",
    (policy) =>
      policy.run(() => Promise.reject(withFault(down(), { class: "transient", effect: "none" }))),
  ],
])("B1 %s is no failure, and a probe that ends so leaves its place", async ([, end]) => {
  const clock = new VirtualClock();
  const policy = breaker("bank", { clock, failures: 1, pause: "1s" });

  await end(policy).catch(() => undefined);
  const closed = await attemptsAt(down(), policy);
  await clock.advance(1_000);
  await end(policy).catch(() => undefined);

  expect([closed, await attemptsAt(down(), policy)]).toEqual([1, 1]);
});

test("a late failure opens nothing, and is not the cause of what was open before", async () => {
  const clock = new VirtualClock();
  const policy = breaker("bank", { clock, failures: 1, pause: "1s" });
  const { promise, reject } = Promise.withResolvers<never>();
  const slow = policy.run(() => promise).catch(() => undefined);
  const first = new Error("first");
  await attemptsAt(first, policy);
  await clock.advance(500);

  reject(down());
  await slow;

  await expect(policy.run(() => "never")).rejects.toMatchObject({
    cause: first,
    retryAfterMs: 500,
  });
});

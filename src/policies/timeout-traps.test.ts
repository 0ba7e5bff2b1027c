/** Faults of the time limit that shipped in other libraries, each by its code, against the public API. */

import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  attemptTask,
  breaker,
  constant,
  expectOk,
  pipeline,
  retry,
  TimeoutError,
  timeout,
  type Clock,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const never = (): Promise<never> => new Promise(() => {});

/** A connection that was cut: it may have had its effect. */
const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

test("T1 the caller's abort and the limit are two different errors", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const cancelled = errorOf(timeout("1s", { clock }).run(never, caller));

  await clock.advance(999);
  caller.abort();
  const limited = await clock.settle(() => errorOf(timeout("1s", { clock }).run(never)));

  expect(await cancelled).toMatchObject({ name: "AbortError" });
  expect(limited).toMatchObject({ name: "TimeoutError", code: "TIMED_OUT" });
});

const ENDS: readonly [name: string, work: (clock: Clock) => unknown][] = [
  ["succeeded", () => "done"],
  ["succeeded later", (clock) => clock.sleep(10)],
  ["threw at once", () => expectOk({ status: 400 })],
  ["failed later", (clock) => clock.sleep(10).then(() => Promise.reject(reset()))],
  ["hung", never],
];

test.for(ENDS)("T2 nothing listens and no timer runs after work that %s", async ([, work]) => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const guarded = pipeline(
    retry({ attempts: 3, total: "1m", clock }),
    breaker("bank", { clock }),
    timeout("5s", { clock }),
  );

  await clock.settle(() => errorOf(guarded.run(() => work(clock), { signal })));
  await clock.settle(() => attemptTask("copy", () => work(clock), { clock, signal }));

  expect([getEventListeners(signal, "abort").length, clock.pending]).toEqual([0, 0]);
});

test("T2 calls that wait for their next attempt share one listener, and it goes with the last", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const patient = retry({ backoff: ({ retry: number }) => number * 1_000, clock });
  const calls = Array.from({ length: 1_000 }, (_, index) =>
    errorOf(patient.run(() => expectOk({ status: index < 500 ? 500 : 400 }), caller)),
  );
  const under = retry({ total: "1m", backoff: constant("5s"), clock });
  calls.push(errorOf(under.run(() => expectOk({ status: 500 }), caller)));

  const listeners = (): number => getEventListeners(caller.signal, "abort").length;
  await clock.advance("4s");
  const during = [listeners(), clock.pending];
  caller.abort("stop");
  const errors = await Promise.all(calls);

  expect([during, listeners(), clock.pending]).toEqual([[1, 502], 0, 0]);
  expect(errors.filter((error) => error === "stop")).toHaveLength(501);
});

test("T2 nothing listens and no timer runs after a wait that came to its end", async () => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const patient = retry({ attempts: 2, backoff: constant("1s"), clock });

  await clock.settle(() => errorOf(patient.run(() => expectOk({ status: 500 }), { signal })));

  expect([clock.sleeps, getEventListeners(signal, "abort").length, clock.pending]).toEqual([
    [1_000],
    0,
    0,
  ]);
});

test("T2 nothing listens and no timer runs after an abort", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const guarded = pipeline(
    retry({ attempts: 3, total: "1m", clock }),
    breaker("bank", { clock }),
    timeout("5s", { clock }),
  );
  const running = errorOf(guarded.run(never, caller));

  caller.abort("stop");
  await running;

  expect([getEventListeners(caller.signal, "abort").length, clock.pending]).toEqual([0, 0]);
});

test("T4 each call has an abort of its own: the end of one leaves the other alone", async () => {
  const clock = new VirtualClock();
  const policy = timeout("1s", { clock });
  const first = errorOf(policy.run(never));
  await clock.advance(500);
  let signal: AbortSignal | undefined;

  const second = await clock.settle(() =>
    policy.run((attempt) => {
      signal = attempt.signal;
      return clock.sleep(900).then(() => "done");
    }),
  );

  expect(await first).toBeInstanceOf(TimeoutError);
  expect([second, signal?.aborted]).toEqual(["done", false]);
});

/** What the policies promise about time on the machine's own clock; it is real, so these really wait. */

import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { type Attempt, breaker, constant, pipeline, retry, timeout } from "holdfast";

const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("R3 a wait of more than 2^31 ms does not end at once", async () => {
  const caller = new AbortController();
  let calls = 0;
  const running = retry({
    backoff: constant(2 ** 31 + 5),
    reactions: { transient: { firstRetry: "backoff" } },
  }).run(() => {
    calls++;
    throw reset();
  }, caller);

  await pause(30);
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect(calls).toBe(1);
});

test("R10 a breaker admits whoever waited just as long as it said", async () => {
  const values: string[] = [];

  // One after the other: a busy event loop would wake all of them late, and hide a timer that is early.
  for (let round = 0; round < 20; round++) {
    const circuit = breaker("bank", { failures: 1, pause: 4 + round / 20 });
    await circuit.run(() => Promise.reject(reset())).catch(() => {});
    values.push(await pipeline(retry({ attempts: 2 }), circuit).run(() => "done"));
  }

  expect(values).toEqual(Array.from({ length: 20 }, () => "done"));
});

test("what follows a limit that is over runs in the context of its own call", async () => {
  const request = new AsyncLocalStorage<string>();
  const told: unknown[] = [];
  const limited = pipeline(
    retry({ attempts: 2, backoff: constant(0) }),
    timeout(20, { on: () => told.push(["told", request.getStore()]) }),
  );
  const hanging = ({ signal, attempt }: Attempt): Promise<void> => {
    told.push([`attempt ${attempt}`, request.getStore()]);
    signal.addEventListener("abort", () => told.push(["abort", request.getStore()]));
    return new Promise(() => {});
  };

  // One timer ends them all: the first call's.
  await Promise.allSettled(["a", "b"].map((name) => request.run(name, () => limited.run(hanging))));

  const of = (name: string) => told.filter((entry) => (entry as unknown[])[1] === name).length;
  expect([of("a"), of("b"), told.length]).toEqual([6, 6, 12]);
});

test("that calls are slow is told in the context of each, also where one ends between", async () => {
  const request = new AsyncLocalStorage<string>();
  const told: unknown[] = [];
  const watched = timeout(Infinity, { slow: 50, on: () => told.push(request.getStore()) });
  const call = (name: string, ms: number): Promise<void> =>
    request.run(name, () => watched.run(() => pause(ms)));

  // One timer tells of the first two, and the first ends while the third waits for its own.
  const first = [call("a", 80), call("b", 200)];
  await pause(60);
  await Promise.all([...first, call("c", 80)]);

  expect(told).toEqual(["a", "b", "c"]);
});

test("the shared timer keeps the process alive only while a call waits for it", async () => {
  const limited = timeout("1h");
  const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === "Timeout").length - before;

  await limited.run(() => "done");
  const idle = timers();
  const caller = new AbortController();
  const running = limited.run(() => new Promise(() => {}), caller);
  const waiting = timers();
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect([idle, waiting, timers()]).toEqual([0, 1, 0]);
});

test("R11 a limit ends work that hangs", async () => {
  const hanging = timeout(20).run(() => new Promise(() => {}));

  await expect(hanging).rejects.toMatchObject({ code: "TIMED_OUT" });
});

/** Faults of the circuit breaker that shipped in other libraries, each by its code, against the public API. */

import { expect, test } from "vitest";
import {
  breaker,
  CircuitOpenError,
  expectOk,
  pipeline,
  RejectedError,
  retry,
  TimeoutError,
  type Breaker,
  type Clock,
  type EventDetails,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const never = (): Promise<never> => new Promise(() => {});

/** A promise that is settled from outside. */
function later() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { work: () => promise, succeed: () => resolve("late"), fail: () => reject(reset()) };
}

/** A connection that was cut: it may have had its effect. */
const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/** A breaker that is open until the clock is at 30 s. */
async function opened(clock: Clock, on?: (details: EventDetails) => void): Promise<Breaker> {
  const circuit = breaker("bank", { failures: 1, pause: "30s", probeTimeout: "1m", clock, on });
  await errorOf(circuit.run(() => Promise.reject(reset())));
  return circuit;
}

test("B1 a cancelled probe gives its place back at once and changes nothing else", async () => {
  const clock = new VirtualClock();
  const circuit = await opened(clock);
  const caller = new AbortController();
  await clock.advance("30s");
  const probe = errorOf(circuit.run(never, caller));

  const during = await errorOf(circuit.run(() => "done"));
  caller.abort("stop");
  const cancelled = await probe;
  const state = circuit.state;
  const next = await circuit.run(() => "done");

  expect(during).toBeInstanceOf(CircuitOpenError);
  expect([cancelled, state, next, circuit.state]).toEqual(["stop", "half-open", "done", "closed"]);
});

test("B1 a probe that tells nothing about the dependency gives its place back", async () => {
  const clock = new VirtualClock();
  const circuit = await opened(clock);
  await clock.advance("30s");

  await errorOf(circuit.run(() => expectOk({ status: 404 })));
  const state = circuit.state;
  const next = await circuit.run(() => "done");

  expect([state, next, circuit.state]).toEqual(["half-open", "done", "closed"]);
});

test.for(["succeed", "fail"] as const)(
  "B2 a probe that never settles loses its place, and its late end is dropped: it may %s",
  async (end) => {
    const clock = new VirtualClock();
    const circuit = await opened(clock);
    const hanging = later();
    const second = later();
    await clock.advance("30s");
    const first = errorOf(circuit.run(hanging.work));
    await clock.advance("1m");

    const probe = circuit.run(second.work);
    hanging[end]();
    await first;
    const afterLateEnd = circuit.state;
    const third = await errorOf(circuit.run(() => "done"));
    second.succeed();
    await probe;

    expect(third).toBeInstanceOf(CircuitOpenError);
    expect([afterLateEnd, circuit.state]).toEqual(["half-open", "closed"]);
  },
);

test("B2 a probe that ends after its place was lost decides nothing, even if nobody took it", async () => {
  const clock = new VirtualClock();
  const circuit = await opened(clock);
  const hanging = later();
  await clock.advance("30s");
  const probe = circuit.run(hanging.work);
  await clock.advance("1m");

  hanging.succeed();
  await probe;

  expect(circuit.state).toBe("half-open");
});

test.for(["succeed", "fail"] as const)(
  "B3 a slow call from before the opening decides nothing while half-open: it may %s",
  async (end) => {
    const clock = new VirtualClock();
    const circuit = breaker("bank", { failures: 1, pause: "30s", clock });
    const slow = later();
    const probe = later();
    const slowRun = errorOf(circuit.run(slow.work));
    await errorOf(circuit.run(() => Promise.reject(reset())));
    await clock.advance("30s");
    const probing = circuit.run(probe.work);

    slow[end]();
    await slowRun;
    const state = circuit.state;
    probe.succeed();
    await probing;

    expect([state, circuit.state]).toEqual(["half-open", "closed"]);
  },
);

test("B4 of a hundred calls at once exactly one probes", async () => {
  const clock = new VirtualClock();
  const circuit = await opened(clock);
  let calls = 0;
  await clock.advance("30s");

  const answers = await clock.settle(() =>
    Promise.all(
      Array.from({ length: 100 }, () =>
        errorOf(circuit.run(() => (calls++, clock.sleep(10)))).then(
          (error) => error instanceof CircuitOpenError,
        ),
      ),
    ),
  );

  expect([calls, answers.filter(Boolean).length, circuit.state]).toEqual([1, 99, "closed"]);
});

test("B6 the time of day may go back an hour, and the breaker opens again in time", async () => {
  const clock = new VirtualClock();
  const circuit = await opened(clock);

  clock.jumpWallClock(-3_600_000);
  await clock.advance("30s");

  expect(await circuit.run(() => "done")).toBe("done");
});

test("B7 failures that settle together open it once, and late ones do not move the end", async () => {
  const clock = new VirtualClock();
  const types: string[] = [];
  const circuit = breaker("bank", {
    failures: 2,
    pause: "30s",
    clock,
    on: ({ type }) => types.push(type),
  });
  const calls = Array.from({ length: 10 }, later);
  const running = calls.map(({ work }) => errorOf(circuit.run(work)));

  for (const call of calls.slice(0, 5)) call.fail();
  await Promise.all(running.slice(0, 5));
  await clock.advance("10s");
  for (const call of calls.slice(5)) call.fail();
  await Promise.all(running);
  const refused = await errorOf(circuit.run(() => "done"));

  expect(refused).toMatchObject({ retryAfterMs: 20_000 });
  expect(types).toEqual(["breaker.opened", "breaker.rejected"]);
});

test("B8 work that is cancelled by a signal of its own is neither retried nor counted", async () => {
  const own = new AbortController();
  const circuit = breaker("bank", { failures: 1 });
  let calls = 0;
  own.abort();

  const error = await errorOf(
    pipeline(retry(), circuit).run(() => {
      calls++;
      return own.signal.throwIfAborted();
    }),
  );

  expect([error === own.signal.reason, calls, circuit.state]).toEqual([true, 1, "closed"]);
});

test("B8 refusals by our own policies and the caller's abort are no failures of the dependency", async () => {
  class BulkheadFull extends RejectedError {
    readonly code = "FULL";
    readonly retryAfterMs = 5;
  }
  const clock = new VirtualClock();
  const inner = await opened(clock);
  const strict = { transient: { breaker: "counts" }, timeout: { breaker: "counts" } } as const;
  const circuit = breaker("outer", { failures: 1, clock, reactions: strict });
  const caller = new AbortController();

  await errorOf(circuit.run(() => Promise.reject(new BulkheadFull("full"))));
  await errorOf(circuit.run((attempt) => inner.run(() => "done", attempt)));
  const cancelled = errorOf(
    circuit.run(({ signal }) => clock.sleep(1_000, signal).then(() => "done"), caller),
  );
  caller.abort(new TimeoutError("the caller's patience", 1));
  await cancelled;

  expect(circuit.state).toBe("closed");
});

test("B11 a snapshot is a copy, and so is what is restored from it", async () => {
  const clock = new VirtualClock();
  const first = breaker("bank", { window: { time: "10s" }, clock });
  await errorOf(first.run(() => Promise.reject(reset())));
  const saved = first.snapshot();
  const before = structuredClone(saved);
  const second = breaker("bank", { window: { time: "10s" }, clock });
  second.restore(saved);

  await errorOf(first.run(() => Promise.reject(reset())));
  await errorOf(second.run(() => Promise.reject(reset())));
  await errorOf(second.run(() => Promise.reject(reset())));

  expect(saved).toEqual(before);
  expect([first, second].map((circuit) => circuit.status().window?.failures)).toEqual([2, 3]);
});

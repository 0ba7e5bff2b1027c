/** What a breaker does before calls probe: a check in their place, and a remedy before. */

import { expect, test } from "vitest";
import {
  breaker,
  CircuitOpenError,
  TimeoutError,
  type Breaker,
  type BreakerOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { status: 503 });

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/** A breaker whose pause of half a minute is over, and what was done, in order. */
async function afterPause(options: (log: string[]) => BreakerOptions) {
  const clock = new VirtualClock();
  const log: string[] = [];
  const circuit = breaker("bank", { failures: 1, clock, ...options(log) });
  await errorOf(circuit.run(() => Promise.reject(down())));
  await clock.advance("30s");
  return { clock, log, circuit };
}

const call = (circuit: Breaker, log: string[]): Promise<unknown> =>
  errorOf(circuit.run(() => log.push("call")));

test("the first call after the pause waits for the check, and begins when that is well", async () => {
  const { circuit, log } = await afterPause((told) => ({
    successes: 2,
    probe: (_, key) => told.push(`check of ${key}`),
  }));

  await call(circuit, log);
  await call(circuit, log);

  expect([log, circuit.state]).toEqual([
    ["check of bank", "check of bank", "call", "call"],
    "closed",
  ]);
});

test("a check that fails, in whatever way, opens it again, and the call is not begun", async () => {
  const bug = new TypeError("a bug in the check");
  const { circuit, log } = await afterPause(() => ({ probe: () => Promise.reject(bug) }));

  const error = await call(circuit, log);

  expect(error).toBeInstanceOf(CircuitOpenError);
  expect(error).toMatchObject({ retryAfterMs: 30_000, cause: bug });
  expect([log, circuit.state]).toEqual([[], "open"]);
});

test("while the check runs, other calls are turned away, and tryRun answers the same", async () => {
  const healthy = Promise.withResolvers<void>();
  const { circuit, log } = await afterPause(() => ({ probe: () => healthy.promise }));

  const first = circuit.tryRun(() => log.push("first"));
  const other = await circuit.tryRun(() => log.push("other"));
  healthy.resolve();

  expect([other, await first, log]).toEqual([
    { isAdmitted: false, retryAfterMs: 0 },
    { isAdmitted: true, value: 1 },
    ["first"],
  ]);
});

test("B2 a check that does not end is ended, has failed, and its signal aborts", async () => {
  const signals: AbortSignal[] = [];
  const { circuit, clock, log } = await afterPause(() => ({
    probeTimeout: "5s",
    probe: ({ signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  }));

  const running = call(circuit, log);
  await clock.advance("5s");
  const error = await running;

  expect(error).toMatchObject({ retryAfterMs: 30_000 });
  expect((error as Error).cause).toBeInstanceOf(TimeoutError);
  expect((error as Error).cause).toMatchObject({
    message: 'The check of "bank" did not end within 5000 ms',
  });
  expect([signals[0]?.aborted, circuit.state, clock.pending]).toEqual([true, "open", 0]);
});

test("B1 a caller that goes away during the check leaves its place, and changes nothing else", async () => {
  const caller = new AbortController();
  let checks = 0;
  const { circuit, clock, log } = await afterPause(() => ({
    probe: () => (checks++ === 0 ? new Promise(() => {}) : "well"),
  }));

  const running = errorOf(circuit.run(() => log.push("never"), caller));
  caller.abort("stop");
  const state = circuit.state;
  const answer = await running;
  await call(circuit, log);

  expect([answer, state, log, circuit.state, clock.pending]).toEqual([
    "stop",
    "half-open",
    ["call"],
    "closed",
    0,
  ]);
});

test("a remedy goes before the first probe of each pause, alone, and then the caller's call probes", async () => {
  const healing = Promise.withResolvers<void>();
  const { circuit, clock, log } = await afterPause((told) => ({
    probes: 2,
    successes: 2,
    beforeProbe: () => {
      told.push("heal");
      return healing.promise;
    },
  }));

  const first = call(circuit, log);
  const other = await call(circuit, log);
  healing.resolve();
  await first;
  const afterFirst = circuit.state;
  await errorOf(circuit.run(() => Promise.reject(down())));
  await clock.advance("30s");
  await call(circuit, log);

  expect(other).toBeInstanceOf(CircuitOpenError);
  expect([afterFirst, log]).toEqual(["half-open", ["heal", "call", "heal", "call"]]);
});

test("a remedy that fails is a failed probe: it heals again only after the next pause", async () => {
  const cause = new Error("the disk is still full");
  const { circuit, log } = await afterPause((told) => ({
    beforeProbe: () => {
      told.push("heal");
      throw cause;
    },
  }));

  const errors = [await call(circuit, log), await call(circuit, log)];

  expect(errors).toMatchObject([{ cause }, { cause }]);
  expect([log, circuit.state]).toEqual([["heal"], "open"]);
});

test("a remedy goes before the check", async () => {
  const { circuit, log } = await afterPause((told) => ({
    beforeProbe: () => told.push("heal"),
    probe: () => told.push("check"),
  }));

  await call(circuit, log);

  expect(log).toEqual(["heal", "check", "call"]);
});

test("B3 a remedy that ends after a human closed it changes nothing", async () => {
  const healing = Promise.withResolvers<void>();
  const { circuit, log } = await afterPause(() => ({ beforeProbe: () => healing.promise }));

  const running = call(circuit, log);
  circuit.close();
  healing.resolve();
  await running;

  expect([log, circuit.state]).toEqual([["call"], "closed"]);
});

test("while closed nothing is checked", async () => {
  const checks: string[] = [];
  const circuit = breaker("bank", { probe: () => checks.push("check") });

  await circuit.run(() => "done");

  expect(checks).toEqual([]);
});

test("a check that fails while it warms up is not run again at once", async () => {
  const clock = new VirtualClock();
  let checks = 0;
  const circuit = breaker("bank", {
    clock,
    warmUp: "1m",
    probe: () => {
      checks++;
      throw new Error("down");
    },
  });
  circuit.restore({ state: "open", openings: 1, pauseMs: 1_000, pauseLeftMs: 0 });

  await expect(circuit.run(() => "done")).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
  expect([checks, circuit.state]).toEqual([1, "open"]);
});

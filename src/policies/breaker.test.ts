import { expect, test } from "vitest";
import { CircuitOpenError } from "../core/errors.ts";
import type { EventDetails } from "../core/events.ts";
import { rememberFault, type Fault } from "../core/fault.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { breaker, type Breaker } from "./breaker.ts";
import type { BreakerOptions } from "./breaker-options.ts";

/** An error that is classified as `fault`. */
function failure(fault: Partial<Fault> = {}): Error {
  const error = new Error("failure");
  rememberFault(error, { class: "degraded", code: "DOWN", effect: "unknown", ...fault });
  return error;
}

const fail = (circuit: Breaker, error: unknown = failure()): Promise<unknown> =>
  circuit.run(() => Promise.reject(error)).catch((reason: unknown) => reason);

const failTimes = async (circuit: Breaker, times: number): Promise<void> => {
  for (let call = 0; call < times; call++) await fail(circuit);
};

test("it opens after as many failures in a row as it is told, and not before", async () => {
  const circuit = breaker("bank", { failures: 3, clock: new VirtualClock() });
  const states: string[] = [];

  for (let call = 0; call < 3; call++) {
    await fail(circuit);
    states.push(circuit.state);
  }

  expect(states).toEqual(["closed", "closed", "open"]);
});

test("a success in between begins the count again", async () => {
  const circuit = breaker("bank", { failures: 2, clock: new VirtualClock() });

  await fail(circuit);
  await circuit.run(() => "done");
  await fail(circuit);

  expect(circuit.state).toBe("closed");
});

test("while open it starts nothing and says for how long, with the failure as cause", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 1, pause: "30s", clock });
  const down = failure();
  let calls = 0;
  await fail(circuit, down);
  await clock.advance("10s");

  const error = await circuit.run(() => calls++).catch((reason: unknown) => reason);

  expect(error).toBeInstanceOf(CircuitOpenError);
  expect(error).toMatchObject({
    message: 'Circuit "bank" is open for another 20000 ms',
    retryAfterMs: 20_000,
    cause: down,
    // Finding out a stack costs more than all the rest of a refusal.
    stack: 'CircuitOpenError: Circuit "bank" is open for another 20000 ms',
  });
  expect(calls).toBe(0);
});

test("its life is told, event by event", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const down = failure();
  const circuit = breaker("bank", {
    failures: 1,
    pause: "30s",
    clock,
    on: (each) => told.push(each),
  });

  await fail(circuit, down);
  await fail(circuit);
  await clock.advance("30s");
  await fail(circuit, down);
  await clock.advance("30s");
  await circuit.run(() => "done");
  await circuit.run(() => "done");

  const policy = "bank";
  const fault = { class: "degraded", code: "DOWN", effect: "unknown" };
  const opened = { type: "breaker.opened", policy, pauseMs: 30_000, fault, error: down };
  expect(told).toEqual([
    opened,
    { type: "breaker.rejected", policy, retryAfterMs: 30_000 },
    { type: "breaker.half_opened", policy },
    opened,
    { type: "breaker.half_opened", policy },
    { type: "breaker.closed", policy },
  ]);
});

test("after the pause one successful probe closes it, and the count begins again", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 2, clock });
  await failTimes(circuit, 2);
  await clock.advance("30s");

  const value = await circuit.run(() => "done");
  await fail(circuit);

  expect([value, circuit.state]).toEqual(["done", "closed"]);
});

test("while a probe runs, it refuses and says that it may be over at any moment", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const circuit = breaker("bank", { failures: 1, clock, on: (each) => told.push(each) });
  const down = failure();
  await fail(circuit, down);
  await clock.advance("30s");
  void circuit.run(() => new Promise(() => {}));

  const refused = await fail(circuit);

  expect(refused).toBeInstanceOf(CircuitOpenError);
  expect(refused).toMatchObject({
    message: 'Circuit "bank" waits for its probe',
    retryAfterMs: 0,
    cause: down,
  });
  expect(told.at(-1)).toEqual({ type: "breaker.rejected", policy: "bank", retryAfterMs: 0 });
});

test.for<[name: string, answer: () => unknown]>([
  ["throws", () => expect.unreachable("a bug in the classifier")],
  ["answers nothing", () => undefined],
  ["answers an unknown class", () => ({ class: "odd", code: "ODD", effect: "none" })],
])("a failure that its classifier %s about is unknown, and counts", async ([, answer]) => {
  const clock = new VirtualClock();
  const classify = answer as BreakerOptions["classify"];
  const circuit = breaker("bank", { failures: 1, clock, classify });
  const [first, second] = [failure(), failure()];

  const thrown = [await fail(circuit, first)];
  await clock.advance("30s");
  thrown.push(await fail(circuit, second));
  const state = circuit.state;
  await clock.advance("30s");
  const next = await circuit.run(() => "done");

  expect(thrown).toEqual([first, second]);
  expect([thrown[0] === first, thrown[1] === second, state, next]).toEqual([
    true,
    true,
    "open",
    "done",
  ]);
});

test("a failed probe opens it for another whole pause", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 5, pause: "30s", clock });
  await failTimes(circuit, 5);
  await clock.advance("40s");

  await fail(circuit);
  const refused = await fail(circuit);

  expect(refused).toMatchObject({ retryAfterMs: 30_000 });
});

test.for<[name: string, fault: Partial<Fault>, state: string]>([
  ["degraded counts", { class: "degraded" }, "open"],
  [
    "degraded counts also where the call was refused",
    { class: "degraded", effect: "none" },
    "open",
  ],
  ["a timeout counts", { class: "timeout" }, "open"],
  ["the unknown counts", { class: "unknown" }, "open"],
  ["a blip that may have landed counts", { class: "transient" }, "open"],
  ["a blip that was refused does not", { class: "transient", effect: "none" }, "closed"],
  ["a bad request does not", { class: "fatal" }, "closed"],
])("%s", async ([, fault, state]) => {
  const circuit = breaker("bank", { failures: 1, clock: new VirtualClock() });

  await fail(circuit, failure(fault));

  expect(circuit.state).toBe(state);
});

test("the user's classifier and reactions decide what counts", async () => {
  const clock = new VirtualClock();
  const options: BreakerOptions = { failures: 1, clock };
  const fatal: Fault = { class: "fatal", code: "BAD", effect: "none" };
  const lenient = breaker("lenient", { ...options, classify: () => fatal });
  const strict = breaker("strict", {
    ...options,
    classify: () => fatal,
    reactions: { fatal: { breaker: "counts" } },
  });

  await fail(lenient);
  await fail(strict);

  expect([lenient.state, strict.state]).toEqual(["closed", "open"]);
});

test("the work's error and what it throws at once come out as they are", async () => {
  const error = failure();
  const circuit = breaker("bank");

  const thrown = await circuit
    .run(() => {
      throw error;
    })
    .catch((reason: unknown) => reason);

  expect(thrown).toBe(error);
});

test("under an aborted signal the work is not started, nor a probe", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 1, clock });
  await fail(circuit);
  await clock.advance("30s");

  const running = circuit.run(() => "done", { signal: AbortSignal.abort("no") });

  await expect(running).rejects.toBe("no");
  expect(circuit.state).toBe("open");
});

test.for<[name: string, options: BreakerOptions, leaseMs: number]>([
  ["a probe's place is kept for its time limit", { pause: "30s", probeTimeout: "5s" }, 5_000],
  ["it is kept for the pause where that is long", { pause: "2m" }, 120_000],
  ["it is kept for half a minute at least", { pause: "1s" }, 30_000],
])("%s", async ([, options, leaseMs]) => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 1, clock, ...options });
  const isAdmitted = async (): Promise<boolean> => {
    const answer = await circuit
      .run(() => "done")
      .catch((error: unknown) => error instanceof CircuitOpenError);
    return answer === "done";
  };
  await fail(circuit);
  await clock.advance("2m");
  void circuit.run(() => new Promise(() => {}));

  await clock.advance(leaseMs - 1);
  const before = await isAdmitted();
  await clock.advance(1);
  const after = await isAdmitted();

  expect([before, after]).toEqual([false, true]);
});

test("a listener that calls through the breaker sees the state that it was told", async () => {
  const clock = new VirtualClock();
  const seen: unknown[] = [];
  const circuit: Breaker = breaker("bank", {
    failures: 1,
    clock,
    on: ({ type }) => {
      seen.push([type, circuit.state]);
      if (type === "breaker.opened") void circuit.run(() => "never").catch(() => {});
      throw new Error("listener");
    },
  });

  await fail(circuit);

  expect(seen).toEqual([
    ["breaker.opened", "open"],
    ["breaker.rejected", "open"],
  ]);
});

test("while closed it reads no clock: that would cost as much as all the rest", async () => {
  class UnreadClock extends VirtualClock {
    override elapsed(): number {
      return expect.unreachable("it read the clock");
    }
  }
  const circuit = breaker("bank", { clock: new UnreadClock() });

  await circuit.run(() => "done");
  await fail(circuit);

  expect(circuit.status().totals).toMatchObject({ succeeded: 1, failed: 1 });
});

test("its state is read only, and two breakers of one name share nothing", async () => {
  const [one, other] = [breaker("bank", { failures: 1 }), breaker("bank", { failures: 1 })];

  await fail(one);

  expect([one.name, one.state, other.state, Object.isFrozen(one)]).toEqual([
    "bank",
    "open",
    "closed",
    true,
  ]);
  expect(() => {
    (one as { state: string }).state = "closed";
  }).toThrow(TypeError);
});

test.for<[message: string, make: () => unknown]>([
  ["breaker.name: expected a name, received undefined", () => breaker(undefined as never)],
  ["breaker.name: expected text that is not empty", () => breaker("")],
  ["breaker.failures: expected an integer >= 1, received 0", () => breaker("a", { failures: 0 })],
  ["breaker.failures: expected an integer >= 1", () => breaker("a", { failures: Infinity })],
  ["breaker.pause: expected a duration", () => breaker("a", { pause: 0 })],
  ["breaker.pause: expected a duration", () => breaker("a", { pause: Infinity })],
  ["breaker.probeTimeout: expected a duration", () => breaker("a", { probeTimeout: 0 })],
  ["breaker.limit: unknown; known are failures", () => breaker("a", { limit: 5 } as never)],
  ["breaker.clock: expected an object with", () => breaker("a", { clock: {} as never })],
  [
    "breaker.reactions.fatal.retries: unknown; known are breaker",
    // @ts-expect-error -- A breaker retries nothing.
    () => breaker("a", { reactions: { fatal: { breaker: "counts", retries: 1 } } }),
  ],
  [
    "breaker.reactions.odd: unknown; known are transient",
    () => breaker("a", { reactions: { odd: {} } as never }),
  ],
])("refuses with %s", ([message, make]) => {
  expect(make).toThrow(message);
});

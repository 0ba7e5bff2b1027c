/** What a breaker can be told, each through the public API. */

import { expect, test } from "vitest";
import {
  withFault,
  breaker,
  CircuitOpenError,
  exponential,
  pipeline,
  retry,
  type Breaker,
  type BreakerOptions,
  type EventDetails,
  type Fault,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { status: 503 });

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

const fail = (circuit: Breaker, error: unknown = down()): Promise<unknown> =>
  errorOf(circuit.run(() => Promise.reject(error)));

/** `+` is a success and `-` a failure; the states after each. */
async function play(circuit: Breaker, calls: string): Promise<string> {
  let states = "";
  for (const call of calls) {
    if (call === "+") await circuit.run(() => "done");
    else await fail(circuit);
    states += circuit.state === "open" ? "o" : "c";
  }
  return states;
}

test.for<[name: string, options: BreakerOptions, calls: string, states: string]>([
  ["half of at least ten, by default", { window: { calls: 100 } }, "+++++-----", "ccccccccco"],
  ["as soon as there are ten", { window: { calls: 100 } }, "----------", "ccccccccco"],
  ["of a window of less than ten, when it is full", { window: { calls: 4 } }, "-+--", "ccco"],
  ["what left the window counts no more", { window: { calls: 4, rate: 0.75 } }, "--++--", "cccccc"],
  ["as many as it is told", { window: { calls: 5, failures: 3 } }, "-+-+-", "cccco"],
  ["no share where it goes by a number", { window: { calls: 5, failures: 4 } }, "+---+", "ccccc"],
  [
    "a number and a share",
    { window: { calls: 9, failures: 9, rate: 0.5, minimum: 2 } },
    "--",
    "co",
  ],
  ["in a window of time", { window: { time: "10s", minimum: 3, rate: 0.6 } }, "+--", "cco"],
])("it opens by a window: %s", async ([, options, calls, states]) => {
  expect(await play(breaker("bank", { ...options, clock: new VirtualClock() }), calls)).toBe(
    states,
  );
});

test("what is older than the window of time counts no more", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { window: { time: "10s", minimum: 4 }, clock });

  await play(circuit, "---");
  await clock.advance("10s");
  const states = await play(circuit, "-+++-");

  expect([states, circuit.status().window]).toEqual(["ccccc", { calls: 5, failures: 2, slow: 0 }]);
});

test("calls that are slow open it, though they succeed, and a slow probe does not close it", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const window = { calls: 4, slow: "1s", slowRate: 0.5 } as const;
  const circuit = breaker("bank", { window, clock, on: (event) => told.push(event) });
  const slowly = (ms: number) => clock.settle(() => circuit.run(() => clock.sleep(ms)));

  for (const ms of [1_000, 1_001, 5]) await slowly(ms);
  const before = [circuit.state, circuit.status().window];
  await slowly(1_001);
  const opened = circuit.state;
  await clock.advance("30s");
  await slowly(1_001);
  const reopened = circuit.state;
  await clock.advance("30s");
  await slowly(1_000);

  expect([...before, opened, reopened, circuit.state]).toEqual([
    "closed",
    { calls: 3, failures: 0, slow: 1 },
    "open",
    "open",
    "closed",
  ]);
  const fault = { class: "degraded", code: "SLOW_CALL", effect: "unknown" };
  expect(told[0]).toEqual({ type: "breaker.opened", policy: "bank", pauseMs: 30_000, fault });
});

test("what the window held is forgotten when it closes again", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { window: { calls: 2 }, clock });

  await play(circuit, "--");
  await clock.advance("30s");
  const states = await play(circuit, "+-");

  expect([states, circuit.status().window]).toEqual(["cc", { calls: 1, failures: 1, slow: 0 }]);
});

test("the pause grows over openings in a row, and begins anew once it was closed", async () => {
  const clock = new VirtualClock();
  const pauses: number[] = [];
  const circuit = breaker("bank", {
    failures: 1,
    pause: exponential("10s", { max: "30s", jitter: "none" }),
    clock,
    on: (event) => event.type === "breaker.opened" && pauses.push(event.pauseMs),
  });
  const reopen = async (): Promise<void> => {
    await fail(circuit);
    await clock.advance(circuit.retryAfterMs);
  };

  for (let opening = 0; opening < 4; opening++) await reopen();
  await circuit.run(() => "done");
  await reopen();

  expect(pauses).toEqual([10_000, 20_000, 30_000, 30_000, 10_000]);
});

test("a backoff is told the opening, the dice, the pause before and the failure", async () => {
  const clock = new VirtualClock();
  const told: unknown[] = [];
  const random = () => 0.25;
  const pause: BreakerOptions["pause"] = (input) => {
    const { fault, error, ...rest } = input;
    told.push({ ...rest, code: fault?.code, isError: error instanceof Error });
    return input.random() * 1_000 * input.retry;
  };
  const circuit = breaker("bank", { failures: 1, pause, random, clock });

  await fail(circuit);
  await clock.advance(250);
  await fail(circuit);

  expect([told, circuit.retryAfterMs]).toEqual([
    [
      { retry: 1, random, previousMs: 0, code: "HTTP_503", isError: true },
      { retry: 2, random, previousMs: 250, code: "HTTP_503", isError: true },
    ],
    500,
  ]);
});

test.for<[name: string, answer: () => unknown]>([
  ["throws", () => expect.unreachable("a bug in the backoff")],
  ["gives nothing", () => undefined],
  ["gives no number", () => Number.NaN],
  ["gives less than nothing", () => -1],
  ["gives no end", () => Infinity],
])(
  "a backoff that %s gives half a minute, and the caller gets the work's error",
  async ([, answer]) => {
    const pause = answer as BreakerOptions["pause"];
    const circuit = breaker("bank", { failures: 1, pause, clock: new VirtualClock() });
    const error = down();

    expect([(await fail(circuit, error)) === error, circuit.retryAfterMs]).toEqual([true, 30_000]);
  },
);

test("a list of pauses is taken one after the other", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 1, pause: ["1s", "5s"], clock });

  await fail(circuit);
  await clock.advance("1s");
  await fail(circuit);

  expect(circuit.retryAfterMs).toBe(5_000);
});

test("while it warms up it does not open, and counts", async () => {
  const clock = new VirtualClock();
  await clock.advance("5s");
  const circuit = breaker("bank", { failures: 2, warmUp: "10s", clock });

  const during = await play(circuit, "---");
  await clock.advance("10s");

  expect([during, circuit.status().failures, await play(circuit, "-")]).toEqual(["ccc", 3, "o"]);
});

test("as many as it is told probe at once, and as many successes as it is told close it", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 1, probes: 2, successes: 3, clock });
  await fail(circuit);
  await clock.advance("30s");
  const ends = [0, 1, 2].map(() => Promise.withResolvers<string>());
  const running = ends.map(({ promise }) => errorOf(circuit.run(() => promise)));

  const third = await running[2];
  ends[0]?.resolve("done");
  ends[1]?.resolve("done");
  await Promise.all(running.slice(0, 2));
  const afterTwo = circuit.state;
  await circuit.run(() => "done");

  expect(third).toBeInstanceOf(CircuitOpenError);
  expect([afterTwo, circuit.state]).toEqual(["half-open", "closed"]);
});

test("as many failed probes as it is told open it again", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 1, probeFailures: 2, successes: 9, clock });
  await fail(circuit);
  await clock.advance("30s");

  await fail(circuit);
  const afterOne = circuit.state;
  await fail(circuit);

  expect([afterOne, circuit.state]).toEqual(["half-open", "open"]);
});

test("a value that is a fault counts, and goes through untouched", async () => {
  const value = { ok: false };
  const busy: Fault = { class: "degraded", code: "BUSY", effect: "none" };
  const told: EventDetails[] = [];
  const circuit = breaker("bank", {
    failures: 1,
    faultOfResult: (result) => (result === value ? busy : undefined),
    clock: new VirtualClock(),
    on: (event) => told.push(event),
  });

  const good = await circuit.run(() => "good");
  const state = circuit.state;
  const given = await circuit.run(() => value);

  expect([good, state, given === value, circuit.state]).toEqual(["good", "closed", true, "open"]);
  expect(told).toEqual([{ type: "breaker.opened", policy: "bank", pauseMs: 30_000, fault: busy }]);
});

test.for<[name: string, judge: () => unknown, ignored: number]>([
  ["throws", () => expect.unreachable("a bug"), 0],
  ["answers what is no fault", () => true, 0],
  [
    "tells a fault that says nothing of the dependency",
    () => ({ class: "fatal", code: "X", effect: "none" }),
    1,
  ],
])("a judge of values that %s opens nothing", async ([, judge, ignored]) => {
  const faultOfResult = judge as BreakerOptions["faultOfResult"];
  const circuit = breaker("bank", { failures: 1, faultOfResult });

  await circuit.run(() => "value");

  const { state, totals } = circuit.status();
  expect([state, totals.ignored, totals.succeeded]).toEqual(["closed", ignored, 1 - ignored]);
});

test("R10 a retry stops at once where it is held open, for waiting never helps", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { clock });
  circuit.hold("open");

  const error = await errorOf(pipeline(retry({ attempts: 9, clock }), circuit).run(() => "done"));

  expect(error).toBeInstanceOf(CircuitOpenError);
  expect([error, clock.sleeps]).toMatchObject([
    { message: 'Circuit "bank" is held open', retryAfterMs: Infinity },
    [],
  ]);
});

test.for<[message: string, options: object]>([
  ["breaker.window: expected either calls or time", { window: {} }],
  ["breaker.window: expected either calls or time", { window: { calls: 5, time: "1s" } }],
  [
    "breaker.window.time: 3600001 ms is above the longest window of 1 h",
    { window: { time: 3_600_001 } },
  ],
  [
    "breaker.window.minimum: 6 calls never fit into a window of 5",
    { window: { calls: 5, minimum: 6 } },
  ],
  ["breaker.window.rate: expected a number from 0.001 to 1", { window: { calls: 5, rate: 50 } }],
  ["breaker.window.calls: expected an integer", { window: { calls: 10_001 } }],
  ["breaker.window.size: unknown", { window: { size: 5 } }],
  ["breaker.failures: counts failures in a row", { failures: 5, window: { calls: 5 } }],
  ["delays: expected a list of at least one", { pause: [] }],
  ["breaker.probes: expected an integer", { probes: 0 }],
  ["breaker.successes: expected an integer", { successes: 0 }],
  ["breaker.probeFailures: expected an integer", { probeFailures: 0 }],
  ["breaker.probe: expected a function", { probe: "GET /" }],
  ["breaker.faultOfResult: expected a function", { faultOfResult: 1 }],
])("refuses with %s", ([message, options]) => {
  expect(() => breaker("bank", options)).toThrow(message);
});

test.for([
  ["longer than the pause", 45_000, 45_000],
  ["shorter than the pause", 5_000, 30_000],
  ["absurdly long", 9_000_000, 300_000],
] as const)("a Retry-After that is %s", async ([, retryAfterMs, pauseMs]) => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 1, clock });
  const down = withFault(new Error("down"), { class: "degraded", effect: "none", retryAfterMs });

  await circuit.run(() => Promise.reject(down)).catch(() => {});

  expect(circuit.retryAfterMs).toBe(pauseMs);
});

/** What a human or a program does with a breaker besides running work through it. */

import { expect, test } from "vitest";
import {
  breaker,
  CircuitOpenError,
  OptionsError,
  type Breaker,
  type BreakerOptions,
  type EventDetails,
  type Hold,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { status: 503 });

const fail = (circuit: Breaker, error: unknown = down()): Promise<unknown> =>
  circuit.run(() => Promise.reject(error)).catch((reason: unknown) => reason);

/** A breaker with its clock and all that it tells. */
function told(options: BreakerOptions = {}) {
  const clock = new VirtualClock();
  const types: string[] = [];
  const on = (event: EventDetails): void =>
    void types.push("hold" in event ? `${event.type} ${event.hold}` : event.type);
  return { clock, types, circuit: breaker("bank", { failures: 2, clock, on, ...options }) };
}

test("held open it refuses every call, until it is closed", async () => {
  const { circuit, clock, types } = told();

  circuit.hold("open");
  await clock.advance("365d");
  const refused = await fail(circuit);
  const status = [circuit.state, circuit.admits, circuit.retryAfterMs, circuit.status().held];
  circuit.close();
  const value = await circuit.run(() => "done");

  expect(refused).toBeInstanceOf(CircuitOpenError);
  expect([status, value, circuit.status().held]).toEqual([
    ["open", false, Infinity, "open"],
    "done",
    undefined,
  ]);
  expect(types).toEqual(["breaker.held open", "breaker.rejected", "breaker.closed"]);
});

test.for<[hold: Hold, window: unknown]>([
  ["closed", { calls: 3, failures: 3, slow: 0 }],
  ["off", undefined],
])("held %s it admits every call, whatever comes of it", async ([hold, window]) => {
  const { circuit, types } = told({ failures: undefined, window: { calls: 4, minimum: 1 } });

  circuit.hold(hold);
  for (let call = 0; call < 3; call++) await fail(circuit);

  expect([circuit.state, circuit.status()]).toMatchObject(["closed", { held: hold, window }]);
  expect(types).toEqual([`breaker.held ${hold}`]);
});

test("what was counted while it was held is forgotten when it is let go", async () => {
  const { circuit, types } = told();
  circuit.hold("closed");
  for (let call = 0; call < 9; call++) await fail(circuit);

  circuit.close();
  await fail(circuit);

  expect([circuit.state, types]).toEqual(["closed", ["breaker.held closed", "breaker.closed"]]);
});

test("it can be opened for a pause, and its pause can be ended", async () => {
  const { circuit, clock, types } = told();

  circuit.open();
  await clock.advance("10s");
  const refused = await fail(circuit);
  circuit.halfOpen();
  const states = [circuit.state];
  await circuit.run(() => "done");
  states.push(circuit.state);

  expect(refused).toMatchObject({ retryAfterMs: 20_000, cause: undefined });
  expect(states).toEqual(["half-open", "closed"]);
  expect(types).toEqual([
    "breaker.opened",
    "breaker.rejected",
    "breaker.half_opened",
    "breaker.closed",
  ]);
});

test("closing one that is closed forgets what it counted, and tells nothing", async () => {
  const { circuit, types } = told();
  await fail(circuit);

  circuit.close();
  await fail(circuit);

  expect([circuit.state, types]).toEqual(["closed", []]);
});

test("the failure that opened it is no cause of what a human does later", async () => {
  const { circuit } = told({ failures: 1 });
  await fail(circuit);

  circuit.hold("open");

  expect(await fail(circuit)).toMatchObject({ cause: undefined });
});

test("tryRun answers where run rejects, and throws the work's own error", async () => {
  const { circuit, types } = told();
  const error = down();

  const value = await circuit.tryRun(() => "done");
  const thrown = await circuit
    .tryRun(() => Promise.reject(error))
    .catch((reason: unknown) => reason);
  circuit.open();
  const refused = await circuit.tryRun(() => expect.unreachable());

  expect([value, thrown === error]).toEqual([{ isAdmitted: true, value: "done" }, true]);
  expect(refused).toEqual({ isAdmitted: false, retryAfterMs: 30_000 });
  expect(types.at(-1)).toBe("breaker.rejected");
});

test("tryRun under an aborted signal rejects with the reason, also while open", async () => {
  const { circuit } = told();
  circuit.open();

  const running = circuit.tryRun(() => expect.unreachable(), { signal: AbortSignal.abort("no") });

  await expect(running).rejects.toBe("no");
  expect(circuit.status().totals.rejected).toBe(0);
});

test("a caller of tryRun that goes away gives the probe's place back", async () => {
  const { circuit } = told();
  const caller = new AbortController();
  circuit.halfOpen();

  const running = circuit.tryRun(() => new Promise(() => {}), caller);
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect([circuit.state, circuit.admits]).toEqual(["half-open", true]);
});

test("whoever asks whether it admits takes no place", async () => {
  const { circuit, clock } = told({ failures: 1 });
  await fail(circuit);
  const asked = [circuit.admits];
  await clock.advance("30s");
  asked.push(circuit.admits, circuit.admits);
  void circuit.run(() => new Promise(() => {}));
  asked.push(circuit.admits);

  expect([asked, circuit.retryAfterMs]).toEqual([[false, true, true, false], 0]);
});

test("calls that are made without run count by their tickets", async () => {
  const { circuit, clock } = told();

  circuit.failed(circuit.admit(), down());
  circuit.ignored(circuit.admit());
  circuit.failed(circuit.admit(), down());
  const opened = circuit.state;
  expect(() => circuit.admit()).toThrow(CircuitOpenError);
  await clock.advance("30s");
  circuit.succeeded(circuit.admit());

  expect([opened, circuit.state, circuit.status().totals]).toEqual([
    "open",
    "closed",
    { succeeded: 1, failed: 2, ignored: 1, late: 0, rejected: 1 },
  ]);
});

test("its status tells how it stands; late ends are only counted", async () => {
  const { circuit, clock } = told({ failures: 1, probeFailures: 2, successes: 2 });
  const late = [circuit.admit(), circuit.admit()] as const;
  await fail(circuit);
  await fail(circuit);
  await clock.advance("12s");
  const open = circuit.status();
  circuit.succeeded(late[0]);
  circuit.failed(late[1], down());
  await clock.advance("18s");
  await fail(circuit);

  const common = { name: "bank", held: undefined, openings: 1, window: undefined };
  expect([open, circuit.status()]).toEqual([
    {
      ...common,
      state: "open",
      retryAfterMs: 18_000,
      failures: 0,
      totals: { succeeded: 0, failed: 1, ignored: 0, late: 0, rejected: 1 },
    },
    {
      ...common,
      state: "half-open",
      retryAfterMs: 0,
      failures: 1,
      totals: { succeeded: 1, failed: 3, ignored: 0, late: 2, rejected: 1 },
    },
  ]);
});

test("a snapshot outlives its process: what is left of the pause goes on from there", async () => {
  const { circuit, clock } = told({ failures: 1, pause: ["30s", "1m"] });
  await fail(circuit);
  await clock.advance("10s");

  const saved = JSON.parse(JSON.stringify(circuit.snapshot())) as ReturnType<Breaker["snapshot"]>;
  const later = told({ failures: 1, pause: ["30s", "1m"] });
  await later.clock.advance("1h");
  later.circuit.restore(saved);
  const before = later.circuit.retryAfterMs;
  await later.clock.advance("20s");
  await fail(later.circuit);

  expect(saved).toEqual({ state: "open", openings: 1, pauseMs: 30_000, pauseLeftMs: 20_000 });
  expect([before, later.circuit.retryAfterMs]).toEqual([20_000, 60_000]);
  expect(later.types).toEqual(["breaker.half_opened", "breaker.opened"]);
});

test.for<
  [name: string, options: BreakerOptions, lead: (circuit: Breaker) => unknown, saved: object]
>([
  ["closed", {}, (circuit) => fail(circuit), { state: "closed", failures: 1 }],
  ["held open", {}, (circuit) => circuit.hold("open"), { state: "open", held: "open" }],
  [
    "switched off",
    {},
    (circuit) => circuit.hold("off"),
    { state: "closed", held: "off", failures: 0 },
  ],
  [
    "half-open",
    { successes: 3, probeFailures: 3 },
    async (circuit) => {
      circuit.open();
      circuit.halfOpen();
      await circuit.run(() => "done");
      await fail(circuit);
    },
    { state: "half-open", openings: 1, pauseMs: 30_000, successes: 1, failures: 1 },
  ],
  [
    "a window of calls",
    { failures: undefined, window: { calls: 3 } },
    async (circuit) => {
      await circuit.run(() => "done");
      await fail(circuit);
    },
    { state: "closed", failures: 1, outcomes: "01" },
  ],
  [
    "a window of time",
    { failures: undefined, window: { time: "10s" } },
    (circuit) => fail(circuit),
    { state: "closed", failures: 1, parts: [{ ageMs: 0, calls: 1, failures: 1, slow: 0 }] },
  ],
])("a snapshot of one that is %s makes another just like it", async ([, options, lead, saved]) => {
  const [one, other] = [told(options).circuit, told(options).circuit];
  await lead(one);

  other.restore(one.snapshot());

  const status = { ...one.status(), totals: other.status().totals };
  expect(one.snapshot()).toEqual(saved);
  expect(JSON.parse(JSON.stringify(saved))).toEqual(saved);
  expect([other.snapshot(), other.status()]).toMatchObject([saved, status]);
});

test("a window of another kind than the snapshot's begins empty", async () => {
  const saved = { state: "closed", outcomes: "11", parts: [] } as const;
  const circuits = [
    breaker("time", { window: { time: "1s" } }),
    breaker("none"),
    breaker("calls", { window: { calls: 3 } }),
  ];
  circuits[2]?.restore({ state: "closed" });
  for (const circuit of circuits.slice(0, 2)) circuit.restore(saved);

  expect(circuits.map((circuit) => circuit.status().window)).toEqual([
    { calls: 0, failures: 0, slow: 0 },
    undefined,
    undefined,
  ]);
});

test("B3 calls that began before it was restored decide nothing", async () => {
  const { circuit } = told({ failures: 1 });
  const ticket = circuit.admit();

  circuit.restore({ state: "closed" });
  circuit.failed(ticket, down());

  expect(circuit.state).toBe("closed");
});

test("a restored breaker heals before it probes", async () => {
  const log: string[] = [];
  const { circuit } = told({ beforeProbe: () => log.push("heal") });

  circuit.restore({ state: "half-open", openings: 1 });
  await circuit.run(() => log.push("call"));

  expect(log).toEqual(["heal", "call"]);
});

test.for<[message: string, snapshot: unknown]>([
  ["breaker.restore: expected an object with options", null],
  ['breaker.restore.state: expected "closed", "open", "half-open", received undefined', {}],
  ["breaker.restore.pauseLeftMs: expected a duration", { state: "open", pauseLeftMs: Infinity }],
  ["breaker.restore.outcomes: expected digits from 0 to 3", { state: "closed", outcomes: "014" }],
  [
    "breaker.restore.outcomes: expected digits from 0 to 3",
    { state: "closed", outcomes: "0".repeat(10_001) },
  ],
  [
    "breaker.restore.parts[0].calls: expected an integer",
    { state: "closed", parts: [{ calls: -1 }] },
  ],
  ["breaker.restore.untilMs: unknown", { state: "open", untilMs: 5 }],
])("it is not restored from what is no snapshot: %s", async ([message, snapshot]) => {
  const { circuit } = told();
  await fail(circuit);

  expect(() => circuit.restore(snapshot as never)).toThrow(message);
  expect(circuit.snapshot()).toEqual({ state: "closed", failures: 1 });
});

test("it cannot be held otherwise", () => {
  expect(() => breaker("bank").hold("ajar" as never)).toThrow(OptionsError);
  expect(() => breaker("bank").hold(undefined as never)).toThrow(
    'breaker.hold: expected "open", "closed", "off", received undefined',
  );
});

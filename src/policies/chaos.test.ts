import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  chaos,
  ChaosError,
  faultOf,
  pipeline,
  retry,
  seededDice,
  timeout,
  TimeoutError,
  type Attempt,
  type ChaosOptions,
  type EventDetails,
  type Fault,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { drawOne, isStruck } from "./chaos-draw.ts";

const DOWN: Fault = { class: "degraded", code: "HTTP_503", effect: "unknown", retryAfterMs: 250 };

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

test("an injected fault fails the call without the work, and is what it was asked to be", async () => {
  const told: EventDetails[] = [];
  let calls = 0;
  const policy = chaos({
    rate: 1,
    faults: [DOWN],
    name: "friday",
    on: (event) => told.push(event),
  });

  const error = await errorOf(policy.run(() => calls++));

  expect(error).toBeInstanceOf(ChaosError);
  expect(error).toMatchObject({
    name: "ChaosError",
    code: "CHAOS_INJECTED",
    message: 'Policy "friday" injected HTTP_503 (degraded)',
  });
  expect([faultOf(error), calls]).toEqual([DOWN, 0]);
  expect(told).toEqual([{ type: "chaos.injected", policy: "friday", injected: "fault", error }]);
});

test("a retry around it takes an injected fault for a real one", async () => {
  const clock = new VirtualClock();
  const guarded = pipeline(
    retry({ clock, random: () => 0 }),
    chaos({ rate: 1, faults: [DOWN], when: ({ attempt }) => attempt < 3 }),
  );

  const value = await clock.settle(() => guarded.run(({ attempt }) => attempt));

  expect([value, clock.sleeps]).toEqual([3, [250, 250]]);
});

test("an error is thrown as it is, and a function makes one for each call", async () => {
  const own = new RangeError("own");
  const seen: number[] = [];
  const made = ({ attempt }: Attempt): Error => {
    seen.push(attempt);
    return new Error(`attempt ${attempt}`);
  };

  const errors = [
    await errorOf(chaos({ rate: 1, faults: [own] }).run(() => "done")),
    await errorOf(chaos({ rate: 1, faults: [made] }).run(() => "done", { attempt: 2 })),
  ];

  expect([errors[0] === own, errors[1], seen]).toEqual([true, new Error("attempt 2"), [2]]);
});

test("a result takes the place of the work's, and a function makes one for each call", async () => {
  const told: EventDetails[] = [];
  const empty: unknown[] = [];
  const at = (result: unknown) =>
    chaos({ rate: 1, results: [result], on: (event) => told.push(event) }).run(() => "done");

  const results = [
    await at(empty),
    await at(undefined),
    await at(({ attempt }: Attempt) => ({ attempt })),
    await at(() => Promise.resolve("later")),
  ];

  expect(results).toEqual([[], undefined, { attempt: 1 }, "later"]);
  expect(results[0]).toBe(empty);
  expect(told[0]).toEqual({ type: "chaos.injected", policy: "chaos", injected: "result" });
});

test("a call is delayed, then disturbed, then runs", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const done: unknown[] = [];
  const policy = chaos({
    rate: 1,
    latency: "2s",
    disturb: async ({ attempt }) => {
      await clock.sleep(5);
      done.push(["disturbed", attempt, clock.elapsed()]);
    },
    clock,
    on: (event) => told.push(event),
  });

  const value = await clock.settle(() =>
    policy.run(() => {
      done.push(["ran", clock.elapsed()]);
      return "done";
    }),
  );

  expect([value, done]).toEqual([
    "done",
    [
      ["disturbed", 1, 2_005],
      ["ran", 2_005],
    ],
  ]);
  expect(told).toEqual([
    { type: "chaos.injected", policy: "chaos", injected: "latency", latencyMs: 2_000 },
    { type: "chaos.injected", policy: "chaos", injected: "disturbance" },
  ]);
});

test("a call may be late and fail; and a latency may be drawn for each", async () => {
  const clock = new VirtualClock();
  const policy = chaos({
    rate: 1,
    latency: ({ attempt }) => attempt * 100,
    faults: [DOWN],
    clock,
  });

  const error = await clock.settle(() => errorOf(policy.run(() => "done", { attempt: 3 })));

  expect([(error as ChaosError).code, clock.elapsed()]).toEqual(["CHAOS_INJECTED", 300]);
});

test("without latency there is no wait, and nothing is told of one", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const policy = chaos({ rate: 1, latency: () => 0, clock, on: (event) => told.push(event) });

  expect([await policy.run(() => "done"), clock.sleeps, told]).toEqual(["done", [], []]);
});

test("what disturbs and fails, fails the call", async () => {
  const failure = new Error("the disk is full");

  const error = await errorOf(
    chaos({ rate: 1, disturb: () => Promise.reject(failure) }).run(() => "done"),
  );

  expect(error).toBe(failure);
});

test("an answer that never comes ends with the limit around it", async () => {
  const clock = new VirtualClock();
  const guarded = pipeline(timeout("2s", { clock }), chaos({ rate: 1, latency: Infinity, clock }));

  const error = await clock.settle(() => errorOf(guarded.run(() => "done")));

  expect([error instanceof TimeoutError, clock.elapsed(), clock.pending]).toEqual([true, 2_000, 0]);
});

test.for<[what: string, options: (clock: VirtualClock) => Partial<ChaosOptions>]>([
  ["in the latency", () => ({ latency: "1h" })],
  ["while it is disturbed", (clock) => ({ disturb: () => clock.sleep(10) })],
  ["while a result is made", (clock) => ({ results: [() => clock.sleep(10)] })],
  ["in the work", () => ({ latency: 0 })],
])(
  "R1 the caller's abort %s ends the call at once, and leaves nothing",
  async ([what, options]) => {
    const clock = new VirtualClock();
    const caller = new AbortController();
    let calls = 0;
    const running = errorOf(
      chaos({ rate: 1, clock, ...options(clock) }).run(() => {
        calls++;
        return clock.sleep(10);
      }, caller),
    );

    await clock.advance(1);
    caller.abort("stop");
    const error = await running;
    await clock.advance("1m");

    expect([error, calls]).toEqual(["stop", what === "in the work" ? 1 : 0]);
    expect([clock.pending, getEventListeners(caller.signal, "abort").length]).toEqual([0, 0]);
  },
);

test("under an aborted signal nothing is injected, and no dice are thrown", async () => {
  let draws = 0;
  const policy = chaos({ rate: 1, faults: [DOWN], random: () => draws++ });

  const error = await errorOf(policy.run(() => "done", { signal: AbortSignal.abort("no") }));

  expect([error, draws]).toEqual(["no", 0]);
});

test("it can be turned on and off while it runs", async () => {
  let isOn = false;
  let draws = 0;
  const policy = chaos({
    rate: 1,
    results: ["chaos"],
    enabled: () => isOn,
    random: () => (draws++, 0.5),
  });

  const before = [await policy.run(() => "done"), draws];
  isOn = true;
  const during = await policy.run(() => "done");
  isOn = false;
  const never = chaos({ rate: 1, results: ["chaos"], enabled: false });

  expect([before, during, await policy.run(() => "done"), await never.run(() => "done")]).toEqual([
    ["done", 0],
    "chaos",
    "done",
    "done",
  ]);
});

test("only attempts that it is told to are struck, and a rate may be another for each", async () => {
  const first = chaos({ rate: 1, results: ["chaos"], when: ({ attempt }) => attempt === 1 });
  const second = chaos({ rate: ({ attempt }) => (attempt === 2 ? 1 : 0), results: ["chaos"] });
  const at = (attempt: number) =>
    Promise.all([first, second].map((policy) => policy.run(() => "done", { attempt })));

  expect([await at(1), await at(2)]).toEqual([
    ["chaos", "done"],
    ["done", "chaos"],
  ]);
});

/** Which of many calls through a policy with these dice are struck, and how. */
async function struck(seed: string): Promise<string> {
  const policy = chaos({ rate: 0.2, results: ["a", "b", "b"], random: seededDice(seed) });
  const ends: string[] = [];
  for (let call = 0; call < 3_000; call++) ends.push(await policy.run(() => "."));
  return ends.join("");
}

test("the same seed strikes the same calls, at the rate, and what stands there twice twice as often", async () => {
  const [friday, again, monday] = await Promise.all(["friday", "friday", "monday"].map(struck));

  const share = (end: string): number => (friday as string).split(end).length / 3_000;
  expect([friday === again, friday === monday]).toEqual([true, false]);
  expect(share("a")).toBeCloseTo(0.067, 1);
  expect(share("b") / share("a")).toBeGreaterThan(1.5);
  expect(share("b") / share("a")).toBeLessThan(2.5);
});

const inUnit = fc.double({ min: 0, max: 1, noNaN: true });

test("of evenly spread dice just the share of the rate strikes, none at 0 and all at 1", () => {
  fc.assert(
    fc.property(inUnit, inUnit, (rate, drawn) => {
      expect([
        isStruck(rate, () => drawn),
        isStruck(0, () => drawn),
        isStruck(1, () => drawn),
      ]).toEqual([drawn < rate || rate === 1, false, true]);
    }),
    { numRuns: 10_000 },
  );
});

test("any dice draw one of the items, and each has an equal part of them", () => {
  const items = fc
    .integer({ min: 1, max: 50 })
    .map((length) => Array.from({ length }, (_, i) => i));
  fc.assert(
    fc.property(items, inUnit, (all, drawn) => {
      const last = all.length - 1;

      expect(drawOne(all, () => drawn)).toBe(Math.min(last, Math.floor(drawn * all.length)));
    }),
    { numRuns: 10_000 },
  );
});

test.for<[message: string, options: object]>([
  ["chaos.rate: expected to give a number from 0 to 1, gave 2", { rate: () => 2, results: [1] }],
  [
    "chaos.rate: expected to give a number from 0 to 1, gave NaN",
    { rate: () => NaN, results: [1] },
  ],
  ["chaos.latency: expected to give milliseconds >= 0, gave NaN", { rate: 1, latency: () => NaN }],
  ["chaos.latency: expected to give milliseconds >= 0, gave -1", { rate: 1, latency: () => -1 }],
  ["random: expected to give a number from 0 to 1", { rate: 1, results: [1], random: () => 7 }],
])("a call rejects with %s", async ([message, options]) => {
  await expect(chaos(options as ChaosOptions).run(() => "done")).rejects.toThrow(message);
});

test("the policy is frozen and has its name", () => {
  const policies = [chaos({ rate: 0, latency: 1 }), chaos({ rate: 0, latency: 1, name: "bank" })];

  expect(policies.map((policy) => [policy.name, Object.isFrozen(policy)])).toEqual([
    ["chaos", true],
    ["bank", true],
  ]);
});

test.for<[message: string, options: unknown]>([
  ["chaos.rate: expected a number from 0 to 1, or a function, received undefined", { faults: [] }],
  ["chaos.rate: expected a number from 0 to 1, received 5", { rate: 5, latency: 1 }],
  ["chaos: expected faults, results, a latency or disturb to inject", { rate: 1 }],
  ["chaos: expected faults, results, a latency or disturb to inject", { rate: 1, faults: [] }],
  [
    "chaos.faults[0]: expected a fault with class, code and effect, an error, or a function, received an object",
    { rate: 1, faults: [{ class: "transient" }] },
  ],
  ["chaos.latency: expected a duration such as", { rate: 1, latency: "3 s" }],
  ["chaos.enabled: expected true or false", { rate: 1, latency: 1, enabled: "yes" }],
  ["chaos.disturb: expected a function", { rate: 1, disturb: true }],
  ["chaos.fault: unknown; known are rate, faults", { rate: 1, fault: DOWN }],
  ["chaos: expected an object with options, received undefined", undefined],
])("refuses with %s", ([message, options]) => {
  expect(() => chaos(options as ChaosOptions)).toThrow(message);
});

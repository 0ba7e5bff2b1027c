import { expect, test } from "vitest";
import {
  hedge,
  pipeline,
  timeout,
  VerificationError,
  type EventDetails,
  type HedgeDelay,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { errorOf, HOUR, refused, reset, scripted } from "./hedge-fixture.contract.ts";

test("a quick answer needs no second attempt", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const { work, begunAtMs, aborted } = scripted(clock, [99, "first"]);
  const policy = hedge("100ms", { clock, on: (details) => told.push(details) });

  const value = await clock.settle(() => policy.run(work));

  expect({ value, begunAtMs, aborted: aborted(), pending: clock.pending, told }).toEqual({
    value: "first",
    begunAtMs: [0],
    aborted: [false],
    pending: 0,
    told: [],
  });
});

test("the attempt beside a slow one wins, and the slow one is aborted", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const { work, begunAtMs, seen, aborted } = scripted(clock, [HOUR, "first"], [50, "second"]);
  const policy = hedge("100ms", { name: "quick", clock, on: (details) => told.push(details) });

  const value = await clock.settle(() => policy.run(work));

  expect({ value, begunAtMs, aborted: aborted(), elapsed: clock.elapsed() }).toEqual({
    value: "second",
    begunAtMs: [0, 100],
    aborted: [true, false],
    elapsed: 150,
  });
  expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(seen[0]?.signal.reason).toMatchObject({
    name: "AbortError",
    message: 'Another attempt of "quick" ended the call',
  });
  expect(told).toEqual([
    { type: "hedge.started", policy: "quick", number: 2, afterMs: 100 },
    { type: "hedge.won", policy: "quick", number: 2, durationMs: 150 },
  ]);
});

test("the first attempt may still win after others began", async () => {
  const clock = new VirtualClock();
  const told: string[] = [];
  const { work, aborted } = scripted(clock, [120, "first"], [HOUR, "second"]);
  const policy = hedge("100ms", { clock, on: ({ type }) => told.push(type) });

  const value = await clock.settle(() => policy.run(work));

  expect([value, aborted(), told]).toEqual(["first", [false, true], ["hedge.started"]]);
});

test.for<[what: string, delay: HedgeDelay, begunAtMs: number[], elapsed: number]>([
  ["one after the other", "100ms", [0, 100, 200], 700],
  ["all at once", 0, [0, 0, 0], 500],
  ["only after a failure", Infinity, [0, 900], 1_900],
  ["by a function", (next) => (next === 2 ? 0 : Infinity), [0, 0, 900], 1_000],
])("attempts begin %s", async ([, delay, expected, elapsed]) => {
  const clock = new VirtualClock();
  const { work, begunAtMs } = scripted(clock, [900, reset()], [1_000, "second"], [500, "third"]);

  await clock.settle(() => hedge(delay, { attempts: 3, clock }).run(work));

  expect([begunAtMs, clock.elapsed()]).toEqual([expected, elapsed]);
});

test("a failure while another attempt runs is no failure of the call, and brings the next at once", async () => {
  const clock = new VirtualClock();
  const failure = reset();
  const told: EventDetails[] = [];
  const { work, begunAtMs } = scripted(clock, [HOUR, "first"], [30, failure], [200, "third"]);
  const policy = hedge("100ms", { attempts: 4, clock, on: (details) => told.push(details) });

  const value = await clock.settle(() =>
    policy.run((attempt) => (attempt.attempt > 3 ? clock.sleep(HOUR) : work(attempt))),
  );

  expect([value, begunAtMs, clock.elapsed()]).toEqual(["third", [0, 100, 130], 330]);
  expect(told).toEqual([
    { type: "hedge.started", policy: "hedge", number: 2, afterMs: 100 },
    {
      type: "attempt.failed",
      policy: "hedge",
      number: 2,
      durationMs: 30,
      fault: { class: "transient", code: "ECONNRESET", effect: "unknown" },
      error: failure,
    },
    { type: "hedge.started", policy: "hedge", number: 3, afterMs: 130 },
    { type: "hedge.started", policy: "hedge", number: 4, afterMs: 230 },
    { type: "hedge.won", policy: "hedge", number: 3, durationMs: 330 },
  ]);
});

test("work that may not be repeated is never begun beside itself, and again only without an effect", async () => {
  const clock = new VirtualClock();
  const cut = reset();
  const { work, begunAtMs } = scripted(clock, [HOUR, refused()], [10, cut], [10, "third"]);
  const policy = hedge("100ms", { attempts: 3, repeatable: false, clock });

  const error = await clock.settle(() => errorOf(policy.run(work)));

  expect([error === cut, begunAtMs]).toEqual([true, [0, HOUR]]);
});

test("a result that is not good counts as a failure, and its signal ends with it", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const bad = { status: 503 };
  const { work, begunAtMs, aborted } = scripted(clock, [10, bad], [10, { status: 200 }]);
  const policy = hedge("100ms", {
    clock,
    on: (details) => told.push(details),
    faultOfResult: ({ status }: { status: number }) =>
      status === 503 ? { class: "degraded", code: "HTTP_503", effect: "unknown" } : undefined,
  });

  const value = await clock.settle(() => policy.run(work));

  expect([value, begunAtMs, aborted()]).toEqual([{ status: 200 }, [0, 10], [true, false]]);
  expect(told[0]).toEqual({
    type: "attempt.failed",
    policy: "hedge",
    number: 1,
    durationMs: 10,
    fault: { class: "degraded", code: "HTTP_503", effect: "unknown" },
    error: new VerificationError('Work under "hedge"', "HTTP_503"),
  });
});

test("when no result is good the call ends with the most telling one, as it is, to be read", async () => {
  const clock = new VirtualClock();
  const results = [{ effect: "unknown" }, { effect: "none" }] as const;
  const { work, aborted } = scripted(clock, [10, results[0]], [10, results[1]]);
  const policy = hedge("100ms", {
    clock,
    faultOfResult: ({ effect }: (typeof results)[number]) => ({
      class: "degraded",
      code: "BAD",
      effect,
    }),
  });

  const value = await clock.settle(() => policy.run(work));

  expect([value === results[0], aborted()]).toEqual([true, [false, true]]);
});

test.for<[what: string, judge: (value: unknown) => never, message: string]>([
  [
    "throws",
    () => {
      throw new TypeError("value is undefined");
    },
    "value is undefined",
  ],
  [
    "answers what is no fault",
    () => "bad" as never,
    'hedge.faultOfResult: expected to give a fault or undefined, gave "bad"',
  ],
])("a judge of results that %s fails the call", async ([, faultOfResult, message]) => {
  const policy = hedge("100ms", { clock: new VirtualClock(), faultOfResult });

  await expect(policy.run(() => "done")).rejects.toThrow(message);
});

test("what the work throws at once counts once", async () => {
  const clock = new VirtualClock();
  const { work, begunAtMs } = scripted(clock, [10, "second"]);

  const value = await clock.settle(() =>
    hedge("100ms", { clock }).run((attempt) => {
      if (attempt.attempt === 1) throw reset();
      return work(attempt);
    }),
  );

  expect([value, begunAtMs, clock.pending]).toEqual(["second", [0], 0]);
});

test("H2 a spent budget stops only new attempts, those in flight go on", async () => {
  const clock = new VirtualClock();
  const budget = {
    left: 1,
    deposits: 0,
    deposit: () => void budget.deposits++,
    withdraw: () => budget.left-- > 0,
  };
  const { work, begunAtMs, aborted } = scripted(clock, [500, reset()], [900, "second"]);

  const value = await clock.settle(() => hedge("100ms", { attempts: 4, budget, clock }).run(work));

  expect([value, begunAtMs, aborted(), budget.deposits, budget.left]).toEqual([
    "second",
    [0, 100],
    [true, false],
    1,
    -1,
  ]);
});

test("a spent budget leaves a call with its own error", async () => {
  const clock = new VirtualClock();
  const failure = reset();
  const budget = { deposit: () => {}, withdraw: () => false };

  const error = await errorOf(hedge("100ms", { budget, clock }).run(() => Promise.reject(failure)));

  expect([error === failure, clock.pending]).toEqual([true, 0]);
});

test("a limit outside ends all attempts, and they see its deadline", async () => {
  const clock = new VirtualClock();
  const left: number[] = [];
  const { work, seen } = scripted(clock, [HOUR, "first"], [HOUR, "second"]);
  const guarded = pipeline(timeout("1s", { clock }), hedge("100ms", { clock }));

  const error = await clock.settle(() =>
    errorOf(
      guarded.run((attempt) => {
        left.push(attempt.deadline.remainingMs());
        return work(attempt);
      }),
    ),
  );

  expect(left).toEqual([1_000, 900]);
  expect(seen.map(({ signal }) => signal.reason)).toEqual([error, error]);
});

test("the policy is frozen and has its name", () => {
  const policies = [hedge("1s"), hedge({ quantile: 0.9 }, { name: "bank" })];

  expect(policies.map((policy) => [policy.name, Object.isFrozen(policy)])).toEqual([
    ["hedge", true],
    ["bank", true],
  ]);
});

test.for<[message: string, make: () => unknown]>([
  ["hedge.delay: expected a duration such as", () => hedge(undefined as never)],
  ['received "2 seconds"', () => hedge("2 seconds" as never)],
  ["Infinity, an object such as { quantile: 0.95 }, or a function", () => hedge(-1)],
  ["hedge.delay: expected an object with options, received null", () => hedge(null as never)],
  ["hedge.delay.quantile: expected a number from 0.5 to 1", () => hedge({ quantile: 95 })],
  ["hedge.delay.percentile: unknown", () => hedge({ percentile: 95 } as never)],
  ["hedge.attempts: expected an integer >= 1 and <= 100", () => hedge(0, { attempts: 101 })],
  [
    "hedge.budget: expected an object with deposit(), withdraw()",
    () => hedge(0, { budget: {} as never }),
  ],
  ["hedge.faultOfResult: expected a function", () => hedge(0, { faultOfResult: 1 as never })],
  ["hedge.hedges: unknown; known are name, attempts", () => hedge(0, { hedges: 1 } as never)],
])("refuses with %s", ([message, make]) => {
  expect(make).toThrow(message);
});

import { expect, test } from "vitest";
import {
  adaptiveLimit,
  aimd,
  breaker,
  expectOk,
  gradient,
  OptionsError,
  pipeline,
  retry,
  timeout,
  type AdaptiveLimitOptions,
  type EventDetails,
  type LimitRule,
  type Slots,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/** Whole numbers, so that each outcome shows. */
const halving = aimd({ decrease: 0.5 });

/** Calls that end one after the other, each as `work` does. */
async function calls(limited: Slots, count: number, work: () => unknown): Promise<void> {
  for (let call = 0; call < count; call++) await errorOf(limited.run(work));
}

test("by default it begins at 20, between 1 and 200, with room for a hundred to wait", async () => {
  const clock = new VirtualClock();
  const limited = adaptiveLimit({ clock });
  const held = Promise.withResolvers<void>();
  const running = Array.from({ length: 120 }, () => limited.run(() => held.promise));

  const full = await errorOf(limited.run(() => "done"));
  const { name, limit, running: taken, queued, abandoned, free } = limited;
  held.resolve();
  await Promise.all(running);

  expect([name, String(full)]).toEqual([
    "adaptive limit",
    'BulkheadFullError: Bulkhead "adaptive limit" is full: 20 run and 100 wait',
  ]);
  expect({ limit, taken, queued, abandoned, free }).toEqual({
    limit: 20,
    taken: 20,
    queued: 100,
    abandoned: 0,
    free: 0,
  });
});

test("its queue goes in the order that it is told, and makes room as it is told", async () => {
  const limited = adaptiveLimit({ initial: 1, max: 1, queue: 2, order: "newest first" });
  const held = Promise.withResolvers<void>();
  const begun: string[] = [];
  const first = limited.run(() => held.promise);
  const waiting = ["a", "b", "c"].map((name) => errorOf(limited.run(() => begun.push(name))));

  held.resolve();
  await Promise.all([first, ...waiting]);

  expect(begun).toEqual(["c", "b"]);
});

test("calls that end well raise it, and a slot that is new is used at once", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const limited = adaptiveLimit({
    name: "api",
    initial: 1,
    clock,
    on: (event) => told.push(event),
  });
  let most = 0;

  await clock.settle(() =>
    Promise.all(
      Array.from({ length: 4 }, () =>
        limited.run(() => {
          most = Math.max(most, limited.running);
          return clock.sleep(10);
        }),
      ),
    ),
  );

  expect([most, limited.limit]).toEqual([2, 3]);
  expect(told).toEqual([
    { type: "limit.changed", policy: "api", from: 1, to: 2 },
    { type: "limit.changed", policy: "api", from: 2, to: 3 },
  ]);
});

test("an overload lowers it, once for all calls that were under way", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const limited = adaptiveLimit({ clock, name: "api", on: (event) => told.push(event) });
  const overloaded = async (ms: number): Promise<never> => {
    await clock.sleep(ms);
    return expectOk({ status: 503 }) as never;
  };

  await clock.settle(() =>
    Promise.all(
      Array.from({ length: 20 }, (_, index) => errorOf(limited.run(() => overloaded(10 + index)))),
    ),
  );

  expect(told).toEqual([{ type: "limit.changed", policy: "api", from: 20, to: 18 }]);
});

const OUTCOMES: readonly [what: string, work: () => unknown, limit: number][] = [
  ["a service that is overloaded", () => expectOk({ status: 503 }), 10],
  ["a rate limit", () => expectOk({ status: 429 }), 10],
  [
    "a connection that was cut",
    () => Promise.reject(Object.assign(new Error("cut"), { code: "ECONNRESET" })),
    10,
  ],
  ["a timeout", () => timeout(0).run(() => new Promise(() => {})), 10],
  ["a bad request", () => expectOk({ status: 400 }), 20],
  ["what nobody knows", () => Promise.reject(new Error("odd")), 20],
  ["a value", () => "done", 20],
];

test.for(OUTCOMES)("after %s, 20 is %d", async ([, work, expected]) => {
  const limited = adaptiveLimit({ rule: halving });

  await calls(limited, 1, work);

  expect(limited.limit).toBe(expected);
});

test("what is an overload may be said", async () => {
  const seen: unknown[] = [];
  const full = new Error("full");
  const limited = adaptiveLimit({
    rule: halving,
    when: (error, fault) => {
      seen.push(error, fault.code);
      return error === full;
    },
    classify: () => ({ class: "degraded", code: "OWN", effect: "none" }),
  });

  await calls(limited, 1, () => expectOk({ status: 503 }));
  const after503 = limited.limit;
  await calls(limited, 1, () => Promise.reject(full));

  expect([after503, limited.limit, seen.at(-2), seen.at(-1)]).toEqual([20, 10, full, "OWN"]);
});

test("where that throws, the default holds, and the work's error comes out untouched", async () => {
  const error = Object.assign(new Error("cut"), { code: "ECONNRESET" });
  const limited = adaptiveLimit({ rule: halving, when: () => expect.unreachable("a bug") });

  const thrown = await errorOf(limited.run(() => Promise.reject(error)));

  expect([thrown === error, limited.limit]).toEqual([true, 10]);
});

const MISTAKES: readonly [what: string, next: () => unknown][] = [
  ["throws", () => expect.unreachable("a bug")],
  ["answers no estimate", () => undefined],
  ["answers a promise of one", () => Promise.resolve({ limit: 3, loweredAtMs: 0 })],
  ["answers a limit that is no number", () => ({ limit: NaN, loweredAtMs: 0 })],
  ["answers a limit without a bound", () => ({ limit: Infinity, loweredAtMs: 0 })],
];

test.for(MISTAKES)(
  "a rule that %s moves nothing, and calls end as their works do",
  async ([, next]) => {
    const limits = { max: 5, initial: 2, queue: 0 };
    const rule = { ...aimd(), next: next as LimitRule["next"] };
    const limited = adaptiveLimit({ ...limits, rule });
    const error = new Error("mine");

    const value = await limited.run(() => "done");
    const thrown = await errorOf(limited.run(() => Promise.reject(error)));
    for (let call = 0; call < 3; call++) void errorOf(limited.run(() => new Promise(() => {})));

    expect([value, thrown === error, limited.limit, limited.running]).toEqual(["done", true, 2, 2]);
  },
);

test("a rule that fails once goes on from where it was", async () => {
  const whole = aimd();
  let asked = 0;
  const limited = adaptiveLimit({
    initial: 1,
    rule: {
      ...whole,
      next: (estimate, sample) =>
        ++asked === 2 ? { ...estimate, limit: NaN } : whole.next(estimate, sample),
    },
  });

  await calls(limited, 3, () => "done");

  expect(limited.limit).toBe(2);
});

test("B8 refusals by our own policies and the caller's abort leave it as it is", async () => {
  const clock = new VirtualClock();
  const limited = adaptiveLimit({ rule: halving, clock });
  const circuit = breaker("inner", { failures: 1, clock });
  await errorOf(circuit.run(() => Promise.reject(new Error("down"))));
  const caller = new AbortController();

  const refused = await errorOf(pipeline(limited, circuit).run(() => "done"));
  const cancelled = errorOf(
    limited.run(() => clock.sleep(1_000).then(() => expectOk({ status: 503 })), caller),
  );
  caller.abort("stop");
  await clock.settle(() => limited.drained());

  expect([refused, await cancelled, limited.limit]).toMatchObject([
    { code: "CIRCUIT_OPEN" },
    "stop",
    20,
  ]);
});

test("B8 calls that were cancelled and end well all the same raise nothing", async () => {
  const clock = new VirtualClock();
  const limited = adaptiveLimit({ initial: 1, clock });
  const caller = new AbortController();
  const cancelled = errorOf(limited.run(() => clock.sleep(1_000), caller));

  caller.abort("stop");
  await cancelled;
  await clock.settle(() => limited.drained());

  expect(limited.limit).toBe(1);
});

test("A1 a dependency that hangs takes its slots and no more, and is seen as full", async () => {
  const clock = new VirtualClock();
  const limited = adaptiveLimit({ initial: 2, queue: 0, clock });
  void limited.run(() => new Promise(() => {}));
  void limited.run(() => new Promise(() => {}));

  const error = await errorOf(limited.run(() => "done"));

  expect([error, limited.free]).toMatchObject([{ code: "BULKHEAD_FULL" }, 0]);
});

test("T3 it holds the slot of a call that was given up until its work has ended", async () => {
  const clock = new VirtualClock();
  const limited = adaptiveLimit({ clock });
  const hasty = pipeline(limited, retry({ total: "1s", clock }));

  const error = await clock.settle(() => errorOf(hasty.run(() => clock.sleep(3_000))));
  const { running, abandoned, limit } = limited;
  await clock.settle(() => limited.drained());

  expect([error, running, abandoned, limit]).toMatchObject([{ code: "TIMED_OUT" }, 1, 1, 18]);
  expect([clock.elapsed(), limited.running, limited.abandoned]).toEqual([3_000, 0, 0]);
});

test("it never leaves its bounds", async () => {
  const low = adaptiveLimit({ rule: halving, min: 4, initial: 5 });
  const high = adaptiveLimit({ max: 2, initial: 1 });
  const clock = new VirtualClock();

  for (let call = 0; call < 5; call++) {
    await calls(low, 1, () => expectOk({ status: 503 }));
    await calls(high, 3, () => "done");
  }
  // However long all was well, one overload later it is below its bound.
  const lowered = adaptiveLimit({ rule: halving, max: 3, clock });
  for (let round = 0; round < 50; round++) {
    await clock.settle(() => Promise.all([1, 2, 3].map(() => lowered.run(() => clock.sleep(1)))));
  }
  await calls(lowered, 1, () => expectOk({ status: 503 }));

  expect([low.limit, high.limit, lowered.limit]).toEqual([4, 2, 1]);
});

test.for<[given: AdaptiveLimitOptions, limit: number]>([
  [{ max: 10 }, 10],
  [{ min: 30 }, 30],
  [{ min: 5, max: 5 }, 5],
  [{ initial: 200 }, 200],
  [{ initial: 1 }, 1],
])("with %o it begins at %d", ([given, limit]) => {
  expect(adaptiveLimit(given).limit).toBe(limit);
});

test("calls of another priority share its slots and teach it as well", async () => {
  const clock = new VirtualClock();
  const limited = adaptiveLimit({ initial: 1, rule: halving, max: 3, clock });
  const order: string[] = [];
  const held = limited.run(() => clock.sleep(10).then(() => expectOk({ status: 503 })));
  const low = limited.run(() => order.push("low"));
  const high = limited.at(1).run(() => order.push("high"));

  await clock.settle(() => Promise.all([errorOf(held), low, high]));

  expect([order, limited.limit]).toEqual([["high", "low"], 2]);
});

/** A dependency that answers at once up to its capacity, and has the others wait for each other. */
function dependency(clock: VirtualClock, capacity: number) {
  let running = 0;
  return async (): Promise<void> => {
    running++;
    await clock.sleep(100 * Math.max(1, running / capacity));
    running--;
  };
}

test("the gradient finds about the capacity of a dependency, and makes use of it", async () => {
  const clock = new VirtualClock();
  const limited = adaptiveLimit({ rule: gradient(), queue: Infinity, clock });
  const work = dependency(clock, 40);

  await clock.settle(() => Promise.all(Array.from({ length: 8_000 }, () => limited.run(work))));

  expect(limited.limit).toBeGreaterThan(40);
  expect(limited.limit).toBeLessThan(90);
});

test("aimd stays about where a dependency begins to turn calls away", async () => {
  const clock = new VirtualClock();
  const limited = adaptiveLimit({ queue: Infinity, clock });
  let running = 0;
  const work = async (): Promise<void> => {
    running++;
    try {
      if (running > 50) expectOk({ status: 503 });
      await clock.sleep(100);
    } finally {
      running--;
    }
  };

  await clock.settle(() =>
    Promise.all(Array.from({ length: 8_000 }, () => errorOf(limited.run(work)))),
  );

  expect(limited.limit).toBeGreaterThan(40);
  expect(limited.limit).toBeLessThanOrEqual(51);
});

test.for<[name: string, mistake: AdaptiveLimitOptions]>([
  ["an unknown option", { limit: 3 } as never],
  ["a least limit of none", { min: 0 }],
  ["bounds that contradict each other", { min: 3, max: 2 }],
  ["a first limit below the least", { min: 3, initial: 2 }],
  ["a first limit above the greatest", { max: 3, initial: 4 }],
  ["a rule that is none", { rule: {} as never }],
  ["a rule that has not been made", { rule: aimd as never }],
  ["an empty name", { name: "" }],
  ["a queue of less than none", { queue: -1 }],
])("%s is refused", ([, mistake]) => {
  expect(() => adaptiveLimit(mistake)).toThrow(OptionsError);
});

test("what is wrong with the bounds is said", () => {
  expect(() => adaptiveLimit({ min: 3, max: 2 })).toThrow(
    "adaptiveLimit.min: expected a number that fits max (2), received 3",
  );
  expect(() => adaptiveLimit({ max: 3, initial: 4 })).toThrow(
    "adaptiveLimit.initial: expected a number that fits min (1) and max (3), received 4",
  );
});

test("it cannot be changed", () => {
  expect(Object.isFrozen(adaptiveLimit())).toBe(true);
});

import { expect, test } from "vitest";
import {
  constant,
  NoTimeLeftError,
  OptionsError,
  retry,
  type Clock,
  type EventDetails,
  type RetryOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });

function patient(options: RetryOptions = {}) {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const policy = retry({
    clock,
    backoff: constant("1s"),
    attempts: 3,
    on: (event) => told.push(event),
    ...options,
  });
  return { clock, policy, told };
}

/** A clock with nothing but what every clock has. */
const UNBLOCKABLE: Clock = {
  now: () => 0,
  elapsed: () => 0,
  sleep: async () => {},
  after: () => () => {},
};

function failing(times: number, value = "done") {
  return ({ attempt }: { readonly attempt: number }): string => {
    if (attempt <= times) throw down();
    return value;
  };
}

test("synchronous work is run again after waits that block", () => {
  const { clock, policy, told } = patient();

  const value = policy.runSync(failing(2));

  expect({ value, sleeps: clock.sleeps, types: told.map(({ type }) => type) }).toEqual({
    value: "done",
    sleeps: [1_000, 1_000],
    types: [
      "attempt.failed",
      "retry.scheduled",
      "attempt.failed",
      "retry.scheduled",
      "retry.recovered",
    ],
  });
});

test("the last error is thrown as it is", () => {
  const { policy, told } = patient();
  const error = down();

  expect(() =>
    policy.runSync(() => {
      throw error;
    }),
  ).toThrow(error);
  expect(told.at(-1)).toMatchObject({ type: "retry.stopped", reason: "attempts used up" });
});

test("a wait that would not end in time is not begun", () => {
  const { clock, policy, told } = patient({ total: "1500ms" });

  expect(() => policy.runSync(failing(9))).toThrow("down");
  expect({ sleeps: clock.sleeps, last: told.at(-1) }).toMatchObject({
    sleeps: [1_000],
    last: { type: "retry.stopped", reason: "time is up", attempts: 2 },
  });
});

test("the work sees what is left of the total limit", () => {
  const { policy } = patient({ total: "1500ms" });
  const left: number[] = [];

  policy.runSync((attempt) => {
    left.push(attempt.deadline.remainingMs());
    return failing(1)(attempt);
  });

  expect(left).toEqual([1_500, 500]);
});

test("a result that is a fault is retried, and the last one answered", () => {
  const { policy } = patient({
    faultOfResult: (value) =>
      value === "busy" ? { class: "degraded", code: "BUSY", effect: "none" } : undefined,
  });

  expect([
    policy.runSync(({ attempt }) => (attempt < 3 ? "busy" : "done")),
    policy.runSync(() => "busy"),
  ]).toEqual(["done", "busy"]);
});

test("a signal that aborts ends it between attempts, with its reason", () => {
  const caller = new AbortController();
  const { clock, policy } = patient({ beforeRetry: () => caller.abort("stop") });

  expect(() => policy.runSync(failing(2), caller)).toThrow("stop");
  expect(clock.sleeps).toEqual([1_000]);
});

test("beforeRetry is called before the wait, and what it throws ends it", () => {
  const mistake = new Error("no credentials");
  const seen: unknown[] = [];
  const { clock, policy, told } = patient({
    beforeRetry: ({ attempt, fault }) => {
      seen.push([attempt, fault.code, clock.sleeps.length]);
      if (attempt === 2) throw mistake;
    },
  });

  expect(() => policy.runSync(failing(9))).toThrow(mistake);
  expect({ seen, last: told.at(-1) }).toMatchObject({
    seen: [
      [1, "ECONNREFUSED", 0],
      [2, "ECONNREFUSED", 1],
    ],
    last: { type: "retry.stopped", reason: "ended by beforeRetry" },
  });
});

test("a budget is asked here too", () => {
  let deposits = 0;
  const budget = { deposit: () => void deposits++, withdraw: () => false };
  const { policy, told } = patient({ budget });

  expect(() => policy.runSync(failing(1))).toThrow("down");
  expect([deposits, told.at(-1)]).toMatchObject([1, { reason: "budget is spent" }]);
});

test.for([
  ["work that answers a promise", (policy) => policy.runSync(() => Promise.reject(down()))],
  [
    "a beforeRetry that answers a promise",
    () => patient({ beforeRetry: () => Promise.reject(down()) }).policy.runSync(failing(1)),
  ],
  [
    "a when that answers a promise",
    () => patient({ when: () => Promise.resolve(true) }).policy.runSync(failing(1)),
  ],
  [
    "a clock that cannot block",
    () => {
      patient({ clock: UNBLOCKABLE }).policy.runSync(failing(1));
    },
  ],
] as const satisfies readonly (readonly [
  string,
  (policy: ReturnType<typeof patient>["policy"]) => unknown,
])[])("%s is refused", ([, mistake]) => {
  expect(() => mistake(patient().policy)).toThrow(OptionsError);
});

test("no wait needs no clock that can block", () => {
  const policy = retry({ clock: UNBLOCKABLE, backoff: constant(0) });

  expect(policy.runSync(failing(2))).toBe("done");
});

test("a last word that says no ends it", () => {
  const { policy, told } = patient({ when: () => false });

  expect(() => policy.runSync(failing(1))).toThrow("down");
  expect(told.at(-1)).toMatchObject({ type: "retry.stopped", reason: "refused by when" });
});

test("work that could not end in time is not begun", () => {
  const { policy } = patient({ total: "1s", expects: "2s" });

  expect(() => policy.runSync(failing(0))).toThrow(NoTimeLeftError);
});

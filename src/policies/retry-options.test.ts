import { expect, test } from "vitest";
import {
  constant,
  delays,
  faultOf,
  HttpStatusError,
  OptionsError,
  pipeline,
  retry,
  timeout,
  withFault,
  type EventDetails,
  type Fault,
  type RetryOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { play } from "./play-retry.contract.ts";

class QuotaError extends Error {}

const withCode = (code: string): Error => Object.assign(new Error(code), { code });
const http = (status: number): Error => new HttpStatusError(new Response(null, { status }));
const BUSY: Fault = { class: "degraded", code: "BUSY", effect: "none" };

test.for<[name: string, options: RetryOptions, errors: Error[], attempts: number, reason?: string]>(
  [
    ["a code in only is retried", { only: ["HTTP_503"] }, [http(503)], 2],
    ["a class in only is retried", { only: ["degraded"] }, [http(503)], 2],
    ["a class of errors in only is retried", { only: [QuotaError] }, [new QuotaError()], 2],
    ["whatever its class", { only: ["HTTP_404"] }, [http(404), http(404), http(404)], 4],
    ["as often as there are attempts", { only: [Error] }, [new Error("a"), new Error("b")], 3],
    [
      "what only does not list is not",
      { only: ["HTTP_503"] },
      [http(500)],
      1,
      "not listed in only",
    ],
    ["an empty list is no failure", { only: [] }, [http(503)], 1, "not listed in only"],
    ["a code in except is not", { except: ["HTTP_503"] }, [http(503)], 1, "listed in except"],
    ["a class in except is not", { except: ["timeout"] }, [http(504)], 1, "listed in except"],
    ["a class of errors in except is not", { except: [Error] }, [http(503)], 1, "listed in except"],
    ["what except does not list is", { except: ["HTTP_503"] }, [http(500)], 2],
    [
      "except goes before only",
      { only: [Error], except: ["HTTP_503"] },
      [http(500), http(503)],
      2,
      "listed in except",
    ],
    [
      "what is listed is asked whether it may run again",
      { only: ["ECONNRESET"], repeatable: false },
      [withCode("ECONNRESET")],
      1,
      "not repeatable",
    ],
    [
      "a mark on the error decides",
      {},
      [withFault(http(503), { class: "fatal" })],
      1,
      "class is not retried",
    ],
    ["also for more attempts", {}, [withFault(new TypeError("x"), { class: "transient" })], 2],
  ],
)("%s", async ([, options, errors, attempts, reason]) => {
  const played = await play(options, errors);

  expect({ attempts: played.attempts, reason: played.reason, end: played.end }).toEqual({
    attempts,
    reason,
    end: reason === undefined ? "done" : errors[attempts - 1],
  });
});

test("a mark says what it says, and the error the rest", () => {
  const error = withCode("EPAY");

  const mark = { code: undefined, effect: undefined, retryAfterMs: 40 };
  const marked = withFault(error, { class: "transient", ...mark });

  expect([marked === error, faultOf(error), withFault("text", { class: "fatal" })]).toEqual([
    true,
    { class: "transient", code: "EPAY", effect: "unknown", retryAfterMs: 40 },
    "text",
  ]);
});

test("an attempt that could not end in time is not begun", async () => {
  const played = await play({ total: "4s", expects: "1s" }, Array(9).fill(http(503)));

  // At 3 s there is just 1 s left.
  expect([played.attempts, played.reason, played.clock.elapsed()]).toEqual([
    3,
    "time is up",
    2_000,
  ]);
});

test("a limit outside counts for what is expected too", async () => {
  const clock = new VirtualClock();
  let attempts = 0;
  const patient = retry({ clock, backoff: constant("1s"), expects: "3s", attempts: 9 });

  const running = clock.settle(() =>
    pipeline(timeout("5s", { clock }), patient).run(() => {
      attempts++;
      throw http(503);
    }),
  );

  await expect(running).rejects.toMatchObject({ status: 503 });
  expect([attempts, clock.elapsed()]).toEqual([2, 1_000]);
});

test("a result that is a fault is retried as its class says", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const policy = retry({
    clock,
    backoff: constant("1s"),
    faultOfResult: (result) => (result === "busy" ? BUSY : undefined),
    on: (event) => told.push(event),
  });

  const value = await clock.settle(() =>
    policy.run(({ attempt }) => (attempt < 3 ? "busy" : "done")),
  );

  expect({ value, sleeps: clock.sleeps, first: told[0] }).toEqual({
    value: "done",
    sleeps: [1_000, 1_000],
    first: {
      type: "attempt.failed",
      policy: "retry",
      number: 1,
      durationMs: 0,
      fault: BUSY,
      error: "busy",
    },
  });
});

test("the last result is answered as it is when there is no further attempt", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const policy = retry({
    attempts: 2,
    clock,
    faultOfResult: () => BUSY,
    on: (event) => told.push(event),
  });

  const value = await clock.settle(() => policy.run(({ attempt }) => ({ attempt })));

  expect([value, told.at(-1)]).toMatchObject([
    { attempt: 2 },
    { type: "retry.stopped", reason: "attempts used up", error: { attempt: 2 } },
  ]);
});

test("a faultOfResult that throws ends the call with what it threw", async () => {
  const mistake = new Error("mistake");
  const policy = retry({
    faultOfResult: () => {
      throw mistake;
    },
  });

  await expect(policy.run(() => "done")).rejects.toBe(mistake);
});

test("a result that comes after the caller's abort is judged no more", async () => {
  const caller = new AbortController();
  let judged = 0;
  const policy = retry({ faultOfResult: () => void judged++ });

  const running = policy.run(async () => {
    caller.abort("closing down");
    return "done";
  }, caller);

  await expect(running).rejects.toBe("closing down");
  expect(judged).toBe(0);
});

test("R12 the budget is asked before the wait, and when it is spent the last error is thrown", async () => {
  let left = 1;
  const asked: string[] = [];
  const budget = {
    deposit: () => void asked.push("deposit"),
    withdraw: () => {
      asked.push("withdraw");
      return left-- > 0;
    },
  };
  const errors = [http(503), http(503), http(503)];

  const played = await play({ budget }, errors);

  expect({ ...played, clock: played.clock.sleeps, told: asked }).toEqual({
    end: errors[1],
    attempts: 2,
    reason: "budget is spent",
    clock: [1_000],
    told: ["deposit", "withdraw", "withdraw"],
  });
});

test("a budget is not asked for a retry that will not be", async () => {
  let asked = 0;
  const budget = { deposit: () => {}, withdraw: () => ++asked > 0 };

  await play({ budget, when: () => false }, [http(503)]);
  await play({ budget }, [http(400)]);

  expect(asked).toBe(0);
});

test("a wait can go by the failure", async () => {
  const played = await play(
    {
      backoff: ({ fault, error }) =>
        fault?.code === "HTTP_503" ? 10 : (error as Error).message.length,
    },
    [http(503), withCode("ETIMEDOUT")],
  );

  expect(played.clock.sleeps).toEqual([10, 9]);
});

test("a jitter of one's own makes of the wait what it likes", async () => {
  const played = await play({ backoff: delays(["1s"], { jitter: (waitMs) => waitMs + 5 }) }, [
    http(503),
  ]);

  expect(played.clock.sleeps).toEqual([1_005]);
});

test.for<[name: string, options: RetryOptions]>([
  ["only is no list", { only: "HTTP_503" as never }],
  ["only lists a predicate", { only: [(() => true) as never] }],
  ["except lists a number", { except: [503 as never] }],
  ["except lists an empty code", { except: [""] }],
  ["expects is no length of time", { expects: "soon" as never }],
  ["nested is another word", { nested: "own" as never }],
  ["the budget is a number", { budget: 3 as never }],
  ["faultOfResult is no function", { faultOfResult: BUSY as never }],
])("%s", ([, options]) => {
  expect(() => retry(options)).toThrow(OptionsError);
});

test("the first attempt is not begun either where it could not end in time", async () => {
  const clock = new VirtualClock();
  let attempts = 0;
  const guardedBy = (limit: string, total = Infinity) =>
    pipeline(timeout(limit as "1s", { clock }), retry({ clock, expects: "3s", total })).run(
      () => void attempts++,
    );

  await expect(guardedBy("3s")).rejects.toMatchObject({ code: "NO_TIME_LEFT" });
  await expect(guardedBy("1m", 2_000)).rejects.toMatchObject({ code: "NO_TIME_LEFT" });
  await guardedBy("3001ms");

  expect([attempts, clock.pending]).toEqual([1, 0]);
});

test("a retry outside does not wait for time that will not come back", async () => {
  const clock = new VirtualClock();
  const inner = retry({ clock, expects: "3s", nested: "independent" });

  const running = clock.settle(() =>
    pipeline(timeout("2s", { clock }), retry({ clock }), inner).run(() => "done"),
  );

  await expect(running).rejects.toMatchObject({ code: "NO_TIME_LEFT" });
  expect(clock.elapsed()).toBe(0);
});

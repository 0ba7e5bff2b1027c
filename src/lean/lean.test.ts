import { expect, test } from "vitest";
import { withFault } from "../index.ts";
import { expectNothingLeft } from "../testing/expect-nothing-left.ts";
import { ownPolicy } from "../policies/own-policy.contract.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { attemptsAt, down } from "./attempts-at.contract.ts";
import { ownFaultOf } from "./faults.ts";
import {
  breaker,
  OptionsError,
  pipeline,
  retry,
  timeout,
  type Policy,
  type RunOptions,
} from "./index.ts";

const half = (): number => 0.5;

test("failed work runs again after its wait, four times in all", async () => {
  const clock = new VirtualClock();
  const begun: [attempt: number, atMs: number][] = [];
  const error = down();

  const thrown = await clock.settle(() =>
    retry({ clock, random: half })
      .run(({ attempt }) => {
        begun.push([attempt, clock.elapsed()]);
        throw error;
      })
      .catch((reason: unknown) => reason),
  );

  expect(thrown).toBe(error);
  expect(begun).toEqual([
    [1, 0],
    [2, 100],
    [3, 300],
    [4, 700],
  ]);
});

test("a wait grows to 30 s, and the backoff is told what it is for", async () => {
  const clock = new VirtualClock();
  const told: unknown[] = [];
  const error = down();

  await clock.settle(() => attemptsAt(error, retry({ clock, attempts: 12, random: half })));
  const usualMs = clock.elapsed();
  await clock.settle(() =>
    attemptsAt(
      error,
      retry({
        clock,
        attempts: 3,
        random: half,
        backoff: ({ random, ...failed }) => {
          told.push({ ...failed, drawn: random() });
          return 50 * failed.retry;
        },
      }),
    ),
  );

  // 100, 200, … 12,800, and three times half of 30 s.
  expect(usualMs).toBe(25_500 + 45_000);
  const fault = { class: "degraded", code: "UNKNOWN", effect: "unknown" };
  expect(told).toEqual([
    { retry: 1, previousMs: 0, error, fault, drawn: 0.5 },
    { retry: 2, previousMs: 50, error, fault, drawn: 0.5 },
  ]);
  expect(clock.elapsed() - usualMs).toBe(150);
});

test.for<[what: string, error: unknown, attempts: number]>([
  ["anything else", down(), 3],
  ["what is no error", "down", 3],
  ["nothing at all", undefined, 3],
  ["a bug", new ReferenceError("x is not defined"), 1],
  ["a bug in another frame", { name: "TypeError", message: "x is not a function" }, 1],
  ["data of another shape", new SyntaxError("Unexpected token"), 1],
  ["what fetch throws in Chromium", new TypeError("Failed to fetch"), 3],
  ["what fetch throws in Safari", new TypeError("Load failed"), 3],
  ["what fetch throws in Firefox", new TypeError("NetworkError when attempting to fetch it"), 3],
  ["what fetch throws on Node", new TypeError("fetch failed"), 3],
  ["what fetch throws on Deno", new TypeError("error sending request for url"), 3],
  ["what fetch throws on phones", new TypeError("Network request failed"), 3],
  ["a broken body on Node", new TypeError("terminated"), 3],
  ["a broken body in Chromium", new TypeError("network error"), 3],
  ["a function that is missing", new TypeError("fetchCart is not a function"), 1],
  ["a method that is missing", new TypeError("api.network is not a function"), 1],
  ["another that is missing", new TypeError("work.terminated is not a function"), 1],
  ["what is not there", new TypeError("can't read properties of undefined (reading 'fetch')"), 1],
  ["what was marked fatal", withFault(down(), { class: "fatal" }), 1],
  ["what was marked unknown", withFault(down(), { class: "unknown" }), 2],
  ["a bug that was marked transient", withFault(new TypeError("x"), { class: "transient" }), 3],
])("%s is tried as its class says", async ([, error, attempts]) => {
  const clock = new VirtualClock();
  const policy = retry({ clock, attempts: 3, backoff: () => 1 });

  expect(await clock.settle(() => attemptsAt(error, policy))).toBe(attempts);
});

test("a classifier of one's own decides, and what a fault asks for is the least wait", async () => {
  const clock = new VirtualClock();
  const begun: number[] = [];
  const classify = () =>
    ({ class: "transient", code: "BUSY", effect: "none", retryAfterMs: 5_000 }) as const;

  await clock.settle(() =>
    retry({ clock, classify, attempts: 2, backoff: () => 1 })
      .run(() => {
        begun.push(clock.elapsed());
        throw new TypeError("busy");
      })
      .catch(() => undefined),
  );

  expect(begun).toEqual([0, 5_000]);
});

test.for([NaN, Infinity, 60_000])("a wait of %d is not begun within a minute", async (waitMs) => {
  const clock = new VirtualClock();
  const policy = pipeline(timeout("1m", { clock }), retry({ clock, backoff: () => waitMs }));

  expect(await clock.settle(() => attemptsAt(down(), policy))).toBe(1);
  expect(clock.elapsed()).toBe(0);
});

test("a limit ends work that takes no notice, and aborts its signal with its error", async () => {
  const clock = new VirtualClock();
  const seen: unknown[] = [];

  const error = await clock.settle(() =>
    timeout("2s", { clock, name: "page" })
      .run(({ signal, deadline }) => {
        seen.push(deadline.remainingMs());
        signal.addEventListener("abort", () => seen.push(signal.reason));
        return new Promise(() => {});
      })
      .catch((reason: unknown) => reason),
  );

  expect(clock.elapsed()).toBe(2_000);
  expect(error).toMatchObject({
    code: "TIMED_OUT",
    limitMs: 2_000,
    message: 'Work under "page" did not end within 2000 ms',
  });
  expect(seen).toEqual([2_000, error]);
});

test("limits nest, and the work sees the sooner", async () => {
  const clock = new VirtualClock();
  const left = async (...limits: number[]): Promise<number> =>
    pipeline(...limits.map((limit) => timeout(limit, { clock }))).run(({ deadline }) =>
      deadline.remainingMs(),
    );

  expect([await left(100, 300), await left(300, 100)]).toEqual([100, 100]);
});

test("a signal that is not limited never aborts, and that of work that ended in time neither", async () => {
  const clock = new VirtualClock();
  const signals = await Promise.all(
    [retry({ clock }), timeout(10, { clock }), pipeline()].map((policy) =>
      policy.run(({ signal }) => signal),
    ),
  );

  await clock.advance(1_000);

  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false]);
});

test.for<[what: string, policy: (clock: VirtualClock) => Policy]>([
  ["retry", (clock) => retry({ clock })],
  ["breaker", (clock) => breaker("bank", { clock })],
  ["timeout", (clock) => timeout("1m", { clock })],
  ["pipeline", () => pipeline()],
  ["all of them", (clock) => pipeline(retry({ clock }), breaker("x", { clock }), timeout(9))],
])("an abort ends %s at once, and one that came before starts nothing", async ([, make]) => {
  const policy = make(new VirtualClock());
  const caller = new AbortController();
  let begun = 0;
  const call = policy.run(
    () => {
      begun++;
      return new Promise(() => {});
    },
    { signal: caller.signal },
  );

  caller.abort("enough");

  await expect(call).rejects.toBe("enough");
  await expect(policy.run(() => begun++, { signal: caller.signal })).rejects.toBe("enough");
  expect(begun).toBe(1);
});

test.for<[when: string, make: (abort: () => void) => [Policy, () => never]]>([
  [
    "in the work",
    (abort) => [
      retry(),
      () => {
        abort();
        throw down();
      },
    ],
  ],
  [
    "before the wait",
    (abort) => [
      retry({
        backoff: () => {
          abort();
          return 1;
        },
      }),
      () => {
        throw down();
      },
    ],
  ],
])("an abort %s is the reason, and nothing more begins", async ([, make]) => {
  const caller = new AbortController();
  const [policy, work] = make(() => caller.abort("enough"));
  let begun = 0;

  const call = policy.run(() => {
    begun++;
    return work();
  }, caller);

  await expect(call).rejects.toBe("enough");
  expect(begun).toBe(1);
});

test("an abort ends a wait at once", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const call = retry({ clock, backoff: () => 10_000 }).run(() => Promise.reject(down()), {
    signal: caller.signal,
  });
  await clock.advance(1_000);

  caller.abort("enough");

  await expect(call).rejects.toBe("enough");
});

test.for<[how: string, work: () => unknown, isAborted: boolean, end: unknown]>([
  ["well", () => "done", false, "done"],
  ["badly", () => Promise.reject(down()), false, "degraded"],
  ["by its limit", () => new Promise(() => {}), false, "timeout"],
  ["by the caller", () => new Promise(() => {}), true, "enough"],
])("no timer and no listener is left by a call that ends %s", async (row) => {
  const [, work, isAborted, end] = row;

  const ends = await expectNothingLeft(({ caller }) => {
    const policy = pipeline(retry({ attempts: 2, backoff: () => 1 }), timeout("20ms"));
    const calls = [1, 2, 3].map(() => policy.run(work, caller));
    if (isAborted) caller.abort("enough");
    return Promise.all(
      calls.map((call) =>
        call.catch((error: unknown) => (error instanceof Error ? ownFaultOf(error).class : error)),
      ),
    );
  });

  expect(ends).toEqual([end, end, end]);
});

test("A4 a thousand calls under one signal leave one listener on it", async () => {
  const caller = new AbortController();
  const { signal } = caller;
  let added = 0;
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    added++;
    add(...given);
  };
  const policy = pipeline(retry(), timeout("1m"));

  const calls = Array.from({ length: 1_000 }, () =>
    policy.run(() => new Promise(() => {}), { signal }),
  );
  caller.abort("enough");
  const ends = await Promise.allSettled(calls);

  expect(added).toBe(1);
  expect(new Set(ends.map((end) => end.status === "rejected" && end.reason))).toEqual(
    new Set(["enough"]),
  );
});

test("policies of holdfast and of one's own nest with these", async () => {
  const { retry: full } = await import("../index.ts");
  const clock = new VirtualClock();
  const seen: unknown[] = [];
  const own = ownPolicy(retry({ clock, attempts: 2, backoff: () => 1 }));
  const policy = pipeline(
    full({ clock, attempts: 2, backoff: [1] }),
    timeout("1m", { clock }),
    own,
  );

  await clock.settle(() =>
    policy
      .run(({ attempt, deadline }) => {
        seen.push([attempt, deadline.remainingMs() <= 60_000]);
        throw down();
      })
      .catch(() => undefined),
  );

  expect(seen).toEqual([
    [1, true],
    [2, true],
    [1, true],
    [2, true],
  ]);
});

test.for<[problem: string, make: () => Policy]>([
  ["retry.tries: unknown", () => retry({ tries: 3 } as never)],
  ["retry.attempts: expected an integer >= 1, or Infinity", () => retry({ attempts: 0 })],
  ["retry.attempts: expected an integer >= 1, or Infinity", () => retry({ attempts: 1.5 })],
  [
    "retry.attempts: expected an integer >= 1, or Infinity",
    () => retry({ attempts: "3" as never }),
  ],
  ["retry.backoff: expected type function", () => retry({ backoff: ["1s"] as never })],
  ["retry.clock: expected type object", () => retry({ clock: null as never })],
  ["retry.name: expected type string", () => retry({ name: "" })],
  ["breaker.name: expected type string", () => breaker("")],
  ['breaker.pause: expected a duration such as 250 or "2s"', () => breaker("x", { pause: -1 })],
  [
    "breaker.failures: expected an integer >= 1, or Infinity",
    () => breaker("x", { failures: NaN }),
  ],
  ['timeout.limit: expected a duration such as 250 or "2s"', () => timeout("soon" as never)],
  ['timeout.limit: expected a duration such as 250 or "2s"', () => timeout(undefined as never)],
  ["timeout.mode: unknown", () => timeout(1, { mode: "cooperative" } as never)],
])("it is refused with %s", ([problem, make]) => {
  expect(make).toThrow(new OptionsError(...(problem.split(": ") as [string, string])));
});

test("what is given as undefined takes its default", async () => {
  const clock = new VirtualClock();
  const policy = retry({ clock, attempts: undefined, random: () => 0 });

  expect(await clock.settle(() => attemptsAt(down(), policy))).toBe(4);
});

test("no signal may be said by null, as fetch allows", async () => {
  const policy = pipeline(retry(), timeout("1m"));
  const given = { signal: null } as unknown as RunOptions;

  expect(await policy.run(({ signal }) => signal.aborted, given)).toBe(false);
});

test.for<[name: string, classify: () => never]>([
  [
    "throws",
    () => {
      throw new Error("mistake");
    },
  ],
  ["has no answer", () => undefined as never],
])("a classifier that %s hides no failure: it is unknown", async ([, classify]) => {
  const clock = new VirtualClock();
  const failure = down();
  const bank = breaker("bank", { clock, classify, failures: 2, pause: "1s" });
  const begun: number[] = [];
  const call = () =>
    clock.settle(() =>
      pipeline(retry({ clock, classify, random: half }), bank)
        .run(() => {
          begun.push(clock.elapsed());
          throw failure;
        })
        .catch((error: unknown) => error),
    );

  const thrown = await call();
  const states = [await attemptsAt(failure, bank), begun.length];
  await clock.advance("1s");

  // The probe that fails opens it again, and leaves no place taken.
  expect([thrown, states]).toEqual([failure, [0, 2]]);
  expect([await attemptsAt(failure, bank), await attemptsAt(failure, bank)]).toEqual([1, 0]);
});

test("the caller's own abort is no fault: nobody is asked what it is", async () => {
  const caller = new AbortController();
  const asked: unknown[] = [];
  const classify = (error: unknown) => {
    asked.push(error);
    return ownFaultOf(error);
  };

  const call = retry({ classify }).run(() => caller.abort("enough"), { signal: caller.signal });

  await expect(call).rejects.toBe("enough");
  expect(asked).toEqual([]);
});

test("a backoff that throws hides no failure: the work is not run again", async () => {
  const clock = new VirtualClock();
  const failure = down();
  let attempts = 0;
  const backoff = (): number => {
    throw new Error("mistake");
  };

  const thrown = await retry({ clock, backoff })
    .run(() => {
      attempts++;
      throw failure;
    })
    .catch((error: unknown) => error);

  expect([thrown, attempts]).toEqual([failure, 1]);
});

import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  pipeline,
  rateLimit,
  RateLimitedError,
  retry,
  TimeoutError,
  timeout,
  type Clock,
  type EventDetails,
  type RateLimitOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const never = (): Promise<never> => new Promise(() => {});

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/** Begins so many calls now and answers when each began. */
const startsOf = (
  limit: { run: ReturnType<typeof rateLimit>["run"] },
  clock: Clock,
  calls: number,
): Promise<number[]> =>
  Promise.all(Array.from({ length: calls }, () => limit.run(() => clock.elapsed())));

test.for<[name: string, options: RateLimitOptions, startsAtMs: number[]]>([
  ["by default at most so many in any second", {}, [0, 0, 0, 1_000, 1_000, 1_000, 2_000]],
  ["per another length", { per: "1m", wait: "2m" }, [0, 0, 0, 60e3, 60e3, 60e3, 120e3]],
  ["with a burst at an even rate after it", { burst: 2 }, [0, 0, 334, 667, 1_000, 1_334, 1_667]],
  ["with a burst of one spread evenly", { burst: 1 }, [0, 334, 668, 1_002, 1_336, 1_670, 2_004]],
  [
    "as a token bucket with as many at once",
    { algorithm: "token bucket" },
    [0, 0, 0, 334, 667, 1_000, 1_334],
  ],
  ["in fixed windows", { algorithm: "fixed window" }, [0, 0, 0, 1_000, 1_000, 1_000, 2_000]],
])("calls begin %s", async ([, options, startsAtMs]) => {
  const clock = new VirtualClock();
  const limit = rateLimit(3, { ...options, clock });

  const starts = await clock.settle(() => startsOf(limit, clock, 7));

  expect(starts).toEqual(startsAtMs);
});

test("what the work answers, and the error that it throws, go through untouched", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  const own = new Error("own");

  const ends = await clock.settle(() =>
    Promise.all([
      limit.run(() => "at once"),
      limit.run(({ attempt }) => `waited, attempt ${attempt}`, { attempt: 3 }),
      errorOf(limit.run(() => Promise.reject(own))),
      errorOf(
        limit.run(() => {
          throw own;
        }),
      ),
    ]),
  );

  expect(ends).toEqual(["at once", "waited, attempt 3", own, own]);
});

test("a wait that is longer than allowed is not begun, and the error says how long it would be", async () => {
  const clock = new VirtualClock();
  const events: EventDetails[] = [];
  const limit = rateLimit(1, {
    name: "search",
    wait: "1s",
    clock,
    on: (event) => events.push(event),
  });
  const first = startsOf(limit, clock, 2);
  await clock.advance(400);

  const error = await errorOf(limit.run(() => "done"));

  expect(error).toBeInstanceOf(RateLimitedError);
  expect(error).toMatchObject({
    message: 'Rate limit "search" lets no further call begin for another 1600 ms',
    code: "RATE_LIMITED",
    retryAfterMs: 1_600,
    stack: 'RateLimitedError: Rate limit "search" lets no further call begin for another 1600 ms',
  });
  await clock.settle(() => first);
  expect(events).toEqual([
    { type: "rate_limit.rejected", policy: "search", retryAfterMs: 1_600 },
    { type: "rate_limit.waited", policy: "search", waitMs: 1_000 },
  ]);
});

test("with no wait allowed, a retry outside comes back just in time", async () => {
  const clock = new VirtualClock();
  const guarded = pipeline(
    retry({ attempts: 2, clock }),
    rateLimit(3, { burst: 1, wait: 0, clock }),
  );

  const starts = await clock.settle(() => startsOf(guarded, clock, 2));

  expect([starts, clock.sleeps]).toEqual([[0, 334], [334]]);
});

test.for<[name: string, leftMs: number, end: unknown]>([
  ["that ends with the wait is refused at once", 1_000, { retryAfterMs: 1_000 }],
  ["that leaves a moment is waited", 1_001, 1_000],
])("a wait under a deadline %s", async ([, leftMs, end]) => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  await limit.run(() => "done");
  const running = pipeline(timeout(leftMs, { clock }), limit).run(() => clock.elapsed());

  const ended = await clock.settle(() =>
    running.catch(({ retryAfterMs }: RateLimitedError) => ({ retryAfterMs })),
  );

  expect(ended).toEqual(end);
});

test("a call that may begin now does so though no time is left to wait", async () => {
  const limit = rateLimit(1, { clock: new VirtualClock() });

  const value = await limit.run(() => "done", { deadline: { remainingMs: () => 0 } });

  expect(value).toBe("done");
});

test("past the bound of the queue calls are refused", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { queue: 2, clock });
  const first = startsOf(limit, clock, 3);

  const refused = await errorOf(limit.run(() => "done"));
  const waiting = limit.waiting;

  expect(refused).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 3_000 });
  expect([waiting, await clock.settle(() => first), limit.waiting]).toEqual([
    2,
    [0, 1_000, 2_000],
    0,
  ]);
});

test("U2 a waiter that is cancelled leaves at once with the caller's reason, and who is behind moves up", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  const caller = new AbortController();
  let calls = 0;
  const first = startsOf(limit, clock, 1);
  const cancelled = errorOf(limit.run(() => calls++, caller));
  const behind = startsOf(limit, clock, 1);
  await clock.advance(500);

  caller.abort("stop");
  const reason = await cancelled;
  const waiting = limit.waiting;

  expect([reason, waiting, calls]).toEqual(["stop", 1, 0]);
  expect(await clock.settle(() => Promise.all([first, behind]))).toEqual([[0], [1_000]]);
  expect([calls, getEventListeners(caller.signal, "abort").length, clock.pending]).toEqual([
    0, 0, 0,
  ]);
});

test("U2 whoever was aborted before neither waits nor takes anything", async () => {
  const limit = rateLimit(1, { clock: new VirtualClock() });

  const error = await errorOf(limit.run(() => "done", { signal: AbortSignal.abort("stop") }));

  expect([error, limit.left, limit.waiting]).toEqual(["stop", 1, 0]);
});

test("U2 those who leave from anywhere in the line are not in the way of the others", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  const callers = Array.from({ length: 7 }, () => new AbortController());
  const ends = callers.map((caller) =>
    limit.run(() => clock.elapsed(), caller).catch((reason: unknown) => reason),
  );
  await clock.advance(1);

  for (const index of [3, 1, 6, 2]) callers[index]?.abort("stop");
  const waiting = limit.waiting;

  expect([waiting, await clock.settle(() => Promise.all(ends))]).toEqual([
    2,
    [0, "stop", "stop", "stop", 1_000, 2_000, "stop"],
  ]);
});

test("U3 a waiter that is cancelled when its turn has come takes no permit with it", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(2, { clock });
  const caller = new AbortController();
  const aborting = startsOf(limit, clock, 2).then(() => limit.run(() => caller.abort("stop")));
  const cancelled = clock.sleep(1).then(() => errorOf(limit.run(() => "done", caller)));
  const behind = clock.sleep(2).then(() => startsOf(limit, clock, 1));

  const ends = await clock.settle(() => Promise.all([aborting, cancelled, behind]));

  expect(ends.slice(1)).toEqual(["stop", [1_000]]);
});

test("A1 calls count when they begin: a slow one makes no room by going on, nor by ending", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  const slow = errorOf(pipeline(limit, timeout("5s", { clock })).run(never));
  const next = startsOf(limit, clock, 1);

  expect(await clock.settle(() => next)).toEqual([1_000]);
  expect(await clock.settle(() => slow)).toBeInstanceOf(TimeoutError);
});

test("B6 the time of day may go back an hour, and the next turn comes in time", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  const starts = startsOf(limit, clock, 2);

  clock.jumpWallClock(-3_600_000);

  expect(await clock.settle(() => starts)).toEqual([0, 1_000]);
});

test("T2 a thousand waiters share one timer and one listener, and none is left", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock, wait: "1h" });
  const caller = new AbortController();
  const listeners = (): number => getEventListeners(caller.signal, "abort").length;
  const calls = Array.from({ length: 1_001 }, () => errorOf(limit.run(() => "done", caller)));
  await clock.advance("1s");
  const during = [listeners(), clock.pending];

  caller.abort("stop");
  await Promise.all(calls);

  expect([during, listeners(), clock.pending]).toEqual([[1, 1], 0, 0]);
});

test("T2 nothing listens and no timer runs after a wait that came to its end", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  const { signal } = new AbortController();

  await clock.settle(() =>
    Promise.all([limit.run(() => "done", { signal }), limit.run(() => "done", { signal })]),
  );

  expect([getEventListeners(signal, "abort").length, clock.pending]).toEqual([0, 0]);
});

test("a late timer delays those behind: the distance is between real beginnings", async () => {
  const clock = new VirtualClock();
  let isLate = true;
  const late: Clock = {
    now: () => clock.now(),
    elapsed: () => clock.elapsed(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    after: (ms, run) => {
      const lateMs = isLate ? 300 : 0;
      isLate = false;
      return clock.after(ms + lateMs, run);
    },
  };
  const limit = rateLimit(1, { clock: late });

  const starts = await clock.settle(() => startsOf(limit, clock, 3));

  expect(starts).toEqual([0, 1_300, 2_300]);
});

test.for(["sliding window", "token bucket"] as const)(
  "a call that comes before a late timer goes by when those before it will really begin, as a %s",
  async (algorithm) => {
    const clock = new VirtualClock();
    const limit = rateLimit(1, { algorithm, clock });
    const first = startsOf(limit, clock, 2);
    clock.block(6_000);

    const refused = errorOf(limit.with({ wait: 0 }).run(() => "done"));
    const waiting = limit.with({ wait: "1s" }).run(() => clock.elapsed());

    expect(await clock.settle(() => Promise.all([first, refused, waiting]))).toEqual([
      [0, 6_000],
      expect.objectContaining({ code: "RATE_LIMITED", retryAfterMs: 1_000 }),
      7_000,
    ]);
  },
);

test.for([
  ["there is room for them", Infinity],
  ["there is none", 100],
] as const)(
  "calls that come before a late timer cost no more than others, where %s",
  async ([, room]) => {
    const clock = new VirtualClock();
    const limit = rateLimit(1, { wait: Infinity, queue: Math.min(room, 1_000_000), clock });
    const caller = new AbortController();
    const call = (): Promise<unknown> =>
      errorOf(limit.run(() => "done", { signal: caller.signal }));
    const calls = Array.from({ length: 101 }, call);
    clock.block(6_000);

    // Minutes if each of them looked at all that wait.
    for (let more = 0; more < 40_000; more++) calls.push(call());
    const { waiting } = limit;
    caller.abort("enough");

    expect([waiting, (await Promise.all(calls)).length]).toEqual([Math.min(room, 40_100), 40_101]);
  },
);

test.for([2, 100])(
  "where a timer is late again, calls go by how late it is now, with %i that wait",
  async (waiting) => {
    const clock = new VirtualClock();
    const limit = rateLimit(1, { wait: Infinity, clock });
    const waitMs = async (): Promise<number> =>
      ((await errorOf(limit.with({ wait: 0 }).run(() => "done"))) as RateLimitedError).retryAfterMs;
    const calls = Array.from({ length: waiting + 1 }, () => limit.run(() => "done"));

    const inTime = await waitMs();
    clock.block(6_000);
    const late = await waitMs();
    await clock.advance(0);
    const served = await waitMs();
    clock.block(6_500);
    const lateAgain = await waitMs();

    expect([inTime, late, served, lateAgain]).toEqual([
      (waiting + 1) * 1_000,
      waiting * 1_000,
      waiting * 1_000,
      (waiting - 1) * 1_000,
    ]);
    await clock.settle(() => Promise.all(calls));
  },
);

test("work that calls again when its late turn has come stands behind those who wait", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  const hasty = limit.with({ wait: "1s" });
  const again: Promise<unknown>[] = [];
  const first = startsOf(limit, clock, 1);
  const late = limit.run(() => {
    again.push(errorOf(limit.with({ wait: 999 }).run(() => "done")));
    again.push(hasty.run(() => clock.elapsed()));
    again.push(errorOf(hasty.run(() => "done")));
  });
  clock.block(6_000);

  await clock.settle(() => Promise.all([first, late]));

  expect(await clock.settle(() => Promise.all(again))).toEqual([
    expect.objectContaining({ retryAfterMs: 1_000 }),
    7_000,
    expect.objectContaining({ retryAfterMs: 2_000 }),
  ]);
});

test("a call on other terms counts more, waits less, and shares the limit", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(3, { name: "search", clock });
  const heavy = limit.with({ permits: 2 });
  const hasty = limit.with({ wait: 0 });

  const starts = await clock.settle(() =>
    Promise.all([
      heavy.run(() => clock.elapsed()),
      heavy.run(() => clock.elapsed()),
      errorOf(hasty.run(() => clock.elapsed())),
      limit.run(() => clock.elapsed()),
    ]),
  );

  expect(starts).toEqual([0, 1_000, expect.objectContaining({ retryAfterMs: 1_000 }), 1_000]);
  expect([heavy.name, Object.isFrozen(heavy), Object.isFrozen(limit)]).toEqual([
    "search",
    true,
    true,
  ]);
});

test("a limit in tokens is as cheap as one in calls", async () => {
  const clock = new VirtualClock();
  const tokens = rateLimit(200_000_000, { per: "1m", wait: "1m", clock });
  const answer = tokens.with({ permits: 150_000_000 });

  const starts = await clock.settle(() => startsOf(answer, clock, 2));

  expect([starts, tokens.left]).toEqual([[0, 60_000], 50_000_000]);
});

test("a permit is taken without a call while there is one and nobody waits", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(2, { clock });
  const heavy = limit.with({ permits: 2 });

  const first = limit.tryTake();
  const waiting = heavy.run(() => clock.elapsed());
  const left = limit.left;
  const overtaken = limit.tryTake();

  expect([first, left, overtaken]).toEqual([true, 1, false]);
  expect([await clock.settle(() => waiting), limit.left, limit.tryTake()]).toEqual([
    1_000,
    0,
    false,
  ]);
});

test("work that calls again under its own limit waits for its turn like all others", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  const outer = (): Promise<number[]> =>
    limit.run(async () => [clock.elapsed(), await limit.run(() => clock.elapsed())]);

  const starts = await clock.settle(() => Promise.all([outer(), outer()]));

  expect([starts, clock.pending]).toEqual([
    [
      [0, 1_000],
      [2_000, 3_000],
    ],
    0,
  ]);
});

test("work that waited runs in the context of its own call", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { clock });
  const context = new AsyncLocalStorage<string>();

  const seen = await clock.settle(() =>
    Promise.all(
      ["a", "b", "c"].map((name) => context.run(name, () => limit.run(() => context.getStore()))),
    ),
  );

  expect(seen).toEqual(["a", "b", "c"]);
});

test.for<[name: string, options: unknown]>([
  ["none at all", null],
  ["a signal that is none", { signal: "stop" }],
])("with options that do not fit, %s, a run rejects and takes nothing", async ([, options]) => {
  const limit = rateLimit(1);

  const error = await errorOf(limit.run(() => "done", options as never));

  expect([error, limit.left]).toEqual([expect.any(TypeError), 1]);
});

test("what a listener throws changes nothing", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, {
    clock,
    on: () => {
      throw new Error("listener");
    },
  });

  expect(await clock.settle(() => startsOf(limit, clock, 2))).toEqual([0, 1_000]);
});

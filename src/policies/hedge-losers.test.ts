/** What becomes of attempts that lost: whether they are waited for, and who lets go of their results. */

import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  hedge,
  intended,
  pipeline,
  retry,
  timeout,
  VerificationError,
  type Attempt,
  type Fault,
  type HedgeOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { reset, scripted, type End } from "./hedge-fixture.contract.ts";

const BAD: Fault = { class: "degraded", code: "BAD", effect: "none" };

const isBad = (result: unknown): Fault | undefined =>
  String(result).startsWith("bad") ? BAD : undefined;

/** A hedge after 100 ms, and when each result was let go. */
function hedged(options: HedgeOptions = {}) {
  const clock = new VirtualClock();
  const discarded: [atMs: number, result: unknown][] = [];
  const discard = (result: unknown): void => void discarded.push([clock.elapsed(), result]);
  const policy = hedge("100ms", { attempts: 3, clock, discard, ...options });
  return { clock, discarded, policy };
}

/** How the call ends and when; then the clock goes on until all of its attempts have ended. */
async function play(
  { clock, policy }: Pick<ReturnType<typeof hedged>, "clock" | "policy">,
  ...ends: readonly End[]
) {
  const { work } = scripted(clock, ...ends);
  const ended = await clock.settle(() =>
    policy.run(work).then(
      (value) => ({ value, atMs: clock.elapsed() }),
      (error: unknown) => ({ error, atMs: clock.elapsed() }),
    ),
  );
  await clock.advance("1m");
  return ended;
}

test("the late result of each loser is let go, and the call does not wait for it", async () => {
  const call = hedged();

  const ended = await play(call, [500, "first"], [50, "second"]);

  expect([ended, call.discarded]).toEqual([{ value: "second", atMs: 150 }, [[500, "first"]]]);
});

test("a result that is not good is let go when another is the answer", async () => {
  const call = hedged({ faultOfResult: isBad });

  const ended = await play(call, [10, "bad 1"], [20, "bad 2"], [30, "good"]);

  expect([ended, call.discarded]).toEqual([
    { value: "good", atMs: 60 },
    [
      [60, "bad 1"],
      [60, "bad 2"],
    ],
  ]);
});

test("where no result is good, all but the one that is answered are let go", async () => {
  const call = hedged({ faultOfResult: isBad });

  const ended = await play(call, [10, "bad 1"], [20, "bad 2"], [30, "bad 3"]);

  expect([ended, call.discarded]).toEqual([
    { value: "bad 3", atMs: 60 },
    [
      [60, "bad 1"],
      [60, "bad 2"],
    ],
  ]);
});

test("a call that fails lets go of every result", async () => {
  const call = hedged({
    faultOfResult: isBad,
    classify: () => ({ class: "fatal", code: "NO", effect: "none" }),
  });

  const ended = await play(call, [10, "bad"], [400, "late"], [20, reset()]);

  expect([ended.atMs, call.discarded.map(([, result]) => result)]).toEqual([130, ["bad", "late"]]);
});

test("an object that two attempts answer is the answer, and not let go", async () => {
  const shared = { name: "shared" };
  const call = hedged();

  await play(call, [500, shared], [50, shared], [900, "never begun"]);

  expect(call.discarded).toEqual([]);
});

test.for<[what: string, discard: () => unknown]>([
  [
    "throws",
    () => {
      throw new Error("already closed");
    },
  ],
  ["rejects with", () => Promise.reject(new Error("already closed"))],
])("what letting go %s is dropped", async ([, discard]) => {
  const call = hedged({ discard, losers: "awaited" });

  const ended = await play(call, [500, "first"], [50, "second"]);

  expect(ended).toEqual({ value: "second", atMs: 500 });
});

test("losers that are awaited have ended, and their results are let go, before the call answers", async () => {
  const clock = new VirtualClock();
  const log: unknown[] = [];
  const policy = hedge("100ms", {
    clock,
    losers: "awaited",
    discard: async (result) => {
      await clock.sleep(30);
      log.push([clock.elapsed(), result]);
    },
    on: ({ type }) => log.push([clock.elapsed(), type]),
  });

  const ended = await play({ clock, policy }, [500, "first"], [50, "second"]);

  expect([ended, log]).toEqual([
    { value: "second", atMs: 530 },
    [
      [100, "hedge.started"],
      [150, "hedge.won"],
      [530, "first"],
    ],
  ]);
});

test("a failure, too, is told only when the losers that are awaited have ended", async () => {
  const classify = (): Fault => ({ class: "fatal", code: "NO", effect: "none" });
  const call = hedged({ losers: "awaited", classify });
  const failure = reset();

  const ended = await play(call, [500, reset()], [50, failure]);

  expect(ended).toEqual({ error: failure, atMs: 500 });
});

test("a result that is not good is let go before a call answers that awaits its losers", async () => {
  const clock = new VirtualClock();
  const policy = hedge("100ms", {
    clock,
    losers: "awaited",
    faultOfResult: isBad,
    discard: () => clock.sleep(30),
  });

  const ended = await play({ clock, policy }, [10, "bad"], [20, "good"]);

  expect(ended).toEqual({ value: "good", atMs: 60 });
});

test("losers that end as they are asked to hold up nothing", async () => {
  const { clock, policy, discarded } = hedged({ losers: "awaited" });

  const value = await clock.settle(() =>
    policy.run(({ attempt, signal }) =>
      clock.sleep(attempt === 1 ? 9_000 : 50, signal).then(() => attempt),
    ),
  );

  expect([value, clock.elapsed(), clock.pending, discarded]).toEqual([2, 150, 0, []]);
});

test("losers that are awaited are waited for through the policies inside, until their work has ended", async () => {
  const { clock, policy, discarded } = hedged({ losers: "awaited", attempts: 2 });
  const inside = intended(pipeline(retry({ clock }), timeout("10s", { clock })));

  const ended = await play(
    { clock, policy: pipeline(policy, inside) },
    [500, "first"],
    [50, "second"],
  );

  expect([ended, discarded]).toEqual([{ value: "second", atMs: 500 }, [[500, "first"]]]);
});

test("R1 the caller's abort ends a call that awaits its losers at once, and lets go of what had won", async () => {
  const { clock, policy, discarded } = hedged({ losers: "awaited" });
  const caller = new AbortController();
  const seen: Attempt[] = [];
  const running = policy
    .run(async (attempt) => {
      seen.push(attempt);
      await clock.sleep(attempt.attempt === 1 ? 500 : 50);
      return attempt.attempt;
    }, caller)
    .catch((error: unknown) => [error, clock.elapsed()]);

  await clock.advance(200);
  caller.abort("stop");
  const error = await running;
  const listeners = getEventListeners(caller.signal, "abort").length;
  await clock.advance("1m");

  expect([error, listeners, clock.pending]).toEqual([["stop", 200], 0, 0]);
  expect(seen.map(({ signal }) => signal.reason instanceof DOMException)).toEqual([true, false]);
  expect([seen[1]?.signal.reason, discarded]).toEqual([
    "stop",
    [
      [200, 2],
      [500, 1],
    ],
  ]);
});

test("the caller's abort ends what is inside at once, too, though its losers are awaited", async () => {
  const { clock, policy } = hedged({ losers: "awaited", attempts: 1 });
  const caller = new AbortController();
  const told: string[] = [];
  const limit = timeout("1s", { clock, on: ({ type }) => told.push(type) });

  const running = pipeline(policy, limit).run(() => new Promise(() => {}), caller);
  caller.abort("stop");
  await expect(running).rejects.toBe("stop");
  await clock.advance("1m");

  expect([clock.pending, told]).toEqual([0, []]);
});

test("a limit outside ends a call that awaits its losers", async () => {
  const { clock, policy, discarded } = hedged({ losers: "awaited" });
  const limited = pipeline(timeout("300ms", { clock }), policy);

  const ended = await play({ clock, policy: limited }, [500, "first"], [50, "second"]);

  expect(ended).toMatchObject({ error: { code: "TIMED_OUT" }, atMs: 300 });
  expect(discarded).toEqual([
    [300, "second"],
    [500, "first"],
  ]);
});

test("when a cooperative limit is over the first value that still comes is the answer, the others are let go", async () => {
  const { clock, policy, discarded } = hedged({ faultOfResult: isBad });
  const limited = pipeline(timeout("150ms", { clock, mode: "cooperative" }), policy);

  const ended = await play(
    { clock, policy: limited },
    [90, "bad"],
    [500, "second"],
    [200, "third"],
    [0, "never begun"],
  );

  expect([ended, discarded.map(([, result]) => result)]).toEqual([
    { value: "second", atMs: 590 },
    ["bad"],
  ]);
});

test("when a cooperative limit is over while losers are awaited, what had won is the answer, to be read", async () => {
  const { clock, policy, discarded } = hedged({ losers: "awaited" });
  const limited = pipeline(timeout("300ms", { clock, mode: "cooperative" }), policy);
  const { work, aborted } = scripted(clock, [500, "first"], [50, "second"]);

  const value = await clock.settle(() => limited.run(work));

  expect([value, clock.elapsed(), discarded]).toEqual(["second", 500, [[500, "first"]]]);
  expect(aborted()).toEqual([true, false]);
});

test("what was answered to a caller who went away is let go", async () => {
  const { clock, policy, discarded } = hedged();
  const caller = new AbortController();
  const { work } = scripted(clock, [500, "first"], [300, "second"]);
  const running = policy.run(work, caller).catch(() => {});

  await clock.advance(150);
  caller.abort("stop");
  await running;
  await clock.advance("1m");

  expect(discarded).toEqual([
    [400, "second"],
    [500, "first"],
  ]);
});

test("a result that could not be judged is let go", async () => {
  const mistake = new TypeError("value is undefined");
  const call = hedged({
    faultOfResult: () => {
      throw mistake;
    },
  });

  const ended = await play(call, [10, "first"]);

  expect([ended, call.discarded]).toEqual([{ error: mistake, atMs: 10 }, [[10, "first"]]]);
});

test.for<[what: string, fault: Fault | undefined]>([
  ["good", undefined],
  ["bad", BAD],
])("a result is let go whose judge cancelled the call, and found it %s", async ([, fault]) => {
  const caller = new AbortController();
  const { policy, discarded } = hedged({
    faultOfResult: () => {
      caller.abort("stop");
      return fault;
    },
  });

  const running = policy.run(() => "first", caller);

  await expect(running).rejects.toBe("stop");
  expect(discarded).toEqual([[0, "first"]]);
});

test("a delay learns nothing of how long a call waits for its losers", async () => {
  const { clock } = hedged();
  const caller = new AbortController();
  const delay = { quantile: 1, initial: 100, min: 0, minSamples: 1 };
  const policy = hedge(delay, { clock, losers: "awaited" });
  const { work } = scripted(clock, [9_000, "first"], [50, "second"]);
  const running = policy.run(work, caller).catch(() => {});
  await clock.advance(5_000);
  caller.abort("stop");
  await running;

  const next = scripted(clock, [400, "first"], [10, "second"]);
  await clock.settle(() => policy.run(next.work));

  // After the 150 ms that the first call took.
  expect(next.begunAtMs).toEqual([5_000, 5_150]);
});

test("a judge's error stands in the events, and the result that it judged is what is let go", async () => {
  const errors: unknown[] = [];
  const call = hedged({
    faultOfResult: isBad,
    on: (event) => "error" in event && errors.push(event.error),
  });

  await play(call, [10, "bad"], [20, "good"]);

  expect(errors).toEqual([new VerificationError('Work under "hedge"', "BAD")]);
  expect(call.discarded).toEqual([[30, "bad"]]);
});

test("every result is the answer or let go, once, and awaited losers have ended before", async () => {
  const ends = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 400 }),
      kind: fc.constantFrom("good", "good", "bad", "error", "fatal"),
    }),
    { minLength: 1, maxLength: 5 },
  );
  const abortsAtMs = fc.option(fc.integer({ min: 0, max: 600 }), { nil: undefined, freq: 3 });
  const losers = fc.constantFrom("abandoned" as const, "awaited" as const);

  await fc.assert(
    fc.asyncProperty(ends, losers, abortsAtMs, async (plan, mode, atMs) => {
      const caller = new AbortController();
      const answers: string[] = [];
      let running = 0;
      const { clock, policy, discarded } = hedged({
        attempts: plan.length,
        losers: mode,
        faultOfResult: isBad,
        classify: (error) => ({
          class: error === "fatal" ? "fatal" : "degraded",
          code: "X",
          effect: "none",
        }),
      });
      if (atMs !== undefined) clock.after(atMs, () => caller.abort("stop"));

      const call = policy
        .run(async ({ attempt }) => {
          const { afterMs, kind } = plan[attempt - 1] as (typeof plan)[number];
          running++;
          await clock.sleep(afterMs);
          running--;
          if (kind === "error" || kind === "fatal") throw kind;
          answers.push(`${kind} ${attempt}`);
          return `${kind} ${attempt}`;
        }, caller)
        .then(
          (value) => ({ value, running }),
          (error: unknown) => ({ error, running }),
        );
      await clock.advance("1m");
      const ended = await call;

      const answer = "value" in ended ? [ended.value] : [];
      const letGo = discarded.map(([, result]) => String(result));
      expect([...answer, ...letGo].toSorted()).toEqual(answers.toSorted());
      const isCut = "error" in ended && ended.error === "stop";
      if (mode === "awaited" && !isCut) expect(ended.running).toBe(0);
      expect(getEventListeners(caller.signal, "abort").length).toBe(0);
    }),
    { numRuns: 1_000 },
  );
});

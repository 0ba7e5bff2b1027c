/** The rate limit against a model of a few lines, under schedules of concurrent calls drawn by chance. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { RateLimitedError, rateLimit, type RateLimitOptions } from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

/** One call: when it comes, what it asks for, and when its caller gives up. Moments are whole milliseconds. */
interface Call {
  readonly atMs: number;
  readonly permits: number;
  readonly waitMs: number;
  readonly leftMs: number;
  readonly abortAtMs: number;
}

interface Limits {
  readonly algorithm: "sliding window" | "token bucket";
  readonly calls: number;
  readonly perMs: number;
  readonly burst: number;
  readonly queue: number;
}

interface Begun {
  readonly permits: number;
  readonly atMs: number;
}

/** How a call ended: when it began, after how long it should try again, or that it was cancelled. */
type End = { readonly beganAtMs: number } | { readonly retryAfterMs: number } | "cancelled";

const sum = (begun: readonly Begun[]): number =>
  begun.reduce((all, { permits }) => all + permits, 0);

/** Whether so many permits can be taken, by the definition of the algorithm. */
function fits(limits: Limits, begun: readonly Begun[], permits: number, atMs: number): boolean {
  const { algorithm, calls, perMs, burst } = limits;
  if (algorithm === "sliding window") {
    return sum(begun.filter((one) => one.atMs > atMs - perMs)) + permits <= calls;
  }
  return begun.every(
    (since, index) =>
      (sum(begun.slice(index)) + permits - burst) * perMs <= calls * (atMs - since.atMs),
  );
}

/** When a call would begin that comes now, if all before it in the line begin in time. */
function turnOf(limits: Limits, begun: readonly Begun[], line: readonly Call[], nowMs: number) {
  const plan = [...begun];
  for (const { permits } of line) {
    let atMs = Math.max(nowMs, plan.at(-1)?.atMs ?? 0);
    while (!fits(limits, plan, permits, atMs)) atMs++;
    plan.push({ permits, atMs });
  }
  return plan.at(-1)?.atMs as number;
}

/** Plays the calls, one millisecond after the other. */
function model(limits: Limits, calls: readonly Call[]): (End | undefined)[] {
  const ends = new Map<Call, End>();
  const begun: Begun[] = [];
  let line: Call[] = [];
  const serve = (nowMs: number): void => {
    for (let [first] = line; first && fits(limits, begun, first.permits, nowMs); [first] = line) {
      begun.push({ permits: first.permits, atMs: nowMs });
      ends.set(first, { beganAtMs: nowMs });
      line = line.slice(1);
    }
  };
  const come = (call: Call, nowMs: number): void => {
    const afterMs = turnOf(limits, begun, [...line, call], nowMs) - nowMs;
    const isAtOnce = line.length === 0 && afterMs === 0;
    const canWait = afterMs <= call.waitMs && afterMs < call.leftMs && line.length < limits.queue;
    if (!isAtOnce && !canWait) return void ends.set(call, { retryAfterMs: afterMs });
    line.push(call);
    if (isAtOnce) serve(nowMs);
  };
  const leave = (call: Call): void => {
    if (!ends.has(call)) ends.set(call, "cancelled");
    line = line.filter((other) => other !== call);
  };
  for (let nowMs = 0; nowMs <= LAST_MS; nowMs++) {
    for (const call of calls) {
      if (call.atMs === nowMs) come(call, nowMs);
      if (call.abortAtMs === nowMs) leave(call);
    }
    serve(nowMs);
  }
  return calls.map((call) => ends.get(call));
}

/** The same with the real policy. */
async function play(limits: Limits, calls: readonly Call[]): Promise<(End | undefined)[]> {
  const clock = new VirtualClock();
  const { algorithm, perMs: per, queue } = limits;
  const burst = algorithm === "token bucket" ? { burst: limits.burst } : {};
  const options: RateLimitOptions = { algorithm, per, queue, clock, ...burst };
  const limit = rateLimit(limits.calls, options);
  const ends = calls.map(
    (call) =>
      new Promise<End>((resolve) => {
        const caller = new AbortController();
        const { signal } = caller;
        const deadline = { remainingMs: () => call.leftMs };
        clock.after(call.atMs, () => {
          limit
            .with({ permits: call.permits, wait: call.waitMs })
            .run(() => ({ beganAtMs: clock.elapsed() }), { signal, deadline })
            .then(resolve, (error: unknown) => {
              const isRejected = error instanceof RateLimitedError;
              resolve(isRejected ? { retryAfterMs: error.retryAfterMs } : "cancelled");
            });
        });
        clock.after(call.abortAtMs, () => caller.abort("stop"));
      }),
  );
  const settled = await clock.settle(() => Promise.all(ends));
  expect(limit.waiting).toBe(0);
  return settled;
}

const MOST_CALLS = 14;
const LAST_MS = 2_000;

const limits: fc.Arbitrary<Limits> = fc.record({
  algorithm: fc.constantFrom("sliding window" as const, "token bucket" as const),
  calls: fc.integer({ min: 3, max: 5 }),
  perMs: fc.integer({ min: 1, max: 40 }),
  burst: fc.integer({ min: 3, max: 6 }),
  queue: fc.constantFrom(0, 3, 1_000),
});

const call: fc.Arbitrary<Call> = fc
  .record({
    atMs: fc.nat({ max: 60 }),
    permits: fc.constantFrom(1, 1, 1, 2, 3),
    waitMs: fc.constantFrom(0, 10, 50, Infinity, Infinity),
    leftMs: fc.constantFrom(20, Infinity, Infinity),
    patienceMs: fc.constantFrom(5, 25, Infinity, Infinity, Infinity),
  })
  .map(({ patienceMs, ...rest }) => ({
    ...rest,
    abortAtMs: Math.min(rest.atMs + patienceMs, LAST_MS),
  }));

const schedule = fc.array(call, { minLength: 2, maxLength: MOST_CALLS });

test(
  "every call begins, is refused or leaves just as in the model",
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(limits, schedule, async (given, calls) => {
        expect(await play(given, calls)).toEqual(model(given, calls));
      }),
      { numRuns: 10_000 },
    );
  },
);

/** The rate limit against a model of a few lines, under schedules of concurrent calls drawn by chance. */

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  RateLimitedError,
  rateLimit,
  type QueueOrder,
  type RateAlgorithm,
  type RateLimitOptions,
  type WhenFull,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

/** One call: when it comes, what it asks for, and when its caller gives up. Moments are whole milliseconds. */
interface Call {
  readonly atMs: number;
  readonly permits: number;
  readonly waitMs: number;
  readonly leftMs: number;
  readonly abortAtMs: number;
}

interface Rate {
  readonly calls: number;
  readonly perMs: number;
  readonly burst: number;
}

interface Limits extends Rate {
  readonly algorithm: RateAlgorithm;
  readonly queue: number;
  readonly order: QueueOrder;
  readonly whenFull: WhenFull | undefined;
}

/** At some moment the limit is emptied, or goes by another rate. */
interface Turn {
  readonly atMs: number;
  readonly to: Rate | "empty";
}

/** How a call ended: when it began, after how long it should try again, or that it was cancelled. */
type End = { readonly beganAtMs: number } | { readonly retryAfterMs: number } | "cancelled";

/** What may begin, by the definition of each algorithm. */
class Count {
  readonly algorithm: RateAlgorithm;
  rate: Rate;
  begun: { readonly permits: number; readonly atMs: number }[] = [];
  /** How full the bucket is, and since when. */
  level: number;
  levelAtMs = 0;
  /** When a fixed window began. */
  beganAtMs: number | undefined;

  constructor(algorithm: RateAlgorithm, rate: Rate) {
    this.algorithm = algorithm;
    this.rate = rate;
    this.level = rate.burst;
  }

  copy(): Count {
    const copy = new Count(this.algorithm, this.rate);
    return Object.assign(copy, this, { begun: [...this.begun] });
  }

  get most(): number {
    return this.algorithm === "token bucket" ? this.rate.burst : this.rate.calls;
  }

  levelAt(atMs: number): number {
    const { calls, perMs, burst } = this.rate;
    return Math.min(burst, this.level + ((atMs - this.levelAtMs) * calls) / perMs);
  }

  /** From when on what has begun counts in a window. */
  countsFromMs(atMs: number): number {
    const { perMs } = this.rate;
    if (this.algorithm === "sliding window") return atMs - perMs + 1;
    const beganAtMs = this.beganAtMs ?? atMs;
    return beganAtMs + Math.floor((atMs - beganAtMs) / perMs) * perMs;
  }

  fits(permits: number, atMs: number): boolean {
    if (this.algorithm === "token bucket") return this.levelAt(atMs) + 1e-9 >= permits;
    const fromMs = this.countsFromMs(atMs);
    const taken = this.begun.filter((one) => one.atMs >= fromMs);
    return taken.reduce((sum, one) => sum + one.permits, permits) <= this.rate.calls;
  }

  take(permits: number, atMs: number): void {
    this.begun.push({ permits, atMs });
    this.beganAtMs ??= atMs;
    this.level = this.levelAt(atMs) - permits;
    this.levelAtMs = atMs;
  }

  empty(atMs: number): void {
    while (this.fits(1, atMs)) this.take(1, atMs);
  }

  change(rate: Rate, atMs: number): void {
    const fromMs = this.countsFromMs(atMs);
    // A fixed window that is shorter now may be over with all that began in it.
    const isOver = this.algorithm === "fixed window" && fromMs + rate.perMs <= atMs;
    this.begun = isOver ? [] : this.begun.filter((one) => one.atMs >= fromMs);
    if (this.beganAtMs !== undefined) this.beganAtMs = fromMs;
    this.level = Math.min(rate.burst, this.levelAt(atMs));
    this.levelAtMs = atMs;
    this.rate = rate;
  }

  /** Takes permits as soon as they fit, and answers when that is. */
  takeNext(permits: number, fromMs: number): number {
    if (permits > this.most) return Infinity;
    let atMs = Math.max(fromMs, this.begun.at(-1)?.atMs ?? 0);
    while (!this.fits(permits, atMs)) atMs++;
    this.take(permits, atMs);
    return atMs;
  }
}

/** Plays the calls, one millisecond after the other. */
class Model {
  readonly limits: Limits;
  readonly count: Count;
  readonly ends = new Map<Call, End>();
  line: Call[] = [];

  constructor(limits: Limits) {
    this.limits = limits;
    this.count = new Count(limits.algorithm, limits);
  }

  get isNewestFirst(): boolean {
    return this.limits.order === "newest first";
  }

  get refusesOldest(): boolean {
    const { whenFull } = this.limits;
    return whenFull === undefined ? this.isNewestFirst : whenFull === "refuse oldest";
  }

  /** When a call would begin after these. */
  turnOf(before: readonly Call[], call: Call, nowMs: number): number {
    const plan = this.count.copy();
    for (const { permits } of before) plan.takeNext(permits, nowMs);
    return plan.takeNext(call.permits, nowMs);
  }

  come(call: Call, nowMs: number): void {
    const { queue } = this.limits;
    const isFull = this.line.length >= queue;
    const stays = isFull && this.refusesOldest ? this.line.slice(1) : this.line;
    const before = this.isNewestFirst ? [] : stays;
    const atMs = this.turnOf(before, call, nowMs);
    if (atMs === nowMs && (this.line.length === 0 || this.isNewestFirst)) {
      this.begin(call, nowMs);
    } else if (isInTime(call, atMs) && (!isFull || (this.refusesOldest && queue > 0))) {
      this.line[this.isNewestFirst ? "unshift" : "push"](call);
      if (isFull) this.dropOldest(nowMs);
    } else {
      this.ends.set(call, { retryAfterMs: atMs - nowMs });
    }
    this.turnAway(nowMs);
  }

  dropOldest(nowMs: number): void {
    const oldest = (this.isNewestFirst ? this.line.pop() : this.line.shift()) as Call;
    this.ends.set(oldest, { retryAfterMs: this.turnOf([], oldest, nowMs) - nowMs });
  }

  begin(call: Call, nowMs: number): void {
    this.count.take(call.permits, nowMs);
    this.ends.set(call, { beganAtMs: nowMs });
  }

  /** Ends the wait of those who could not begin in time any more. */
  turnAway(nowMs: number): void {
    const plan: Call[] = [];
    for (const call of this.line) {
      const atMs = this.turnOf(plan, call, nowMs);
      if (atMs === nowMs || isInTime(call, atMs)) plan.push(call);
      else this.ends.set(call, { retryAfterMs: atMs - nowMs });
    }
    this.line = plan;
  }

  leave(call: Call): void {
    if (!this.ends.has(call)) this.ends.set(call, "cancelled");
    this.line = this.line.filter((other) => other !== call);
  }

  turn({ to }: Turn, nowMs: number): void {
    if (to === "empty") this.count.empty(nowMs);
    else this.count.change(to, nowMs);
    this.turnAway(nowMs);
  }

  serve(nowMs: number): void {
    for (
      let [first] = this.line;
      first && this.count.fits(first.permits, nowMs);
      [first] = this.line
    ) {
      this.begin(first, nowMs);
      this.line = this.line.slice(1);
    }
  }

  play(calls: readonly Call[], turns: readonly Turn[]): (End | undefined)[] {
    for (let nowMs = 0; nowMs <= LAST_MS; nowMs++) {
      for (const call of calls) {
        if (call.atMs === nowMs) this.come(call, nowMs);
        if (call.abortAtMs === nowMs) this.leave(call);
      }
      for (const turn of turns) if (turn.atMs === nowMs) this.turn(turn, nowMs);
      this.serve(nowMs);
    }
    return calls.map((call) => this.ends.get(call));
  }
}

const isInTime = (call: Call, beginsAtMs: number): boolean => {
  const waitMs = beginsAtMs - call.atMs;
  return beginsAtMs < Infinity && waitMs <= call.waitMs && waitMs < call.leftMs;
};

/** The same with the real policy. */
async function play(
  limits: Limits,
  calls: readonly Call[],
  turns: readonly Turn[],
): Promise<(End | undefined)[]> {
  const clock = new VirtualClock();
  const { algorithm, perMs: per, queue, order, whenFull } = limits;
  const burst = algorithm === "token bucket" ? { burst: limits.burst } : {};
  const options: RateLimitOptions = { algorithm, per, queue, order, whenFull, clock, ...burst };
  const limit = rateLimit(limits.calls, options);
  const ends = calls.map((call) => {
    const policy = limit.with({ permits: call.permits, wait: call.waitMs });
    return new Promise<End>((resolve) => {
      const caller = new AbortController();
      const { signal } = caller;
      const deadline = { remainingMs: () => call.leftMs };
      clock.after(call.atMs, () => {
        policy
          .run(() => ({ beganAtMs: clock.elapsed() }), { signal, deadline })
          .then(resolve, (error: unknown) => {
            const isRejected = error instanceof RateLimitedError;
            resolve(isRejected ? { retryAfterMs: error.retryAfterMs } : "cancelled");
          });
      });
      clock.after(call.abortAtMs, () => caller.abort("stop"));
    });
  });
  for (const { atMs, to } of turns) {
    clock.after(atMs, () => {
      if (to === "empty") limit.drain();
      else if (algorithm === "token bucket") {
        limit.change({ calls: to.calls, per: to.perMs, burst: to.burst });
      } else limit.change({ calls: to.calls, per: to.perMs });
    });
  }
  const settled = await clock.settle(() => Promise.all(ends));
  expect(limit.waiting).toBe(0);
  return settled;
}

const MOST_CALLS = 14;
const LAST_MS = 2_000;

const rate = (least: number) =>
  fc.record({
    calls: fc.integer({ min: least, max: 5 }),
    perMs: fc.integer({ min: 1, max: 40 }),
    burst: fc.integer({ min: least, max: 6 }),
  });

const limits: fc.Arbitrary<Limits> = fc
  .record({
    rate: rate(3),
    algorithm: fc.constantFrom("sliding window" as const, "token bucket", "fixed window"),
    queue: fc.constantFrom(0, 3, 1_000),
    order: fc.constantFrom("oldest first" as const, "newest first"),
    whenFull: fc.constantFrom(undefined, "refuse newest" as const, "refuse oldest"),
  })
  .map(({ rate: first, ...rest }) => ({ ...first, ...rest }));

const turn: fc.Arbitrary<Turn> = fc.record({
  atMs: fc.nat({ max: 80 }),
  // Also too few for calls of several permits.
  to: fc.oneof(fc.constant("empty" as const), rate(1)),
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
const turns = fc.array(turn, { maxLength: 3 });

test(
  "every call begins, is refused or leaves just as in the model",
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(limits, schedule, turns, async (given, calls, changes) => {
        const expected = new Model(given).play(calls, changes);

        expect(await play(given, calls, changes)).toEqual(expected);
      }),
      { numRuns: 10_000 },
    );
  },
);

/**
 * The breaker against a model that says the same in a few lines, by lists that are searched from the
 * start each time: random calls that run side by side, on the virtual clock.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import { breaker, CircuitOpenError, constant, delays, type BreakerOptions } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

type End = "succeeds" | "fails" | "is ignored" | "is cancelled";

type Command =
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "call" }
  | { readonly type: "end"; readonly which: number; readonly end: End };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.nat({ max: 80 }) }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("call" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("end" as const),
      which: fc.nat({ max: 5 }),
      end: fc.constantFrom<End>("succeeds", "fails", "fails", "is ignored", "is cancelled"),
    }),
  },
);

const rules = fc.record({
  failures: fc.integer({ min: 1, max: 3 }),
  window: fc.constantFrom(undefined, "calls" as const, "time" as const),
  probes: fc.integer({ min: 1, max: 3 }),
  successes: fc.integer({ min: 1, max: 2 }),
  probeFailures: fc.integer({ min: 1, max: 2 }),
});

type Rules = Parameters<Parameters<typeof rules.map>[0]>[0];

const WAITS_MS = [50, 90, 20];
const LEASE_MS = 70;
const CALLS = 4;
const TIME_MS = 100;
const BUCKET_MS = 10;

/** One call that began, as the model knows it. */
interface Known {
  readonly era: number;
  readonly isProbe: boolean;
  readonly beganMs: number;
}

/** The model. An era is a stretch of time in one state. */
class Model {
  state: "closed" | "open" | "half-open" = "closed";
  era = 0;
  openings = 0;
  pauseMs = 0;
  sinceMs = 0;
  ends: { readonly good: boolean; readonly atMs: number }[] = [];
  probes: Known[] = [];
  readonly rules: Rules;
  constructor(given: Rules) {
    this.rules = given;
  }

  become(state: Model["state"], nowMs: number): void {
    Object.assign(this, { state, era: this.era + 1, sinceMs: nowMs, ends: [], probes: [] });
    if (state === "closed") this.openings = 0;
    if (state === "open") this.pauseMs = WAITS_MS[Math.min(this.openings++, 2)] ?? 0;
  }

  running = (nowMs: number): Known[] => this.probes.filter((one) => nowMs < one.beganMs + LEASE_MS);

  leftMs = (nowMs: number): number =>
    this.state === "open" ? Math.max(0, this.sinceMs + this.pauseMs - nowMs) : 0;

  begin(nowMs: number): Known | undefined {
    if (this.leftMs(nowMs) > 0 || this.running(nowMs).length >= this.rules.probes) return undefined;
    if (this.state === "open") this.become("half-open", nowMs);
    const call = { era: this.era, isProbe: this.state === "half-open", beganMs: nowMs };
    if (call.isProbe) this.probes.push(call);
    return call;
  }

  end(call: Known, end: End, nowMs: number): void {
    const isLate = call.era !== this.era || (call.isProbe && !this.running(nowMs).includes(call));
    if (isLate) return;
    this.probes = this.probes.filter((one) => one !== call);
    if (end !== "succeeds" && end !== "fails") return;
    this.ends.push({ good: end === "succeeds", atMs: nowMs });
    if (end === "fails" && this.isBroken(nowMs)) this.become("open", nowMs);
    if (this.state === "half-open" && this.good() >= this.rules.successes)
      this.become("closed", nowMs);
  }

  good = (): number => this.ends.filter(({ good }) => good).length;

  isBroken(nowMs: number): boolean {
    if (this.state === "half-open")
      return this.ends.length - this.good() >= this.rules.probeFailures;
    if (this.rules.window === undefined) {
      return (
        this.ends.slice(-this.rules.failures).filter(({ good }) => !good).length >=
        this.rules.failures
      );
    }
    const slot = (ms: number): number => Math.floor(ms / BUCKET_MS);
    const seen =
      this.rules.window === "calls"
        ? this.ends.slice(-CALLS)
        : this.ends.filter(({ atMs }) => slot(atMs) > slot(nowMs) - TIME_MS / BUCKET_MS);
    const bad = seen.filter(({ good }) => !good).length;
    return seen.length >= this.rules.failures && bad / seen.length >= 0.5;
  }
}

const optionsOf = ({ failures, window, ...others }: Rules): BreakerOptions => ({
  ...others,
  ...(window === undefined ? { failures } : {}),
  ...(window === "calls" ? { window: { calls: CALLS, minimum: failures } } : {}),
  ...(window === "time" ? { window: { time: TIME_MS, minimum: failures } } : {}),
  pause: delays(WAITS_MS),
  probeTimeout: LEASE_MS,
});

const down = (): Error => Object.assign(new Error("down"), { status: 503 });
const wrong = (): Error => Object.assign(new Error("wrong"), { status: 400 });

/** A call through the real breaker that ends when it is told to. */
function callThrough(circuit: ReturnType<typeof breaker>) {
  const caller = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const answer = circuit
    .run(() => promise, caller)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  const ends: Readonly<Record<End, () => void>> = {
    succeeds: () => resolve("done"),
    fails: () => reject(down()),
    "is ignored": () => reject(wrong()),
    "is cancelled": () => caller.abort("stop"),
  };
  return { answer, end: (end: End) => ends[end]() };
}

/** Lets go on what needs no time. */
const turn = async (): Promise<void> => {
  for (let step = 0; step < 12; step++) await Promise.resolve();
};

test(
  "B2 B3 B4 B7 it opens, pauses, probes and closes as the model says, whatever runs side by side",
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(rules, fc.array(command, { maxLength: 50 }), async (given, commands) => {
        const clock = new VirtualClock();
        const circuit = breaker("bank", { ...optionsOf(given), clock });
        const model = new Model(given);
        const calls: { readonly known: Known; readonly real: ReturnType<typeof callThrough> }[] =
          [];

        for (const next of commands) {
          const nowMs = clock.elapsed();
          if (next.type === "wait") await clock.advance(next.ms);
          if (next.type === "call") {
            const leftMs = model.leftMs(nowMs);
            const known = model.begin(nowMs);
            const real = callThrough(circuit);
            if (known !== undefined) calls.push({ known, real });
            else {
              const error = await real.answer;
              expect(error).toBeInstanceOf(CircuitOpenError);
              expect(error).toMatchObject({ retryAfterMs: leftMs });
            }
          }
          if (next.type === "end") {
            const [call] = calls.splice(next.which, 1);
            if (call !== undefined) model.end(call.known, next.end, nowMs);
            call?.real.end(next.end);
          }
          await turn();
          const { state, openings } = circuit.status();
          expect({ state, openings }).toEqual({ state: model.state, openings: model.openings });
        }
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 10_000 },
    );
  },
);

test("a pause without jitter and one by a backoff are the same to whoever waits", async () => {
  const clock = new VirtualClock();
  const both = [1_000, constant(1_000)].map((pause) =>
    breaker("bank", { failures: 1, pause, clock }),
  );

  for (const circuit of both) await circuit.run(() => Promise.reject(down())).catch(() => {});

  expect(both.map(({ retryAfterMs }) => retryAfterMs)).toEqual([1_000, 1_000]);
});

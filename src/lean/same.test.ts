/**
 * What `holdfast/lean` has does what `holdfast` does: random calls, overlapping and aborted, meet the
 * same dependency through both, on virtual time, and all that can be seen is compared.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import * as full from "../index.ts";
import { FAULT_CLASSES, type Effect } from "../core/fault.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import * as lean from "./index.ts";

/** How one attempt goes: it takes its time, and fails by a fault, or not. */
interface Go {
  readonly tookMs: number;
  readonly fault: Pick<full.Fault, "class" | "effect" | "retryAfterMs"> | undefined;
}

interface Call {
  readonly beginsAtMs: number;
  readonly abortsAfterMs: number | undefined;
  /** One for each attempt; the last one again and again. */
  readonly goes: readonly Go[];
}

interface Scenario {
  readonly attempts: number;
  readonly waitMs: number;
  readonly failures: number;
  readonly pauseMs: number;
  readonly limitMs: number;
  readonly totalMs: number;
  readonly order: "breaker outside" | "breaker inside";
  readonly calls: readonly Call[];
}

const go: fc.Arbitrary<Go> = fc.record({
  tookMs: fc.integer({ min: 1, max: 400 }),
  fault: fc.option(
    fc.record({
      class: fc.constantFrom(...FAULT_CLASSES),
      effect: fc.constantFrom<Effect>("none", "unknown"),
      retryAfterMs: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
    }),
    { nil: undefined, freq: 3 },
  ),
});

const scenario: fc.Arbitrary<Scenario> = fc.record({
  attempts: fc.integer({ min: 1, max: 4 }),
  waitMs: fc.integer({ min: 1, max: 300 }),
  failures: fc.integer({ min: 1, max: 3 }),
  // A Retry-After keeps a breaker of holdfast open for longer; for that there is no room either.
  pauseMs: fc.integer({ min: 500, max: 1_500 }),
  limitMs: fc.integer({ min: 1, max: 500 }),
  totalMs: fc.integer({ min: 1, max: 3_000 }),
  order: fc.constantFrom("breaker outside", "breaker inside"),
  calls: fc.array(
    fc.record({
      beginsAtMs: fc.integer({ min: 0, max: 3_000 }),
      abortsAfterMs: fc.option(fc.integer({ min: 0, max: 600 }), { nil: undefined, freq: 4 }),
      goes: fc.array(go, { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

/** What is made of the parts that both have. */
type Make = (parts: Scenario, clock: VirtualClock) => full.Policy;

/** Nothing in a pipeline of the other says that the order is meant. */
const nest = (policies: readonly full.Policy[], { order }: Scenario): readonly full.Policy[] => {
  const [total, retry, breaker, limit] = policies as [
    full.Policy,
    full.Policy,
    full.Policy,
    full.Policy,
  ];
  return order === "breaker outside"
    ? [total, breaker, retry, limit]
    : [total, retry, breaker, limit];
};

const byFull: Make = (parts, clock) => {
  const { attempts, waitMs, failures, pauseMs } = parts;
  const policies = [
    full.timeout(parts.totalMs, { clock }),
    full.retry({
      clock,
      attempts,
      backoff: () => waitMs,
      // What there is no room for.
      reactions: { transient: { firstRetry: "backoff" } },
      except: ["CIRCUIT_OPEN"],
    }),
    full.breaker("it", { clock, failures, pause: pauseMs }),
    full.timeout(parts.limitMs, { clock }),
  ];
  return full.pipeline(...nest(policies, parts).map(full.intended));
};

const byLean: Make = (parts, clock) => {
  const { attempts, waitMs, failures, pauseMs } = parts;
  const policies = [
    lean.timeout(parts.totalMs, { clock }),
    lean.retry({ clock, attempts, backoff: () => waitMs, classify: refusalsAreFatal }),
    lean.breaker("it", { clock, failures, pause: pauseMs, classify: full.faultOf }),
    lean.timeout(parts.limitMs, { clock }),
  ];
  return lean.pipeline(...nest(policies, parts));
};

function refusalsAreFatal(error: unknown): full.Fault {
  const fault = full.faultOf(error);
  return fault.code === "CIRCUIT_OPEN" ? { ...fault, class: "fatal" } : fault;
}

/** All that can be seen of it: when attempts began, and how and when each call ended. */
async function play(parts: Scenario, make: Make): Promise<unknown> {
  const clock = new VirtualClock();
  const policy = make(parts, clock);
  const seen: unknown[] = [];
  const ends = parts.calls.map(async ({ beginsAtMs, abortsAfterMs, goes }, number) => {
    // Each at a moment of its own: what happens at one and the same has no order that is promised.
    await clock.sleep(beginsAtMs + number / 100);
    const caller = new AbortController();
    if (abortsAfterMs !== undefined) clock.after(abortsAfterMs, () => caller.abort("enough"));
    const end = await policy
      .run(
        async ({ attempt, deadline }) => {
          seen.push([number, attempt, clock.elapsed(), deadline.remainingMs()]);
          const { tookMs, fault } = goes.at(attempt - 1) ?? (goes.at(-1) as Go);
          await clock.sleep(tookMs + number / 1_000);
          if (fault !== undefined) throw full.withFault(new Error("failed"), fault);
          return attempt;
        },
        { signal: caller.signal },
      )
      .catch((error: unknown) => (error instanceof Error ? full.faultOf(error) : error));
    return [end, clock.elapsed()];
  });
  await clock.settle(() => Promise.all(ends));
  return { seen, ends: await Promise.all(ends) };
}

test("it does what holdfast does, whatever happens", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (parts) => {
      expect(await play(parts, byLean)).toEqual(await play(parts, byFull));
    }),
    { numRuns: 500 },
  );
});

test("what follows from a class is what the table of reactions says", async () => {
  const seen: unknown[] = [];
  const expected: unknown[] = [];
  for (const kind of FAULT_CLASSES) {
    for (const effect of ["none", "unknown"] as const) {
      const error = full.withFault(new Error("failed"), { class: kind, effect });
      const clock = new VirtualClock();
      const retried = lean.retry({ clock, attempts: 10, backoff: () => 1 });
      const guarded = lean.breaker("it", { clock, failures: 1 });
      let attempts = 0;
      const fail = (): never => {
        attempts++;
        throw error;
      };
      await clock.settle(() => retried.run(fail).catch(() => undefined));
      await guarded.run(fail).catch(() => undefined);
      const next = await guarded.run(() => "admitted").catch(() => "refused");
      seen.push([kind, effect, attempts - 1, next]);

      const { retries, breaker } = full.REACTIONS[kind];
      const counts = breaker === "counts" || (breaker === "unless refused" && effect !== "none");
      const opens = counts ? "refused" : "admitted";
      expected.push([kind, effect, Math.min(10, retries + 1), opens]);
    }
  }

  expect(seen).toEqual(expected);
});

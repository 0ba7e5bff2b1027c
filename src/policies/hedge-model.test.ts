/** The hedge against a model of twenty lines that knows no promises: what wins, when, and what began when. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { hedge, type Effect } from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

interface Planned {
  readonly latencyMs: number;
  readonly end: "answer" | "fatal" | Effect;
  readonly retryAfterMs: number | undefined;
}

interface Outcome {
  readonly attempt: number;
  readonly atMs: number;
  readonly begunAtMs: readonly number[];
}

/** Each attempt's latency has a bit of its own, so that no two things happen at the same moment. */
const plans = fc
  .array(
    fc.record({
      latencyMs: fc.integer({ min: 0, max: 500 }),
      end: fc.constantFrom("answer", "answer", "fatal", "none", "unknown"),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined, freq: 2 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((plan) =>
    plan.map((each, index): Planned => ({
      ...each,
      latencyMs: each.latencyMs + 2 ** -(index + 2),
    })),
  );

function expected(plan: readonly Planned[], delayMs: number): Outcome {
  const begunAtMs = [0];
  const failed: number[] = [];
  let nextAtMs = delayMs;
  let heldUntilMs = 0;
  for (;;) {
    const endsAtMs = plan.map(({ latencyMs }, index) =>
      failed.includes(index) ? Infinity : (begunAtMs[index] ?? Infinity) + latencyMs,
    );
    const atMs = Math.min(...endsAtMs);
    const isNext = begunAtMs.length < plan.length && Math.max(nextAtMs, heldUntilMs) < atMs;
    if (isNext) {
      begunAtMs.push(Math.max(nextAtMs, heldUntilMs));
      nextAtMs = (begunAtMs.at(-1) as number) + delayMs;
      continue;
    }
    const attempt = endsAtMs.indexOf(atMs);
    const { end, retryAfterMs = 0 } = plan[attempt] as Planned;
    if (end === "answer" || end === "fatal") return { attempt: attempt + 1, atMs, begunAtMs };
    failed.push(attempt);
    heldUntilMs = Math.max(heldUntilMs, atMs + retryAfterMs);
    nextAtMs = atMs;
    const isMore = begunAtMs.length < plan.length;
    if (isMore && heldUntilMs === atMs) {
      begunAtMs.push(atMs);
      nextAtMs = atMs + delayMs;
    } else if (failed.length === begunAtMs.length) {
      const told = failed.findLast((index) => plan[index]?.end !== "none") ?? attempt;
      return { attempt: told + 1, atMs, begunAtMs };
    }
  }
}

async function played(plan: readonly Planned[], delayMs: number): Promise<Outcome> {
  const clock = new VirtualClock();
  const begunAtMs: number[] = [];
  const policy = hedge(delayMs, {
    attempts: plan.length,
    clock,
    classify: (error) => {
      const { end, retryAfterMs } = plan[(error as number) - 1] as Planned;
      return end === "fatal"
        ? { class: "fatal", code: "FATAL", effect: "none" }
        : { class: "transient", code: "BLIP", effect: end as Effect, retryAfterMs };
    },
  });
  const running = clock.settle(() =>
    policy.run(async ({ attempt, signal }) => {
      begunAtMs.push(clock.elapsed());
      const { latencyMs, end } = plan[attempt - 1] as Planned;
      await clock.sleep(latencyMs, signal);
      if (end !== "answer") throw attempt;
      return attempt;
    }),
  );
  const attempt = await running.catch((error: unknown) => error as number);
  expect(clock.pending).toBe(0);
  return { attempt, atMs: clock.elapsed(), begunAtMs };
}

test("what wins, when, and which attempts began when, is as in the model", async () => {
  const delays = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constant(Infinity));
  await fc.assert(
    fc.asyncProperty(plans, delays, async (plan, delayMs) => {
      expect(await played(plan, delayMs)).toEqual(expected(plan, delayMs));
    }),
    { numRuns: 1_000 },
  );
});

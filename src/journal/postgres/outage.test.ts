import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { pauseMs, waitOut } from "./outage.ts";

test("pauses double from 25 ms to a second, and the dice take off up to a half", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (failures, random) => {
        const boundMs = Math.min(1_000, 25 * 2 ** (failures - 1));

        expect(pauseMs(failures, random)).toBeGreaterThanOrEqual(boundMs / 2);
        expect(pauseMs(failures, random)).toBeLessThanOrEqual(boundMs);
      },
    ),
    { numRuns: 10_000 },
  );
});

/** Work that fails so often, each time after 10 ms, and how it was asked for. */
function failing(times: number, clock: VirtualClock) {
  const attempts: number[] = [];
  const work = async (attempt: number): Promise<string> => {
    attempts.push(attempt);
    if (attempt > times) return "done";
    await clock.sleep(10);
    throw new Error(`failure ${attempt}`);
  };
  return { work, attempts };
}

test.for<[limitMs: number, failures: number, ending: string, elapsedMs: number]>([
  [0, 0, "done", 0],
  [0, 1, "failure 1", 10],
  [1_000, 1, "done", 35],
  // 25, 50, 100, 200 and 400 ms of waiting, and ten of work after each but the first.
  [1_000, 5, "done", 825],
  [1_000, 6, "failure 6", 835],
])(
  "an outage of at most %i ms, with %i failures, ends with %s",
  async ([limitMs, failures, ending, elapsedMs]) => {
    const clock = new VirtualClock();
    const { work } = failing(failures, clock);
    // As good as 1: no dice.
    const patience = { limitMs, isOutage: () => true, clock, random: () => 1 };

    const ended = await clock.settle(() =>
      waitOut(work, patience).catch((error: unknown) => (error as Error).message),
    );

    expect([ended, clock.elapsed()]).toEqual([ending, elapsedMs]);
  },
);

test("what is no outage is not waited out", async () => {
  const clock = new VirtualClock();
  const { work, attempts } = failing(9, clock);
  const isOutage = (error: unknown) => (error as Error).message !== "failure 2";

  const ended = await clock.settle(() =>
    waitOut(work, { limitMs: 1_000, isOutage, clock, random: () => 0 }).catch(String),
  );

  expect([ended, attempts]).toEqual(["Error: failure 2", [1, 2]]);
});

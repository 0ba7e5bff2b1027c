/** What a hedge learns from how long first attempts take. */

import { expect, test } from "vitest";
import {
  hedge,
  pipeline,
  seededDice,
  timeout,
  type Attempt,
  type HedgeOptions,
  type LearnedDelay,
  type Work,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

/** A connection that was cut. */
const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

/** A hedge whose first attempts take as long as they are told, and how many attempts each call took. */
function learning(delay: LearnedDelay, options: HedgeOptions = {}) {
  const clock = new VirtualClock();
  const policy = hedge(delay, { ...options, clock });
  /** Answers how many attempts began, and how long the call took. */
  const call = async (
    firstMs: number,
    secondMs = 0,
  ): Promise<[attempts: number, tookMs: number]> => {
    const startMs = clock.elapsed();
    let attempts = 0;
    await clock.settle(() =>
      policy.run(({ attempt, signal }) => {
        attempts++;
        return clock.sleep(attempt === 1 ? firstMs : secondMs, signal);
      }),
    );
    return [attempts, clock.elapsed() - startMs];
  };
  const calls = async (...firstMs: number[]): Promise<void> => {
    for (const ms of firstMs) await call(ms);
  };
  return { clock, policy, call, calls };
}

const oneTo = (length: number): number[] => Array.from({ length }, (_, index) => (index + 1) * 10);

test("until enough is known nothing is hedged but failures", async () => {
  const { clock, policy, call, calls } = learning({});
  await calls(...oneTo(19));

  const before = await call(3_600_000);
  const after = await call(3_600_000, 7);
  let attempts = 0;
  const value = await clock.settle(() =>
    hedge({}, { clock }).run<unknown>(() =>
      attempts++ === 0 ? Promise.reject(reset()) : "second",
    ),
  );

  // The 19 and the long one are 20, of which the 19th takes 190 ms.
  expect([before, after]).toEqual([
    [1, 3_600_000],
    [2, 197],
  ]);
  expect([policy.name, value]).toEqual(["hedge", "second"]);
});

test("until enough is known the delay is the initial one, if one is given", async () => {
  const { call } = learning({ initial: "2s", minSamples: 2 });

  expect([await call(9_000, 5), await call(5), await call(9_000, 5)]).toEqual([
    [2, 2_005],
    [1, 5],
    [2, 2_010],
  ]);
});

test("the delay is a quantile of the latest calls", async () => {
  const { call, calls } = learning({ quantile: 0.5, window: 4, minSamples: 4 });
  await calls(900, 900, 10, 20, 30, 40);

  expect(await call(900, 1)).toEqual([2, 21]);
});

test("a window that is smaller than what would be enough is enough when it is full", async () => {
  const { call, calls } = learning({ window: 2 });
  await calls(50, 60);

  expect(await call(900, 1)).toEqual([2, 61]);
});

test("no delay is shorter than the shortest", async () => {
  const usual = learning({ minSamples: 1 });
  const own = learning({ minSamples: 1, min: 0 });
  await usual.calls(3);
  await own.calls(3);

  expect([await usual.call(900, 1), await own.call(900, 1)]).toEqual([
    [2, 11],
    [2, 4],
  ]);
});

test("a first attempt that lost counts as long as it ran, and one that failed not at all", async () => {
  const { clock, policy, call } = learning({ quantile: 1, initial: 100, minSamples: 2 });

  await call(900, 50);
  for (const afterMs of [1, 2, 3]) {
    await clock.settle(() =>
      policy.run<unknown>(({ attempt }) =>
        attempt === 1 ? clock.sleep(afterMs).then(() => Promise.reject(reset())) : "second",
      ),
    );
  }
  const still = await call(120, 900);

  expect([still, await call(900, 1)]).toEqual([
    [2, 120],
    [2, 151],
  ]);
});

test("the share of calls that are hedged stays at what was asked for, and does not grow by itself", async () => {
  const random = seededDice("tail");
  const { call } = learning({ quantile: 0.95 });
  // Exponential, so that half of the slow ones are much slower than the delay.
  const drawn = (): number => 100 - 100 * Math.log(1 - random());
  let hedged = 0;

  for (let index = 0; index < 3_000; index++) {
    const [attempts] = await call(drawn(), drawn());
    if (attempts > 1) hedged++;
  }

  expect(hedged / 3_000).toBeGreaterThan(0.035);
  expect(hedged / 3_000).toBeLessThan(0.065);
});

test("calls that a limit ends make the delay longer too, so that an outage is not asked twice", async () => {
  const clock = new VirtualClock();
  const attempts: number[] = [];
  const guarded = pipeline(
    timeout("1s", { clock }),
    hedge({ quantile: 0.9, minSamples: 5, window: 20 }, { clock }),
  );
  const call = async (ms: number): Promise<void> => {
    let begun = 0;
    const work = ({ signal }: Attempt) => (begun++, clock.sleep(ms, signal));
    await clock.settle(() => guarded.run(work).catch(() => {}));
    attempts.push(begun);
  };

  for (const ms of [50, 50, 50, 50, 50]) await call(ms);
  for (let index = 0; index < 6; index++) await call(5_000);

  expect(attempts).toEqual([1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1]);
});

test("until enough is known, those that a limit ends after the initial delay are known as well", async () => {
  const clock = new VirtualClock();
  let begun = 0;
  const guarded = pipeline(
    timeout("1s", { clock }),
    hedge({ initial: "500ms", minSamples: 3 }, { clock }),
  );
  const call = () =>
    clock.settle(() =>
      guarded.run(({ signal }) => (begun++, clock.sleep(9_000, signal))).catch(() => {}),
    );

  for (let index = 0; index < 5; index++) await call();

  expect(begun).toBe(3 * 2 + 2);
});

test("a caller that leaves early teaches nothing, nor does one whose first attempt has failed", async () => {
  const { clock, policy, call, calls } = learning({ quantile: 1, minSamples: 2, window: 2 });
  await calls(50, 60);
  const leaveAfter = async (ms: number, work: Work<unknown>): Promise<void> => {
    const caller = new AbortController();
    clock.after(ms, () => caller.abort("stop"));
    await clock.settle(() => policy.run(work, caller).catch(() => {}));
  };

  await leaveAfter(40, () => clock.sleep(900));
  await leaveAfter(40, () => clock.sleep(900));
  await leaveAfter(500, ({ attempt }) =>
    attempt === 1 ? Promise.reject(reset()) : clock.sleep(900),
  );
  await clock.advance(900);

  expect(await call(900, 1)).toEqual([2, 61]);
});

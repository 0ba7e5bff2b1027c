import { expect, test } from "vitest";
import { constant, retry, type EventDetails, type RetryOptions } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });

/** A retry with waits of one second on a clock of its own. */
function patient(options: RetryOptions = {}) {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const policy = retry({
    clock,
    backoff: constant("1s"),
    on: (event) => told.push(event),
    ...options,
  });
  return { clock, policy, types: () => told.map(({ type }) => type) };
}

test("a loop goes on until a round does not fail", async () => {
  const { clock, policy } = patient();
  const rounds: unknown[] = [];

  await clock.settle(async () => {
    for await (const { attempt, failed, signal } of policy.attempts()) {
      rounds.push([attempt, clock.elapsed(), signal.aborted]);
      if (attempt < 3) failed(down());
    }
  });

  expect({ rounds, pending: clock.pending }).toEqual({
    rounds: [
      [1, 0, false],
      [2, 1_000, false],
      [3, 2_000, false],
    ],
    pending: 0,
  });
});

test("the loop throws the last error when there is no further attempt, the same object", async () => {
  const { clock, policy, types } = patient({ attempts: 2 });
  const errors = [down(), down()];

  const running = clock.settle(async () => {
    for await (const { attempt, failed } of policy.attempts()) failed(errors[attempt - 1]);
  });

  await expect(running).rejects.toBe(errors[1]);
  expect(types().at(-1)).toBe("retry.stopped");
});

test("a loop that is left is over, even in a round that failed", async () => {
  const { clock, policy, types } = patient();

  await clock.settle(async () => {
    for await (const { failed } of policy.attempts()) {
      failed(down());
      break;
    }
  });

  expect({ types: types(), pending: clock.pending }).toEqual({ types: [], pending: 0 });
});

test("what a round throws leaves the loop as it is, and nothing follows", async () => {
  const { clock, policy, types } = patient();
  const mistake = new Error("mistake");

  const running = clock.settle(async () => {
    for await (const { failed } of policy.attempts()) {
      failed(down());
      throw mistake;
    }
  });

  await expect(running).rejects.toBe(mistake);
  expect({ types: types(), pending: clock.pending }).toEqual({ types: [], pending: 0 });
});

test("the caller's abort ends the loop with its reason", async () => {
  const { clock, policy } = patient();
  const caller = new AbortController();
  let rounds = 0;

  const running = clock.settle(async () => {
    for await (const { failed } of policy.attempts(caller)) {
      rounds++;
      failed(down());
      caller.abort("closing down");
    }
  });

  await expect(running).rejects.toBe("closing down");
  expect({ rounds, pending: clock.pending }).toEqual({ rounds: 1, pending: 0 });
});

test("a round sees the limit by its signal and its deadline, and after it the loop throws", async () => {
  const { clock, policy } = patient({ total: "5s" });
  const seen: unknown[] = [];

  const running = clock.settle(async () => {
    for await (const { signal, deadline } of policy.attempts()) {
      seen.push(deadline.remainingMs());
      await clock.sleep(9_000, signal).catch(() => {});
      seen.push(deadline.remainingMs(), signal.aborted);
    }
  });

  await expect(running).rejects.toMatchObject({ code: "TIMED_OUT" });
  expect(seen).toEqual([5_000, 0, true]);
});

test("a round that ends well is not judged by its result, for it has none", async () => {
  const judged: unknown[] = [];
  const { clock, policy } = patient({ faultOfResult: (result) => void judged.push(result) });
  let rounds = 0;

  await clock.settle(async () => {
    for await (const { failed } of policy.attempts()) if (++rounds === 1) failed(down());
  });

  expect({ rounds, judged }).toEqual({ rounds: 2, judged: [] });
});

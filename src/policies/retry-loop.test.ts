import { expect, test } from "vitest";
import {
  constant,
  retry,
  type EventDetails,
  type LoopAttempt,
  type RetryOptions,
} from "../index.ts";
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
  return { clock, policy, told, types: () => told.map(({ type }) => type) };
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

/** A job that is not done yet. */
const untilDone: RetryOptions = {
  faultOfResult: (job) =>
    job === "done" ? undefined : { class: "degraded", code: "NOT_DONE", effect: "none" },
};

test("a round's result is judged as that of run is: a fault brings another round", async () => {
  const { clock, policy, told } = patient(untilDone);
  const jobs = ["queued", "running", "done"];
  const rounds: unknown[] = [];

  await clock.settle(async () => {
    for await (const { attempt, result } of policy.attempts()) {
      rounds.push([attempt, clock.elapsed()]);
      result(jobs[attempt - 1]);
    }
  });

  expect(rounds).toEqual([
    [1, 0],
    [2, 1_000],
    [3, 2_000],
  ]);
  expect(told.filter(({ type }) => type === "attempt.failed")).toMatchObject([
    { number: 1, error: "queued", fault: { code: "NOT_DONE" } },
    { number: 2, error: "running", fault: { code: "NOT_DONE" } },
  ]);
});

test("when there is no further attempt the last result stands, and the loop ends without an error", async () => {
  const { clock, policy, told } = patient({ ...untilDone, attempts: 2 });
  let last: unknown;

  await clock.settle(async () => {
    for await (const { attempt, result } of policy.attempts()) result((last = `job ${attempt}`));
  });

  expect(last).toBe("job 2");
  expect(told.at(-1)).toMatchObject({ type: "retry.stopped", reason: "attempts used up" });
});

test.for<[what: string, first: (round: LoopAttempt) => void, rounds: number]>([
  ["nothing at all is a result like any other", ({ result }) => result(undefined), 2],
  [
    "a failure after a result counts",
    ({ result, failed }) => {
      result("done");
      failed(down());
    },
    2,
  ],
  [
    "a result after a failure counts",
    ({ result, failed }) => {
      failed(down());
      result("done");
    },
    1,
  ],
])("of what a round says the last counts: %s", async ([, first, expected]) => {
  const { clock, policy } = patient(untilDone);
  let rounds = 0;

  await clock.settle(async () => {
    for await (const round of policy.attempts()) if (++rounds === 1) first(round);
  });

  expect(rounds).toBe(expected);
});

test("a loop that is left is over, even after a result that is a fault", async () => {
  const { clock, policy, types } = patient(untilDone);

  await clock.settle(async () => {
    for await (const { result } of policy.attempts()) {
      result("running");
      break;
    }
  });

  expect({ types: types(), pending: clock.pending }).toEqual({ types: [], pending: 0 });
});

test("a judge that throws ends the loop with what it threw", async () => {
  const mistake = new Error("mistake");
  const { clock, policy } = patient({
    faultOfResult: () => {
      throw mistake;
    },
  });

  const running = clock.settle(async () => {
    for await (const { result } of policy.attempts()) result("job");
  });

  await expect(running).rejects.toBe(mistake);
});

test("a result is good where there is nobody to judge it", async () => {
  const { clock, policy } = patient();
  let rounds = 0;

  await clock.settle(async () => {
    for await (const { result } of policy.attempts()) result(++rounds);
  });

  expect(rounds).toBe(1);
});

test("a round that ends well and hands in no result is not judged", async () => {
  const judged: unknown[] = [];
  const { clock, policy } = patient({ faultOfResult: (result) => void judged.push(result) });
  let rounds = 0;

  await clock.settle(async () => {
    for await (const { failed } of policy.attempts()) if (++rounds === 1) failed(down());
  });

  expect({ rounds, judged }).toEqual({ rounds: 2, judged: [] });
});

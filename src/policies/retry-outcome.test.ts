import { expect, test } from "vitest";
import { constant, retry, type Fault, type RetryOptions } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const REFUSED: Fault = { class: "degraded", code: "ECONNREFUSED", effect: "none" };
const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });

function patient(options: RetryOptions = {}) {
  const clock = new VirtualClock();
  return { clock, policy: retry({ clock, backoff: constant("1s"), attempts: 3, ...options }) };
}

test("a success tells how many attempts it took, and what had failed", async () => {
  const { clock, policy } = patient();

  const outcome = await clock.settle(() =>
    policy.attempt(async ({ attempt }) => {
      await clock.sleep(10);
      if (attempt < 2) throw down();
      return "done";
    }),
  );

  expect(outcome).toEqual({
    ok: true,
    value: "done",
    attempts: 2,
    history: [{ number: 1, fault: REFUSED, durationMs: 10, waitMs: 1_000 }],
  });
});

test("a success at once has no history", async () => {
  expect(await patient().policy.attempt(() => "done")).toEqual({
    ok: true,
    value: "done",
    attempts: 1,
    history: [],
  });
});

test("a failure is an answer, with the reason why there was no further attempt", async () => {
  const { clock, policy } = patient();
  const errors = [down(), down(), down()];

  const outcome = await clock.settle(() =>
    policy.attempt(({ attempt }) => Promise.reject(errors[attempt - 1] as Error)),
  );

  expect(outcome).toEqual({
    ok: false,
    error: errors[2],
    fault: REFUSED,
    reason: "attempts used up",
    attempts: 3,
    history: [
      { number: 1, fault: REFUSED, durationMs: 0, waitMs: 1_000 },
      { number: 2, fault: REFUSED, durationMs: 0, waitMs: 1_000 },
      { number: 3, fault: REFUSED, durationMs: 0 },
    ],
  });
});

test("only the last twenty attempts are remembered", async () => {
  const { clock, policy } = patient({ attempts: 30 });

  const { attempts, history } = await clock.settle(() =>
    policy.attempt(() => Promise.reject(down())),
  );

  expect({ attempts, first: history[0]?.number, last: history.at(-1)?.number }).toEqual({
    attempts: 30,
    first: 11,
    last: 30,
  });
});

test("a total limit that is over is an answer too", async () => {
  const { clock, policy } = patient({ total: "5s" });

  const outcome = await clock.settle(() => policy.attempt(() => new Promise(() => {})));

  expect(outcome).toMatchObject({
    ok: false,
    error: { code: "TIMED_OUT" },
    fault: { class: "timeout" },
    reason: "time is up",
    attempts: 1,
  });
});

test("a last result that is a fault stands where an error would", async () => {
  const fault: Fault = { class: "degraded", code: "NOT_DONE", effect: "none" };
  const { clock, policy } = patient({ faultOfResult: () => fault, attempts: 2 });

  const outcome = await clock.settle(() => policy.attempt(({ attempt }) => `job ${attempt}`));

  expect(outcome).toMatchObject({
    ok: false,
    error: "job 2",
    fault,
    reason: "attempts used up",
    attempts: 2,
  });
});

test("only the caller's abort rejects", async () => {
  const { clock, policy } = patient();
  const caller = new AbortController();

  const running = clock.settle(() =>
    policy.attempt(() => {
      caller.abort("closing down");
      throw down();
    }, caller),
  );

  await expect(running).rejects.toBe("closing down");
});

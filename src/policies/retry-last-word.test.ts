/** What has the last word about another attempt: `when`, the budget, what is uncounted, and time. */

import { expect, test } from "vitest";
import { constant, HttpStatusError, OptionsError, retry, withFault, type Fault } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { play } from "./play-retry.contract.ts";

const http = (status: number): Error => new HttpStatusError(new Response(null, { status }));
const BUSY: Fault = { class: "degraded", code: "BUSY", effect: "none" };

test("a last word that is promised is awaited", async () => {
  const asked: unknown[] = [];
  const when = async (_error: unknown, { code }: Fault, attempt: number): Promise<boolean> => {
    asked.push([code, attempt]);
    return attempt < 2;
  };
  const errors = [http(503), http(500)];

  const played = await play({ when }, errors);

  expect([played.end, played.attempts, played.reason, asked]).toEqual([
    errors[1],
    2,
    "refused by when",
    [
      ["HTTP_503", 1],
      ["HTTP_500", 2],
    ],
  ]);
});

test("a last word that is promised and fails ends the retries, and hides no failure", async () => {
  const mistake = new Error("mistake");
  const failure = http(503);

  const played = await play({ when: () => Promise.reject(mistake) }, [failure]);

  expect([(played.end as AggregateError).errors, played.reason]).toEqual([
    [mistake, failure],
    "when failed",
  ]);
});

test("an abort while the last word is awaited ends the call at once", async () => {
  const caller = new AbortController();
  const running = retry({ when: () => new Promise<boolean>(() => {}) }).run(() => {
    throw http(503);
  }, caller);

  await Promise.resolve();
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
});

test("failures that are uncounted cost no attempt", async () => {
  const busy = (): Error => withFault(new Error("busy"), { class: "unknown", code: "BUSY" });
  const errors = [busy(), busy(), busy(), http(503), busy(), http(503)];

  const played = await play({ attempts: 2, uncounted: ["BUSY"] }, errors);

  expect([played.end, played.attempts, played.reason]).toEqual([errors[5], 6, "attempts used up"]);
});

test("so many of them that there is no end count all the same", async () => {
  const busy = withFault(new Error("busy"), { class: "degraded", code: "BUSY" });
  const told = await retry({ backoff: constant(0), attempts: 3, uncounted: ["BUSY"] }).attempt(
    () => {
      throw busy;
    },
  );

  expect(told.attempts).toBe(1_003);
});

test.for([
  ["uncounted is no list", { uncounted: "BUSY" as never }],
  ["uncounted lists a number", { uncounted: [1 as never] }],
] as const)("%s", ([, options]) => {
  expect(() => retry(options)).toThrow(OptionsError);
});

test.for(["deposit", "withdraw"] as const)(
  "a budget whose %s throws hides no failure",
  async (name) => {
    const mistake = new Error("budget");
    const budget = {
      deposit: () => {},
      withdraw: () => true,
      [name]: () => {
        throw mistake;
      },
    };
    const failure = http(503);

    const plain = await play({ budget }, [failure]);
    const promised = await play({ budget, when: () => Promise.resolve(true) }, [failure]);
    const limited = await play({ budget, total: "1m" }, [failure]);

    const expected = name === "deposit" ? mistake : { errors: [mistake, failure] };
    for (const { end, clock, reason } of [plain, promised, limited])
      expect({ end, pending: clock.pending, reason }).toMatchObject({
        end: expected,
        pending: 0,
        reason: "budget failed",
      });
  },
);

test("a last result is answered as it is when beforeRetry leaves no time", async () => {
  const clock = new VirtualClock();
  const policy = retry({
    clock,
    total: "10s",
    backoff: constant("4s"),
    faultOfResult: () => BUSY,
    beforeRetry: () => clock.sleep(7_000),
  });

  expect(await clock.settle(() => policy.run(() => "job pending"))).toBe("job pending");
});

test("the time that a last word takes counts: a wait that no longer fits is not begun", async () => {
  const clock = new VirtualClock();
  const error = http(503);
  const policy = retry({
    clock,
    total: "10s",
    backoff: constant("5s"),
    when: () => clock.sleep(8_000).then(() => true),
  });

  const running = clock.settle(() => policy.run(() => Promise.reject(error)));

  await expect(running).rejects.toBe(error);
  expect(clock.elapsed()).toBe(8_000);
});

test("a last word that fails after the caller left is nobody's", async () => {
  const caller = new AbortController();
  const policy = retry({
    on: ({ type }) => type === "attempt.failed" && caller.abort("stop"),
    when: () => Promise.reject(new Error("late")),
  });

  await expect(policy.run(() => Promise.reject(http(503)), caller)).rejects.toBe("stop");
});

test("what ends a call before its first attempt is an answer of attempt, too", async () => {
  const ended = await retry({ total: "2s", expects: "3s" }).attempt(() => "done");

  expect(ended).toMatchObject({
    ok: false,
    error: { code: "NO_TIME_LEFT" },
    reason: "time is up",
    attempts: 0,
    history: [],
  });
});

test("a faultOfResult that throws is an answer of attempt, too", async () => {
  const mistake = new Error("mistake");
  const policy = retry({
    faultOfResult: () => {
      throw mistake;
    },
  });

  expect(await policy.attempt(() => "done")).toMatchObject({
    ok: false,
    error: mistake,
    reason: "faultOfResult failed",
  });
});

test("an abort by who hears that the retries stopped is the call's end", async () => {
  const caller = new AbortController();
  const clock = new VirtualClock();
  const policy = retry({
    clock,
    total: "1m",
    attempts: 1,
    on: ({ type }) => type === "retry.stopped" && caller.abort("stop"),
  });

  await expect(policy.attempt(() => Promise.reject(http(503)), caller)).rejects.toBe("stop");
});

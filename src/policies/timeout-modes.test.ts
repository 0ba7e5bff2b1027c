/** What `timeout` does beside ending a call at once: other endings, late work, and limits by attempt. */

import { expect, test } from "vitest";
import { pipeline, retry, timeout, type EventDetails, type TimeoutError } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { ownPolicy } from "./own-policy.contract.ts";

const never = (): Promise<never> => new Promise(() => {});

test("work that goes on after its limit is told of when it has ended", async () => {
  const clock = new VirtualClock();
  const told: unknown[] = [];
  const limited = timeout("1s", { clock, on: (event) => told.push([clock.elapsed(), event]) });

  const ended = await clock.settle(async () => {
    const error = await limited.run(() => clock.sleep(2_500)).catch((thrown: unknown) => thrown);
    await clock.sleep(5_000);
    return error;
  });

  expect([ended, told]).toMatchObject([
    { code: "TIMED_OUT" },
    [
      [1_000, { type: "timeout.expired", policy: "timeout", limitMs: 1_000 }],
      [2_500, { type: "timeout.outlived", policy: "timeout", lateMs: 1_500 }],
    ],
  ]);
});

test("work that its caller gave up is not told of as late", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const told: unknown[] = [];
  const limited = timeout("1s", { clock, on: (event) => told.push(event.type) });

  await clock.settle(async () => {
    const running = limited.run(() => clock.sleep(500), caller).catch(() => {});
    caller.abort("stop");
    await running;
    await clock.sleep(600);
  });

  expect(told).toEqual([]);
});

test("a cooperative limit asks the work to end, and waits until it has", async () => {
  const clock = new VirtualClock();
  const limited = timeout("1s", { clock, mode: "cooperative" });

  const error = await clock.settle(() =>
    limited
      .run(async ({ signal }) => {
        await clock.sleep(9_000, signal).catch(() => {});
        await clock.sleep(300);
        throw new Error("half written");
      })
      .catch((thrown: unknown) => thrown),
  );

  expect(error).toMatchObject({ code: "TIMED_OUT", cause: { message: "half written" } });
  expect([clock.elapsed(), clock.pending]).toEqual([1_300, 0]);
});

test("work that ends as a cooperative limit asks has no other cause", async () => {
  const clock = new VirtualClock();
  const limited = timeout("1s", { clock, mode: "cooperative" });

  const error = await clock.settle(() =>
    limited.run(({ signal }) => clock.sleep(9_000, signal)).catch((thrown: unknown) => thrown),
  );

  const { code, cause } = error as TimeoutError;
  expect([code, cause]).toEqual(["TIMED_OUT", undefined]);
});

test("a value that comes late under a cooperative limit is a value", async () => {
  const clock = new VirtualClock();
  const limited = timeout("1s", { clock, mode: "cooperative" });

  const value = await clock.settle(() => limited.run(() => clock.sleep(2_000).then(() => "late")));

  expect([value, clock.elapsed()]).toEqual(["late", 2_000]);
});

test("a cooperative limit around other policies waits for the work inside them", async () => {
  const clock = new VirtualClock();
  const limited = pipeline(timeout("1s", { clock, mode: "cooperative" }), retry({ clock }));
  let isOver = false;

  const running = clock.settle(() =>
    limited.run(async ({ signal }) => {
      await clock.sleep(9_000, signal).catch(() => {});
      await clock.sleep(300);
      isOver = true;
      signal.throwIfAborted();
    }),
  );

  await expect(running).rejects.toMatchObject({ code: "TIMED_OUT" });
  expect([isOver, clock.elapsed()]).toEqual([true, 1_300]);
});

test("the caller's abort ends a call under a cooperative limit at once", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const limited = timeout("1s", { clock, mode: "cooperative" });

  const running = limited.run(() => new Promise(() => {}), caller);
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect(clock.pending).toBe(0);
});

test("a limit may be another one for each attempt", async () => {
  const clock = new VirtualClock();
  const limited = pipeline(
    retry({ clock, attempts: 3 }),
    timeout(({ attempt }): `${number}s` => `${attempt}s`, { clock }),
  );
  const ends: number[] = [];

  const running = clock.settle(() =>
    limited.run(({ signal, deadline }) => {
      signal.addEventListener("abort", () => ends.push(clock.elapsed()));
      ends.push(clock.elapsed() + deadline.remainingMs());
      return never();
    }),
  );

  await expect(running).rejects.toMatchObject({ code: "TIMED_OUT", limitMs: 3_000 });
  expect([ends.length, ends[0], ends[1], clock.pending]).toEqual([6, 1_000, 1_000, 0]);
});

test.for([
  ["throws", (): string => expect.unreachable("a mistake"), "a mistake"],
  ["gives no length of time", (): string => "soon", "timeout.limit: expected"],
] as const)("a limit for each attempt that %s fails the call", async ([, limit, message]) => {
  let calls = 0;

  const running = timeout(limit as never).run(() => void calls++);

  await expect(running).rejects.toThrow(message);
  expect(calls).toBe(0);
});

test("a limit inside a cooperative one waits as well when the outer one is over", async () => {
  const clock = new VirtualClock();
  const inner = pipeline(timeout("1s", { clock, mode: "cooperative" }), timeout("9s", { clock }));

  const value = await clock.settle(() => inner.run(() => clock.sleep(2_000).then(() => "late")));

  expect([value, clock.elapsed(), clock.pending]).toEqual(["late", 2_000, 0]);
});

test("a longer limit inside a cooperative one ends the call where the work takes no notice", async () => {
  const clock = new VirtualClock();
  const nested = pipeline(timeout("1s", { clock, mode: "cooperative" }), timeout("9s", { clock }));

  const error: unknown = await clock.settle(() => nested.run(never).catch((caught) => caught));

  expect(error).toMatchObject({ limitMs: 1_000, cause: { limitMs: 9_000 } });
  expect([clock.elapsed(), clock.pending]).toEqual([9_000, 0]);
});

test("the caller's abort ends limits inside a cooperative one, too, and leaves no timer", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const nested = pipeline(
    timeout("9s", { clock, mode: "cooperative" }),
    retry({ clock }),
    timeout("5s", { clock }),
  );

  const running = nested.run(never, caller);
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect(clock.pending).toBe(0);
});

test("a cooperative limit outside of somebody's own policy waits all the same", async () => {
  const clock = new VirtualClock();
  const inner = retry({ attempts: 1, clock });
  const own = ownPolicy(inner);

  const value = await clock.settle(() =>
    pipeline(timeout("1s", { clock, mode: "cooperative" }), own).run(() =>
      clock.sleep(2_000).then(() => "late"),
    ),
  );

  expect(value).toBe("late");
});

test("a limit around other policies does not take their end for that of the work", async () => {
  const clock = new VirtualClock();
  const told: unknown[] = [];
  const on = (event: EventDetails): void => void told.push([event.type, clock.elapsed()]);

  await clock.settle(async () => {
    await pipeline(timeout("1s", { clock, on }), retry({ clock }))
      .run(() => clock.sleep(5_000))
      .catch(() => {});
    await clock.sleep(9_000);
  });

  expect(told).toEqual([["timeout.expired", 1_000]]);
});

test("work that ends after its caller left, and after its limit, is not told of as late", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const told: unknown[] = [];
  const limited = timeout("1s", { clock, on: (event) => told.push(event.type) });

  await clock.settle(async () => {
    const running = limited.run(() => clock.sleep(5_000), caller).catch(() => {});
    await clock.sleep(500);
    caller.abort("stop");
    await running;
    await clock.sleep(9_000);
  });

  expect(told).toEqual([]);
});

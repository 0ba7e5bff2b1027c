/** What becomes of a call whose attempts fail. */

import { expect, test } from "vitest";
import {
  breaker,
  CircuitOpenError,
  expectOk,
  hedge,
  pipeline,
  retry,
  type HedgeOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { errorOf, HOUR, refused, reset, scripted, type End } from "./hedge-fixture.contract.ts";

test("when all fail it is the last error that may have had an effect, the same object", async () => {
  const clock = new VirtualClock();
  const cut = reset();
  const two = scripted(clock, [300, cut], [10, refused()]);
  const last = refused();
  const none = scripted(clock, [300, refused()], [250, last]);
  const policy = hedge("100ms", { clock });

  const errors = [
    await clock.settle(() => errorOf(policy.run(two.work))),
    await clock.settle(() => errorOf(policy.run(none.work))),
  ];

  expect([errors[0] === cut, errors[1] === last, clock.pending]).toEqual([true, true, 0]);
});

test("an error that would deny an effect does not replace one that has it", async () => {
  const clock = new VirtualClock();
  const cut = reset();
  const { work } = scripted(clock, [110, cut], [300, refused()]);

  const error = await clock.settle(() => errorOf(hedge("100ms", { clock }).run(work)));

  expect([error === cut, clock.elapsed()]).toEqual([true, 400]);
});

test("a bad request ends the call at once, whatever runs beside it", async () => {
  const clock = new VirtualClock();
  const bad = Object.assign(new Error("bad"), { status: 400 });
  const { work, aborted } = scripted(clock, [HOUR, "first"], [10, bad], [0, "third"]);

  const error = await clock.settle(() => errorOf(hedge("100ms", { attempts: 3, clock }).run(work)));

  expect([error === bad, clock.elapsed(), aborted()]).toEqual([true, 110, [true, false]]);
});

test("which classes end the call is in the table, and which fault it is, in the classifier", async () => {
  const clock = new VirtualClock();
  const at = (options: HedgeOptions) => {
    const { work } = scripted(clock, [10, reset()], [10, "second"]);
    return clock.settle(() => errorOf(hedge("100ms", { ...options, clock }).run(work)));
  };

  const ends = [
    await at({ reactions: { transient: { retries: 0 } } }),
    await at({ classify: () => ({ class: "fatal", code: "NO", effect: "none" }) }),
    await at({}),
  ];

  expect(ends).toEqual([reset(), reset(), "no error"]);
});

test("after as many faults of a class as are ever retried nothing more begins, and what runs goes on", async () => {
  const clock = new VirtualClock();
  const { work, begunAtMs } = scripted(
    clock,
    [900, "first"],
    [1, new Error("a")],
    [1, new Error("b")],
  );

  const value = await clock.settle(() => hedge("100ms", { attempts: 9, clock }).run(work));

  expect([value, begunAtMs]).toEqual(["first", [0, 100, 101]]);
});

test("when may end the call with a failure, as failsafe-go's default does", async () => {
  const clock = new VirtualClock();
  const failure = reset();
  const asked: unknown[] = [];
  const { work, aborted } = scripted(clock, [HOUR, "first"], [10, failure]);
  const policy = hedge("100ms", {
    attempts: 3,
    clock,
    when: (error, fault, attempt) => {
      asked.push([error, fault.code, attempt]);
      return false;
    },
  });

  const error = await clock.settle(() => errorOf(policy.run(work)));

  expect([error === failure, asked, aborted()]).toEqual([
    true,
    [[failure, "ECONNRESET", 2]],
    [true, false],
  ]);
});

test("a Retry-After holds the next attempt back, a timer's too", async () => {
  const clock = new VirtualClock();
  const busy = Object.assign(new Error("busy"), { status: 503, headers: { "retry-after": "2" } });
  const { work, begunAtMs } = scripted(
    clock,
    [9_000, "first"],
    [10, busy],
    [9_000, "third"],
    [1, "fourth"],
  );

  const value = await clock.settle(() => hedge("100ms", { attempts: 4, clock }).run(work));

  expect([value, begunAtMs]).toEqual(["fourth", [0, 100, 2_110, 2_210]]);
});

test("a shorter Retry-After that comes later does not shorten the first", async () => {
  const clock = new VirtualClock();
  const busy = (seconds: string): Error =>
    Object.assign(new Error("busy"), { status: 503, headers: { "retry-after": seconds } });
  const ends: End[] = [
    [HOUR, ""],
    [10, busy("5")],
    [20, busy("1")],
    [7, "fourth"],
  ];
  const { work, begunAtMs } = scripted(clock, ...ends);
  const policy = hedge((next) => (next < 4 ? 0 : 1_000), { attempts: 4, clock });

  await clock.settle(() => policy.run(work));

  expect(begunAtMs).toEqual([0, 0, 0, 5_010]);
});

test("with nothing under way it does not wait for a Retry-After: that is for a retry", async () => {
  const clock = new VirtualClock();
  const busy = Object.assign(new Error("busy"), { status: 503, headers: { "retry-after": "2" } });
  const { work, begunAtMs } = scripted(clock, [10, busy], [10, "second"]);
  const policy = hedge("100ms", { clock });

  const error = await clock.settle(() => errorOf(policy.run(work)));
  const pending = clock.pending;
  const value = await clock.settle(() =>
    pipeline(retry({ clock, random: () => 0 }), policy).run(work),
  );

  expect([error === busy, pending, value, begunAtMs]).toEqual([true, 0, "second", [0, 10]]);
});

test("a function for the delay that is wrong ends the call, and hides no failure", async () => {
  const clock = new VirtualClock();
  const failure = reset();
  const wrong = (from: number) => (next: number) => (next < from ? Infinity : NaN);
  const { work, aborted } = scripted(clock, [10, failure], [HOUR, "second"]);

  const first = await errorOf(hedge(wrong(2), { clock }).run(() => clock.sleep(HOUR)));
  const later = await clock.settle(() =>
    errorOf(hedge(wrong(3), { attempts: 3, clock }).run(work)),
  );

  expect(first).toMatchObject({
    message: "hedge.delay: expected to give milliseconds >= 0, gave NaN",
  });
  expect(later).toMatchObject({
    message: 'The delay of "hedge" threw after a failure; both are in errors',
    errors: [first, failure],
  });
  expect(aborted()).toEqual([true, true]);
});

test("a when that throws ends the call with both errors, or with the one if they are the same", async () => {
  const clock = new VirtualClock();
  const mistake = new TypeError("fault is not a function");
  const failure = reset();
  const at = (thrown: unknown) => {
    const when = () => {
      throw thrown;
    };
    return errorOf(hedge("100ms", { clock, when }).run(() => Promise.reject(failure)));
  };

  expect([await at(mistake), await at(failure)]).toEqual([
    new AggregateError(
      [mistake, failure],
      'The when of "hedge" threw after a failure; both are in errors',
    ),
    failure,
  ]);
});

test("an open breaker inside holds further attempts back for its pause", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 1, pause: "5s", clock });
  const { work, begunAtMs } = scripted(clock, [6_000, "first"], [10, reset()], [1, "third"]);
  const guarded = pipeline(hedge("100ms", { attempts: 4, clock }), circuit);

  const value = await clock.settle(() => guarded.run(work));

  expect([value, begunAtMs, circuit.state]).toEqual(["third", [0, 100, 5_110], "closed"]);
});

test("a refusal is the call's error when nothing runs", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { failures: 1, pause: "5s", clock });
  await errorOf(circuit.run(() => expectOk({ status: 500 })));

  const error = await errorOf(pipeline(hedge("100ms", { clock }), circuit).run(() => "done"));

  expect(error).toBeInstanceOf(CircuitOpenError);
});

test("a budget that throws ends the call and hides no failure, also when a timer asks it", async () => {
  const clock = new VirtualClock();
  const mistake = new Error("budget");
  const failure = reset();
  const budget = {
    deposit() {},
    withdraw: () => {
      throw mistake;
    },
  };
  const slow = scripted(clock, [HOUR, "first"]);
  const failed = scripted(clock, [10, failure]);
  const policy = hedge("100ms", { budget, clock });

  const byTimer = await clock.settle(() => errorOf(policy.run(slow.work)));
  const endedAtMs = clock.elapsed();
  const afterFailure = await clock.settle(() => errorOf(policy.run(failed.work)));

  expect([byTimer, endedAtMs, slow.aborted()]).toEqual([mistake, 100, [true]]);
  expect(afterFailure).toEqual(
    new AggregateError(
      [mistake, failure],
      'The budget of "hedge" threw after a failure; both are in errors',
    ),
  );
});

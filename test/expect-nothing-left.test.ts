/** What work leaves behind is found, also under the machine's own timers: so these wait for real. */

import { executionAsyncId } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  breaker,
  constant,
  expectOk,
  pipeline,
  retry,
  systemClock,
  timeout,
  type Policy,
  type Work,
} from "holdfast";
import {
  expectNothingLeft,
  VirtualClock,
  type NothingLeftOptions,
  type WatchedWork,
} from "holdfast/testing";

interface Reported {
  readonly message: string;
  readonly actual: unknown;
  readonly cause?: unknown;
}

/** What it says of work that leaves something behind. */
async function reportOf(
  work: (watched: WatchedWork) => unknown,
  options?: NothingLeftOptions,
): Promise<Reported> {
  const error = await expectNothingLeft(work, options).then(
    () => expect.unreachable("nothing was left"),
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: "AssertionError", expected: [] });
  return error as Reported;
}

const kept: NodeJS.Timeout[] = [];

/** A timer that the test lets go of later. */
function keep(timer: NodeJS.Timeout): NodeJS.Timeout {
  kept.push(timer);
  return timer;
}

function keepTimer(): void {
  keep(setTimeout(() => {}, 60_000));
}

function letGo(): void {
  for (const timer of kept.splice(0)) clearTimeout(timer);
}

/** The lines of a report, without the files. */
const linesOf = ({ message }: Reported): string[] =>
  message.split("\n").map((line) => line.replace(/ \(?file:.*| \(?\/.*/, ""));

test("work that lets go of everything answers as it does", async () => {
  const clock = new VirtualClock();

  const value = await expectNothingLeft(async ({ caller }) => {
    const listen = (): void => {};
    caller.signal.addEventListener("abort", listen);
    caller.signal.removeEventListener("abort", listen);
    await clock.settle(() => clock.sleep(5, caller.signal));
    await systemClock.sleep(1, caller.signal);
    setTimeout(() => {}, 60_000).unref();
    return "done";
  });

  expect(value).toBe("done");
});

test("work that lets go of everything rejects as it does, also when it throws at once", async () => {
  const error = new Error("mine");

  const running = expectNothingLeft(() => {
    throw error;
  });

  await expect(running).rejects.toBe(error);
});

test.for<[what: string, work: (watched: WatchedWork) => unknown, said: string]>([
  ["a timer", keepTimer, "a timer, set"],
  ["a timer of a later moment", () => systemClock.sleep(1).then(keepTimer), "a timer, set"],
  ["an interval", () => keep(setInterval(() => {}, 60_000)), "a timer, set"],
  [
    "a wait on a virtual clock",
    () => void new VirtualClock().after(250, () => {}),
    "a wait of 250 ms on a virtual clock, begun",
  ],
  [
    "a listener",
    ({ caller }) => caller.signal.addEventListener("abort", () => {}),
    "an abort listener, added",
  ],
  [
    "a handler",
    ({ caller }) => void (caller.signal.onabort = () => {}),
    "an abort listener, added",
  ],
])("%s that is left is reported, with its place", async ([, work, said]) => {
  const report = await reportOf(work);
  letGo();

  expect(report.actual).toEqual([said]);
  expect(linesOf(report).slice(0, 2)).toEqual(["Left behind by the work (1):", `- ${said}`]);
  expect(report.message).toMatch(/\n {4}at .*expect-nothing-left\.test\.ts:\d+:\d+/);
  expect(report.message).not.toMatch(/node:|<anonymous>|testing\/(timers|trace|listeners)\.ts/);
});

test("everything that is left is reported at once, and the work's own error is the cause", async () => {
  const error = new Error("mine");

  const report = await reportOf(({ caller }) => {
    keepTimer();
    caller.signal.addEventListener("abort", () => {});
    throw error;
  });
  letGo();

  expect([report.actual, report.cause]).toEqual([
    ["a timer, set", "an abort listener, added"],
    error,
  ]);
  expect("cause" in (await reportOf(keepTimer))).toBe(false);
  letGo();
});

test("a limit on a call that still runs is reported, whoever's call set the timer that they share", async () => {
  const limited = timeout("61s");
  const ends = new AbortController();
  const begin = (): void => void limited.run(() => new Promise(() => {}), ends).catch(() => {});

  const first = await reportOf(begin);
  const second = await reportOf(begin);
  ends.abort("over");
  await expectNothingLeft(() => limited.run(() => "done"));

  expect([first, second].map(({ actual }) => actual)).toEqual([
    ["a limit of 61000 ms on a call, begun"],
    ["a limit of 61000 ms on a call, begun"],
  ]);
  expect(second.message).toMatch(/\n {4}at .*expect-nothing-left\.test\.ts:\d+:\d+/);
});

test("one call of several that still runs is reported, the one in the middle too", async () => {
  const ends = [1, 2, 3].map(() => new AbortController());
  const limited = timeout("62s");

  const report = await reportOf(async () => {
    const calls = ends.map((end) => limited.run(() => new Promise(() => {}), end).catch(over));
    [ends[0], ends[2]].forEach((end) => end?.abort("over"));
    await Promise.all([calls[0], calls[2]]);
  });
  ends[1]?.abort("over");

  expect(report.actual).toEqual(["a limit of 62000 ms on a call, begun"]);
});

test("work beside each other, and beside calls that nobody looks at, is not blamed for theirs", async () => {
  const limited = timeout("63s");
  const gate = Promise.withResolvers<string>();
  const first = expectNothingLeft(() => limited.run(() => "first"));
  const bystander = limited.run(() => gate.promise);
  const second = expectNothingLeft(() => limited.run(() => systemClock.sleep(5)));

  const early = await Promise.all([first, second]);
  const during = await expectNothingLeft(() => limited.run(() => "during"));
  gate.resolve("bystander");

  expect([early, during, await bystander]).toEqual([["first", undefined], "during", "bystander"]);
});

test("what a signal had of its own is there again afterwards", async () => {
  const { signal } = new AbortController();
  const add = (): void => {};
  signal.addEventListener = add;

  await expectNothingLeft(() => "nothing", { signals: [signal] });

  expect(Object.getOwnPropertyDescriptor(signal, "addEventListener")?.value).toBe(add);
});

test("a timer that keeps nothing alive is nobody's leftover", async () => {
  const timer = keep(setTimeout(() => {}, 60_000).unref());

  await expectNothingLeft(() => void keep(setTimeout(() => {}, 60_000)).unref());
  letGo();

  expect(timer.hasRef()).toBe(false);
});

test("timers that others set meanwhile are theirs", async () => {
  const other = systemClock.sleep(1).then(keepTimer);

  await expectNothingLeft(() => other);
  letGo();

  expect(await other).toBeUndefined();
});

test("other signals are looked at too, but for those who listened before", async () => {
  const { signal } = new AbortController();
  const before = (): void => {};
  signal.addEventListener("abort", before);

  const report = await reportOf(() => signal.addEventListener("abort", () => {}, { once: true }), {
    signals: [signal],
  });
  await expectNothingLeft(() => "nothing", { signals: [signal] });

  expect(report.actual).toEqual(["an abort listener, added"]);
  expect(getEventListeners(signal, "abort")).toHaveLength(2);
  expect(Object.hasOwn(signal, "addEventListener")).toBe(false);
});

test("a listener that was not added in the usual way is reported without a place", async () => {
  const report = await reportOf(({ caller }) =>
    EventTarget.prototype.addEventListener.call(caller.signal, "abort", () => {}),
  );

  expect(report.message).toBe("Left behind by the work (1):\n- an abort listener, added");
});

test("an abort of the caller reaches those who listen", async () => {
  const reason = await expectNothingLeft(async ({ caller }) => {
    const sleeping = systemClock.sleep(60_000, caller.signal);
    caller.abort("stop");
    return sleeping.catch((thrown: unknown) => thrown);
  });

  expect(reason).toBe("stop");
});

test("nothing is watched any more when it is over", async () => {
  await expectNothingLeft(() => "nothing");
  await Promise.resolve();

  // Node numbers the steps of promises only while an async hook is there.
  expect(executionAsyncId()).toBe(0);
});

test.for<[options: unknown, message: string]>([
  [{ signals: [1] }, "expectNothingLeft.signals[0]: expected an AbortSignal, received 1"],
  [{ signal: 1 }, "expectNothingLeft.signal: unknown"],
])("refuses %o before the work begins", async ([options, message]) => {
  let calls = 0;

  const refused = expectNothingLeft(() => calls++, options as NothingLeftOptions);

  await expect(refused).rejects.toThrow(message);
  expect(calls).toBe(0);
});

const ENDS: readonly [end: string, work: Work<unknown>][] = [
  ["succeeds", () => "done"],
  ["succeeds later", ({ signal }) => systemClock.sleep(1, signal)],
  ["throws at once", () => expectOk({ status: 400 })],
  ["fails again and again", async () => expectOk({ status: 500 })],
  ["hangs", () => new Promise(() => {})],
];

function guarded(): Policy {
  const again = retry({ attempts: 2, backoff: constant(1), total: "1m" });
  return pipeline(again, breaker("bank"), timeout("20ms"));
}

const over = (): string => "over";

test.for(ENDS)("T2 policies leave nothing behind after work that %s", async ([, work]) => {
  const ended = await expectNothingLeft(({ caller }) =>
    guarded().run(work, caller).then(over, over),
  );

  expect(ended).toBe("over");
});

test.for(ENDS)(
  "T2 policies leave nothing behind after an abort of work that %s",
  async ([, work]) => {
    const ended = await expectNothingLeft(({ caller }) => {
      const running = guarded().run(work, caller);
      caller.abort("stop");
      return running.then(over, over);
    });

    expect(ended).toBe("over");
  },
);

import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { CLOCK_METHODS, sleepBy } from "./clock.ts";
import { systemClock } from "./system.ts";

/** How much a sleep has left behind on the clock and on the signal. */
function left(clock: VirtualClock, signal: AbortSignal): object {
  return { timers: clock.pending, listeners: getEventListeners(signal, "abort").length };
}

test("a sleep ends after its time, and leaves nothing behind", async () => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();

  await clock.settle(() => sleepBy((ms, run) => clock.after(ms, run), 5_000, signal));

  expect({ elapsed: clock.elapsed(), ...left(clock, signal) }).toEqual({
    elapsed: 5_000,
    timers: 0,
    listeners: 0,
  });
});

test("an abort ends a sleep at once with its own reason, and leaves nothing behind", async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const sleeping = sleepBy((ms, run) => clock.after(ms, run), 5_000, controller.signal);

  controller.abort(new Error("stop"));

  await expect(sleeping).rejects.toThrow("stop");
  expect(left(clock, controller.signal)).toEqual({ timers: 0, listeners: 0 });
});

test("a signal that has aborted already starts no timer", async () => {
  const clock = new VirtualClock();
  const signal = AbortSignal.abort(new Error("stop"));

  await expect(sleepBy((ms, run) => clock.after(ms, run), 5_000, signal)).rejects.toThrow("stop");

  expect(left(clock, signal)).toEqual({ timers: 0, listeners: 0 });
});

test("a clock has the methods that are asked for", () => {
  expect(Object.keys(systemClock).toSorted()).toEqual(
    [...CLOCK_METHODS, "alarm", "block"].toSorted(),
  );
});

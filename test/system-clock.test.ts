/**
 * The machine's clock itself: these wait for real, some milliseconds each, for it is the one thing
 * that cannot be handed in. Long waits are seen by the timers that they ask for.
 */

import { afterEach, expect, test, vi } from "vitest";
import { backgroundClock, systemClock, systemRandom } from "../src/core/system.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Puts timers in place of the real ones that are fired by hand, and tells their lengths. */
function observedTimers(): { lengths: number[]; cleared: unknown[]; fire: () => void } {
  const lengths: number[] = [];
  const cleared: unknown[] = [];
  let waiting: (() => void) | undefined;
  vi.stubGlobal("setTimeout", (run: () => void, ms: number) => {
    waiting = run;
    return lengths.push(ms);
  });
  vi.stubGlobal("clearTimeout", (timer: unknown) => cleared.push(timer));
  return { lengths, cleared, fire: () => waiting?.() };
}

test("a wait longer than a timer can be does not fire at once", async () => {
  let fired = 0;
  const cancel = systemClock.after(2 ** 31 + 5, () => fired++);

  await systemClock.sleep(50);
  cancel();

  expect(fired).toBe(0);
});

test("a long wait is waited in pieces, and ends when the last is over", () => {
  const timers = observedTimers();
  const firedAfter: number[] = [];

  systemClock.after(2 * LONGEST_TIMER_MS + 5, () => firedAfter.push(timers.lengths.length));
  timers.fire();
  timers.fire();
  timers.fire();

  expect(timers.lengths).toEqual([LONGEST_TIMER_MS, LONGEST_TIMER_MS, 6]);
  expect(firedAfter).toEqual([3]);
});

test.for<[ms: number, timerMs: number]>([
  [0, 0],
  [-5, 0],
  [NaN, 0],
  [0.2, 2],
  [5, 6],
  [5.5, 7],
])("a wait of %d ms is never shorter: its timer has %d", ([ms, timerMs]) => {
  const timers = observedTimers();

  systemClock.after(ms, () => undefined);

  expect(timers.lengths).toEqual([timerMs]);
});

test("an endless wait never ends", () => {
  const timers = observedTimers();
  let fired = 0;

  systemClock.after(Infinity, () => fired++);
  for (let piece = 0; piece < 100; piece++) timers.fire();

  expect(fired).toBe(0);
});

test("cancelling clears the timer of the piece that is being waited", () => {
  const timers = observedTimers();

  const cancel = systemClock.after(LONGEST_TIMER_MS + 5, () => undefined);
  timers.fire();
  cancel();

  expect(timers.cleared).toEqual([2]);
});

test("a cancelled wait never fires, and cancelling late does nothing", async () => {
  const fired: string[] = [];
  const cancelled = systemClock.after(5, () => fired.push("cancelled"));
  const kept = systemClock.after(5, () => fired.push("kept"));

  cancelled();
  await systemClock.sleep(30);
  kept();

  expect(fired).toEqual(["kept"]);
});

test("a sleep takes its time, and an abort ends it at once", async () => {
  const startedMs = systemClock.elapsed();
  await systemClock.sleep(20);
  const sleptMs = systemClock.elapsed() - startedMs;
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, controller.signal);

  controller.abort(new Error("stop"));

  await expect(sleeping).rejects.toThrow("stop");
  // Timers may fire a fraction of a millisecond early by the finer clock.
  expect(sleptMs).toBeGreaterThanOrEqual(19);
});

test("it tells the time of day", () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
});

test("the dice give numbers from 0 up to 1, not one of them twice", () => {
  const numbers = Array.from({ length: 1_000 }, systemRandom);

  expect(numbers.filter((value) => value < 0 || value >= 1)).toEqual([]);
  expect(new Set(numbers).size).toBe(1_000);
});

test("under the background clock a wait ends as ever, and keeps nothing awake meanwhile", async () => {
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  let fired = 0;

  backgroundClock.after(5, () => fired++);
  const cancel = backgroundClock.after(5, () => fired++);
  const sleeping = backgroundClock.sleep(10);
  const during = timers();
  cancel();
  const watch = systemClock.sleep(60);
  await sleeping;

  expect([during - before, fired]).toEqual([0, 1]);
  expect(Math.abs(backgroundClock.now() - Date.now())).toBeLessThan(1_000);
  expect(Math.abs(backgroundClock.elapsed() - performance.now())).toBeLessThan(1_000);
  await watch;
});

test("an alarm that is set anew rings once, when it was set for last", async () => {
  const rings: number[] = [];
  const startMs = systemClock.elapsed();
  const alarm = systemClock.alarm?.(() => rings.push(systemClock.elapsed() - startMs));

  alarm?.set(5);
  alarm?.set(40);
  await systemClock.sleep(80);

  expect(rings.map((ms) => ms >= 39)).toEqual([true]);
});

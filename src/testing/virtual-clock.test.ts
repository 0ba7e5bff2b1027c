import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemClock } from "../core/system.ts";
import { OptionsError } from "../core/errors.ts";
import { ambient, withAmbient } from "../core/context.ts";
import { VirtualClock } from "./virtual-clock.ts";

const START_MS = 1_767_225_600_000;

test("settle plays ten hours of waiting at once", async () => {
  const clock = new VirtualClock();

  const value = await clock.settle(async () => {
    await clock.sleep(36_000_000);
    await clock.sleep(5);
    return "done";
  });

  expect({
    value,
    elapsed: clock.elapsed(),
    now: clock.now(),
    sleeps: clock.sleeps,
    pending: clock.pending,
  }).toEqual({
    value: "done",
    elapsed: 36_000_005,
    now: START_MS + 36_000_005,
    sleeps: [36_000_000, 5],
    pending: 0,
  });
});

test("settle rejects with the work's own error, also one that is thrown at once", async () => {
  const clock = new VirtualClock();
  const error = new Error("mine");

  const thrown = clock.settle(() => {
    throw error;
  });

  await expect(thrown).rejects.toBe(error);
});

test("timers at one moment fire in the order in which they were made, others by their moment", async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  const note = (name: string) => () => void fired.push(`${name}@${clock.elapsed()}`);

  clock.after(20, note("c"));
  clock.after(10, note("a"));
  clock.after(20, note("d"));
  clock.after(10, note("b"));
  clock.after(-5, note("first"));
  await clock.advance("20ms");

  expect(fired).toEqual(["first@0", "a@10", "b@10", "c@20", "d@20"]);
});

test("advance stops in the middle, and fires timers that timers made", async () => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  const again = (): void => {
    fired.push(clock.elapsed());
    clock.after(4, again);
  };
  clock.after(4, again);

  await clock.advance(10);

  expect({ fired, elapsed: clock.elapsed(), pending: clock.pending }).toEqual({
    fired: [4, 8],
    elapsed: 10,
    pending: 1,
  });
});

test("a timer that was cancelled does not fire, and cancelling late does nothing", async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  const cancel = clock.after(5, () => void fired.push("cancelled"));
  const cancelLate = clock.after(5, () => void fired.push("kept"));

  cancel();
  await clock.advance(5);
  cancelLate();
  cancel();

  expect({ fired, pending: clock.pending }).toEqual({ fired: ["kept"], pending: 0 });
});

test("an abort ends a sleep with the signal's reason and leaves no timer", async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const reason = new Error("stop");
  const sleeping = clock.sleep(1_000, controller.signal);

  controller.abort(reason);

  await expect(sleeping).rejects.toBe(reason);
  expect({ pending: clock.pending, sleeps: clock.sleeps }).toEqual({ pending: 0, sleeps: [1_000] });
});

test("the time of day jumps alone", async () => {
  const clock = new VirtualClock({ startAtMs: 5_000_000 });

  clock.jumpWallClock(-3_600_000);
  await clock.settle(() => clock.sleep(100));

  expect({ now: clock.now(), elapsed: clock.elapsed() }).toEqual({ now: 1_400_100, elapsed: 100 });
});

test.for<[pending: string, waits: (clock: VirtualClock) => Promise<unknown>, message: string]>([
  ["nothing", () => new Promise(() => {}), "no timer is pending"],
  [
    "an endless sleep",
    (clock) => clock.sleep(Infinity),
    "only waits without an end (1) are pending",
  ],
])("settle throws instead of hanging when %s is pending", async ([, waits, message]) => {
  const clock = new VirtualClock({ patience: 20 });

  await expect(clock.settle(() => waits(clock))).rejects.toThrow(message);
});

test("settle ends a loop of waits that has no end", async () => {
  const clock = new VirtualClock({ maxTimers: 50 });

  const settled = clock.settle(async () => {
    for (;;) await clock.sleep(1);
  });

  await expect(settled).rejects.toThrow("after 50 timers");
  expect(clock.elapsed()).toBe(50);
});

test("as many timers as are allowed may be fired, and not one more", async () => {
  const clock = new VirtualClock({ maxTimers: 2 });
  const sleeps = async (count: number): Promise<string> => {
    for (let index = 0; index < count; index++) await clock.sleep(1);
    return "done";
  };
  const error = "The work goes on after 2 timers: it seems to wait in a loop";

  expect(await clock.settle(() => sleeps(2))).toBe("done");
  await expect(clock.settle(() => sleeps(3))).rejects.toThrow(error);
  await clock.advance(10);
  void sleeps(2);
  await clock.advance(10);
  void sleeps(3);
  await expect(clock.advance(10)).rejects.toThrow(error);
});

test("real waits of the work are no timers that were fired", async () => {
  const clock = new VirtualClock({ maxTimers: 1 });

  const value = await clock.settle(async () => {
    await systemClock.sleep(5);
    await clock.sleep(1);
    await systemClock.sleep(5);
    return "done";
  });

  expect(value).toBe("done");
});

test.for<[name: string, move: (clock: VirtualClock) => unknown, message: string]>([
  ["moved on without an end", (clock) => clock.advance(Infinity), "advance: expected"],
  ["moved on by nothing", (clock) => clock.advance(undefined as never), "advance: expected"],
  ["blocked by no number", (clock) => clock.block(NaN), "block: expected"],
  ["blocked into the past", (clock) => clock.block(-5), "block: expected"],
  ["blocked for ever", (clock) => clock.block(Infinity), "block: expected"],
])("it is not %s", async ([, move, message]) => {
  const clock = new VirtualClock();

  const moving = Promise.try(move, clock);

  await expect(moving).rejects.toThrow(OptionsError);
  await expect(moving).rejects.toThrow(message);
  expect([clock.elapsed(), clock.sleeps]).toEqual([0, []]);
});

test("a time limit is not over while real files are read and immediates follow each other", async () => {
  const directory = await mkdtemp(join(tmpdir(), "virtual-clock-"));
  const clock = new VirtualClock();
  let isOver = false;
  clock.after(1_000, () => void (isOver = true));

  const text = await clock.settle(async () => {
    const path = join(directory, "file");
    for (let round = 0; round < 20; round++) {
      await writeFile(path, `round ${round}`);
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    return readFile(path, "utf8");
  });
  await rm(directory, { recursive: true });

  expect({ text, isOver, elapsed: clock.elapsed() }).toEqual({
    text: "round 19",
    isOver: false,
    elapsed: 0,
  });
});

test("work that waits for something real goes on when it comes", async () => {
  const clock = new VirtualClock();

  // A real wait, because what settle must bear here is real input that comes later.
  const value = await clock.settle(async () => {
    await systemClock.sleep(30);
    await clock.sleep(7);
    return "came";
  });

  expect({ value, elapsed: clock.elapsed() }).toEqual({ value: "came", elapsed: 7 });
});

test("a wait that is not a number is refused", () => {
  const clock = new VirtualClock();

  expect(() => clock.after(NaN, () => {})).toThrow("received NaN");
});

test.for<[options: object, message: string]>([
  [{ patience: "2 s" }, "virtualClock.patience: expected a duration"],
  [{ maxTimers: 0 }, "virtualClock.maxTimers: expected an integer >= 1"],
  [{ start: 1 }, "virtualClock.start: unknown"],
])("refuses %o", ([options, message]) => {
  expect(() => new VirtualClock(options)).toThrow(message);
});

test("timers fire in the order of their moments, whatever the order they were made in", async () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(lengths, async (lengthsMs) => {
      const clock = new VirtualClock();
      const fired: [ms: number, index: number][] = [];
      for (const [index, ms] of lengthsMs.entries())
        clock.after(ms, () => void fired.push([ms, index]));

      await clock.advance(50);

      const sorted = [...lengthsMs.entries()].map(([index, ms]) => [ms, index] as const);
      expect(fired).toEqual(sorted.toSorted(([aMs, a], [bMs, b]) => aMs - bMs || a - b));
    }),
    { numRuns: 100 },
  );
});

test("a timer is called in the context in which it was set, as the system's are", async () => {
  const clock = new VirtualClock();
  const seen: unknown[] = [];
  const context = { where: { step: "a" }, stream: () => undefined };
  withAmbient(context, () => clock.after(5, () => seen.push(ambient()?.where)));

  await clock.advance(5);

  expect(seen).toEqual([{ step: "a" }]);
});

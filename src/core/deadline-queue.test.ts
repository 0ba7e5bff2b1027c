import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { Alarm, Clock } from "./clock.ts";
import { deadlinesOf, type Limited } from "./deadline-queue.ts";

/** A clock with alarms, on virtual time. It counts the timers that keep the process awake. */
function alarmingClock() {
  const virtual = new VirtualClock();
  const alarms: { awake: boolean; isSet: boolean; sets: number[] }[] = [];
  const clock: Clock = {
    now: () => virtual.now(),
    elapsed: () => virtual.elapsed(),
    sleep: (ms, signal) => virtual.sleep(ms, signal),
    after: (ms, run) => virtual.after(ms, run),
    alarm: (ring): Alarm => {
      const alarm = { awake: false, isSet: false, sets: [] as number[] };
      alarms.push(alarm);
      return {
        set: (ms) => {
          Object.assign(alarm, { awake: true, isSet: true });
          alarm.sets.push(ms);
          virtual.after(ms, () => {
            Object.assign(alarm, { awake: false, isSet: false });
            ring();
          });
        },
        keepAwake: (isWanted) => void (alarm.awake = isWanted),
      };
    },
  };
  return { clock, virtual, alarms };
}

/** A call that notes when its limit was over. */
function callOn(clock: Clock, ended: number[] = []): Limited & { readonly ended: number[] } {
  return {
    ended,
    endsAtMs: Infinity,
    before: undefined,
    after: undefined,
    expire: () => void ended.push(clock.elapsed()),
  };
}

test("each call expires at the end of its own limit, by one timer", async () => {
  const { clock, virtual, alarms } = alarmingClock();
  const deadlines = deadlinesOf(clock, 100);
  const calls = [callOn(clock), callOn(clock), callOn(clock)];

  for (const call of calls) {
    deadlines.add(call);
    await virtual.advance(30);
  }
  await virtual.advance(200);

  expect({ ended: calls.map((call) => call.ended), alarms }).toEqual({
    ended: [[100], [130], [160]],
    alarms: [{ awake: false, isSet: false, sets: [100, 30, 30] }],
  });
});

test("calls that end in time start no timer for the next one, and none keeps the process awake", async () => {
  const { clock, virtual, alarms } = alarmingClock();
  const deadlines = deadlinesOf(clock, 100);

  for (let round = 0; round < 3; round++) {
    const call = callOn(clock);
    deadlines.add(call);
    expect(alarms[0]?.awake).toBe(true);
    await virtual.advance(10);
    deadlines.remove(call);
    expect(alarms[0]?.awake).toBe(false);
  }
  await virtual.advance(500);

  expect(alarms).toEqual([{ awake: false, isSet: false, sets: [100] }]);
});

test("a call may begin another when it expires", async () => {
  const { clock, virtual } = alarmingClock();
  const deadlines = deadlinesOf(clock, 100);
  const second = callOn(clock);
  const first = { ...callOn(clock), expire: () => deadlines.add(second) };

  deadlines.add(first);
  await virtual.advance(500);

  expect(second.ended).toEqual([200]);
});

test("an alarm that rings early is set again", async () => {
  const { clock, virtual, alarms } = alarmingClock();
  const early: Clock = {
    ...clock,
    alarm: (ring) => {
      const alarm = clock.alarm?.(ring) as Alarm;
      return { ...alarm, set: (ms) => alarm.set(Math.min(ms, 60)) };
    },
  };
  const call = callOn(clock);

  deadlinesOf(early, 100).add(call);
  await virtual.advance(500);

  expect([call.ended, alarms[0]?.sets]).toEqual([[100], [60, 40]]);
});

test("limits of one length on one clock share their queue while its timer runs", async () => {
  const { clock, virtual } = alarmingClock();
  const first = deadlinesOf(clock, 100);
  first.add(callOn(clock));

  const shared = deadlinesOf(clock, 100) === first;
  const other = deadlinesOf(clock, 101) === first;
  await virtual.advance(500);
  const afterwards = deadlinesOf(clock, 100) === first;

  expect([shared, other, afterwards]).toEqual([true, false, false]);
});

test("a clock without alarms has a timer for each call, and none for an endless limit", async () => {
  const clock = new VirtualClock();
  const [left, ended, endless] = [callOn(clock), callOn(clock), callOn(clock)];
  const deadlines = deadlinesOf(clock, 100);

  deadlines.add(left);
  deadlines.add(ended);
  deadlinesOf(clock, Infinity).add(endless);
  const pending = clock.pending;
  deadlines.remove(left);
  await clock.advance(500);

  expect({
    pending,
    after: clock.pending,
    ended: [left.ended, ended.ended, endless.ended],
    endless: endless.endsAtMs,
  }).toEqual({ pending: 2, after: 0, ended: [[], [100], []], endless: Infinity });
});

test("whoever comes and goes, everybody who stays expires just in time", async () => {
  const step = fc.record({
    waitMs: fc.nat(60),
    removes: fc.option(fc.nat(20), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { clock, virtual, alarms } = alarmingClock();
      const deadlines = deadlinesOf(clock, 100);
      const all: { call: ReturnType<typeof callOn>; addedMs: number; isRemoved: boolean }[] = [];
      for (const { waitMs, removes } of steps) {
        const entry = { call: callOn(clock), addedMs: clock.elapsed(), isRemoved: false };
        deadlines.add(entry.call);
        all.push(entry);
        await virtual.advance(waitMs);
        const other = removes === undefined ? undefined : all[removes];
        if (other !== undefined && !other.isRemoved && other.call.ended.length === 0) {
          other.isRemoved = true;
          deadlines.remove(other.call);
        }
        const isWaiting = all.some(({ call, isRemoved }) => !isRemoved && call.ended.length === 0);
        expect(alarms[0]?.awake).toBe(isWaiting);
      }
      await virtual.advance(1_000);

      expect(all.map(({ call }) => call.ended)).toEqual(
        all.map(({ addedMs, isRemoved }) => (isRemoved ? [] : [addedMs + 100])),
      );
    }),
    { numRuns: 100 },
  );
});

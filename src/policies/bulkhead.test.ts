import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { attemptOf } from "./lazy-attempt.ts";
import {
  bulkhead,
  BulkheadFullError,
  faultOf,
  OptionsError,
  pipeline,
  retry,
  type Bulkhead,
  type EventDetails,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/** A call that holds a slot until it is told to end. */
function holding(slots: Bulkhead) {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { running: slots.run(() => promise), end: () => resolve("held") };
}

const countsOf = ({ limit, running, abandoned, queued, free }: Bulkhead) => ({
  limit,
  running,
  abandoned,
  queued,
  free,
});

test("no more than the limit run at once, and the others as soon as they can", async () => {
  const clock = new VirtualClock();
  const slots = bulkhead(3, { clock });
  let running = 0;
  let most = 0;

  const values = await clock.settle(() =>
    Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        slots.run(async () => {
          most = Math.max(most, ++running);
          await clock.sleep(100);
          running--;
          return index;
        }),
      ),
    ),
  );

  expect({ values, most, tookMs: clock.elapsed() }).toEqual({
    values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    most: 3,
    tookMs: 400,
  });
});

test("it shows how many run, wait and could run, and its name", async () => {
  const slots = bulkhead(2, { name: "db" });
  const empty = countsOf(slots);
  const held = [holding(slots), holding(slots), holding(slots)];
  const full = countsOf(slots);
  for (const { end } of held) end();
  await slots.drained();

  expect([slots.name, slots.at(1).name]).toEqual(["db", "db"]);
  expect([empty, full, countsOf(slots)]).toEqual([
    { limit: 2, running: 0, abandoned: 0, queued: 0, free: 2 },
    { limit: 2, running: 2, abandoned: 0, queued: 1, free: 0 },
    { limit: 2, running: 0, abandoned: 0, queued: 0, free: 2 },
  ]);
});

test("its default queue has room for a hundred", async () => {
  const slots = bulkhead(1);
  const held = Array.from({ length: 101 }, () => holding(slots));

  const error = await errorOf(slots.run(() => "done"));
  for (const { end } of held) end();
  await slots.drained();

  expect([slots.name, (error as Error).message]).toEqual([
    "bulkhead",
    'Bulkhead "bulkhead" is full: 1 run and 100 wait',
  ]);
});

test("a call for which there is no room is refused, told, and not started", async () => {
  const told: EventDetails[] = [];
  const slots = bulkhead(1, { name: "db", queue: 0, on: (event) => told.push(event) });
  const held = holding(slots);
  let calls = 0;

  const error = await errorOf(slots.run(() => calls++));
  held.end();

  expect(error).toBeInstanceOf(BulkheadFullError);
  expect(error).toMatchObject({
    code: "BULKHEAD_FULL",
    message: 'Bulkhead "db" is full: 1 run and 0 wait',
    retryAfterMs: 0,
    // Finding out a stack costs more than all the rest of a refusal.
    stack: 'BulkheadFullError: Bulkhead "db" is full: 1 run and 0 wait',
  });
  expect(faultOf(error)).toEqual({
    class: "transient",
    code: "BULKHEAD_FULL",
    effect: "none",
    retryAfterMs: 0,
  });
  expect([calls, await held.running]).toEqual([0, "held"]);
  expect(told).toEqual([
    { type: "bulkhead.rejected", policy: "db", reason: "queue is full", limit: 1, queued: 0 },
  ]);
});

test("a call waits no longer than it may, and is told so", async () => {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const on = (event: EventDetails): number => told.push(event);
  const slots = bulkhead(1, { name: "db", queueTimeout: "5s", clock, on });
  const held = holding(slots);
  const ends: string[] = [];
  const late = (name: string): Promise<unknown> =>
    errorOf(slots.run(() => name)).then((error) =>
      ends.push(`${name} ${clock.elapsed()} ${String(error)}`),
    );
  void late("first");
  await clock.advance("2s");
  void late("second");

  await clock.advance("10s");
  const { pending } = clock;
  held.end();

  const problem = 'BulkheadFullError: Bulkhead "db" had no free slot within 5000 ms';
  expect({ ends, pending }).toEqual({
    ends: [`first 5000 ${problem}`, `second 7000 ${problem}`],
    pending: 0,
  });
  const refused = { type: "bulkhead.rejected", policy: "db", reason: "waited too long", limit: 1 };
  expect(told).toEqual([
    { ...refused, queued: 1 },
    { ...refused, queued: 0 },
  ]);
});

test("its default wait is five minutes", async () => {
  const clock = new VirtualClock();
  const slots = bulkhead(1, { clock });
  const held = holding(slots);

  const error = await clock.settle(() => errorOf(slots.run(() => "done")));
  held.end();

  expect([clock.elapsed(), error]).toEqual([300_000, expect.any(BulkheadFullError)]);
});

test("no timer is left when nobody waits, and there is none where a wait has no end", async () => {
  const clock = new VirtualClock();
  const slots = bulkhead(1, { queueTimeout: "5s", clock });
  const patient = bulkhead(1, { queueTimeout: Infinity, clock });
  const held = [slots, slots, slots, patient, patient].map(holding);

  const during = clock.pending;
  for (const { end } of held) end();
  await Promise.all([slots.drained(), patient.drained()]);

  expect([during, clock.pending]).toEqual([2, 0]);
});

test("the highest priority goes first, and among equals whoever came first", async () => {
  const slots = bulkhead(1);
  const order: string[] = [];
  const held = holding(slots);
  const calls = [
    [0, "a"],
    [-1, "b"],
    [1, "c"],
    [0, "d"],
    [1, "e"],
    [100, "f"],
    [-100, "g"],
  ] as const;
  for (const [priority, name] of calls) void slots.at(priority).run(() => order.push(name));

  held.end();
  await slots.drained();

  expect(order.join("")).toBe("fceadbg");
});

test("when the queue is full, a call takes the place of the last one of lower priority", async () => {
  const told: EventDetails[] = [];
  const on = (event: EventDetails): number => told.push(event);
  const slots = bulkhead(1, { name: "db", queue: 2, on });
  const held = holding(slots);
  const [first, second] = [errorOf(slots.run(() => "first")), errorOf(slots.run(() => "second"))];

  const urgent = slots.at(1).run(() => "urgent");
  const equal = errorOf(slots.run(() => "equal"));
  held.end();

  expect(await Promise.all([first, urgent])).toEqual(["no error", "urgent"]);
  expect([String(await second), String(await equal)]).toEqual([
    'BulkheadFullError: Bulkhead "db" is full: a call of higher priority took its place in the queue',
    'BulkheadFullError: Bulkhead "db" is full: 1 run and 2 wait',
  ]);
  expect(told.map((event) => "reason" in event && event.reason)).toEqual([
    "displaced",
    "queue is full",
  ]);
});

test("a higher limit starts those that wait, a lower one lets those that run end", async () => {
  const slots = bulkhead(1);
  const held = Array.from({ length: 4 }, () => holding(slots));

  slots.resize(3);
  const raised = countsOf(slots);
  slots.resize(1);
  held[0]?.end();
  await held[0]?.running;
  const lowered = countsOf(slots);
  for (const { end } of held) end();
  await slots.drained();

  expect([raised, lowered]).toEqual([
    { limit: 3, running: 3, abandoned: 0, queued: 1, free: 0 },
    { limit: 1, running: 2, abandoned: 0, queued: 1, free: 0 },
  ]);
});

test("a limit of 0 pauses it", async () => {
  const slots = bulkhead(2);
  slots.resize(0);
  const waiting = slots.run(() => "done");
  const paused = countsOf(slots);

  slots.resize(2);

  expect([paused, await waiting]).toEqual([
    { limit: 0, running: 0, abandoned: 0, queued: 1, free: 0 },
    "done",
  ]);
});

test("a call that has got its slot begins, even if it is paused before that, and counts as running", async () => {
  const slots = bulkhead(1);
  slots.resize(0);
  let calls = 0;
  const running = slots.run(() => ++calls);
  void errorOf(slots.run(() => ++calls));

  slots.resize(1);
  slots.resize(0);
  const paused = [calls, slots.running, slots.queued];
  await running;

  expect([paused, calls, slots.running, slots.queued]).toEqual([[0, 1, 1], 1, 0, 1]);
});

test("whoever asks is told when nothing runs and nothing waits any more, and can ask again", async () => {
  const slots = bulkhead(1);
  const ends: string[] = [];
  await slots.drained();
  const [first, second] = [holding(slots), holding(slots)];
  const idle = [slots.drained(), slots.drained()].map((drained) =>
    drained.then(() => ends.push("idle")),
  );

  first.end();
  await first.running;
  ends.push("one left");
  second.end();
  await Promise.all(idle);
  const again = holding(slots);
  const next = slots.drained().then(() => ends.push("idle again"));
  ends.push("runs again");
  again.end();
  await next;

  expect(ends).toEqual(["one left", "idle", "idle", "runs again", "idle again"]);
});

test("the last one that waits may leave by an abort: then it is drained", async () => {
  const slots = bulkhead(1);
  const caller = new AbortController();
  slots.resize(0);
  const waiting = errorOf(slots.run(() => "done", caller));
  const drained = slots.drained();

  caller.abort("stop");

  expect([await waiting, await drained]).toEqual(["stop", undefined]);
});

test("the work's own error comes out untouched, and its slot is free again", async () => {
  const slots = bulkhead(1);
  const error = new Error("mine");
  const thrown = errorOf(
    slots.run(() => {
      throw error;
    }),
  );

  expect([(await thrown) === error, slots.free]).toEqual([true, 1]);
});

test("the work is given what the caller gave", async () => {
  const caller = new AbortController();
  const deadline = { remainingMs: () => 5 };

  const attempt = await bulkhead(1).run((given) => given, {
    attempt: 3,
    signal: caller.signal,
    deadline,
  });

  expect([attempt.attempt, attempt.signal, attempt.deadline]).toEqual([3, caller.signal, deadline]);
});

test("a call whose caller has cancelled before is not started and takes no slot", async () => {
  const slots = bulkhead(1);
  let calls = 0;

  const error = await errorOf(slots.run(() => calls++, { signal: AbortSignal.abort("stop") }));

  expect([error, calls, slots.running]).toEqual(["stop", 0, 0]);
});

test("a retry around it waits by its backoff, with at least half of the wait", async () => {
  const clock = new VirtualClock();
  const slots = bulkhead(1, { queue: 0, clock });
  const patient = retry({ backoff: () => 1_000, clock });
  const held = slots.run(() => clock.sleep(900));

  const value = await clock.settle(() => pipeline(patient, slots).run(() => "done"));
  await held;

  expect([value, clock.sleeps]).toEqual(["done", [900, 1_000]]);
});

test("two that nest each hold their own slot", async () => {
  const [outer, inner] = [bulkhead(2), bulkhead(1)];
  const { promise, resolve } = Promise.withResolvers<void>();
  const both = pipeline(outer, inner);

  const running = [both.run(() => promise), both.run(() => promise)];
  await Promise.resolve();
  const during = [outer.running, inner.running, inner.queued];
  resolve();
  await Promise.all(running);

  expect([during, outer.running, inner.running]).toEqual([[2, 1, 1], 0, 0]);
});

test("nothing listens and no timer runs, however a call ended", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const slots = bulkhead(1, { queue: 2, queueTimeout: "1s", clock });
  const listeners = (): number => getEventListeners(caller.signal, "abort").length;
  const held = errorOf(slots.run(() => clock.sleep(1_500), caller));
  const ends = [0, 0, 1].map((priority) => errorOf(slots.at(priority).run(() => "done", caller)));

  const during = [listeners(), clock.pending];
  await clock.settle(() => Promise.all([held, ...ends]));

  expect([during, listeners(), clock.pending]).toEqual([[1, 3], 0, 0]);
});

test("what work starts by its attempt after it has ended runs without a slot", async () => {
  const slots = bulkhead(1);
  const late = Promise.withResolvers<void>();
  const started = await slots.run((attempt) => ({ inner: attemptOf(attempt) }));

  const running = started.inner.start(() => late.promise);
  const during = countsOf(slots);
  late.resolve();
  await running;

  expect([during, countsOf(slots)].map(({ running: held, free }) => [held, free])).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

test.for([
  ["no limit", () => bulkhead(undefined as never)],
  ["a limit of none", () => bulkhead(0)],
  ["half a slot", () => bulkhead(1.5)],
  ["an unknown option", () => bulkhead(1, { maxQueue: 3 } as never)],
  ["a queue of less than none", () => bulkhead(1, { queue: -1 })],
  ["a wait of no time", () => bulkhead(1, { queueTimeout: 0 })],
  ["an empty name", () => bulkhead(1, { name: "" })],
  ["a priority out of range", () => bulkhead(1).at(101)],
  ["a priority below the range", () => bulkhead(1).at(-101)],
  ["no priority", () => bulkhead(1).at(undefined as never)],
  ["a new limit below none", () => bulkhead(1).resize(-1)],
  ["no new limit", () => bulkhead(1).resize(undefined as never)],
] as const)("%s is refused", ([, mistake]) => {
  expect(mistake).toThrow(OptionsError);
});

test("it and its views cannot be changed", () => {
  const slots = bulkhead(1);

  expect([Object.isFrozen(slots), Object.isFrozen(slots.at(1))]).toEqual([true, true]);
});

test("a slot can be taken by hand, and is held until it is released", async () => {
  const clock = new VirtualClock();
  const slots = bulkhead(1, { clock });
  const running: number[] = [];

  {
    using _slot = await slots.enter();
    running.push(slots.running);
    const waiting = slots.run(() => "done");
    running.push(slots.queued);
    _slot.release();
    await waiting;
    _slot.release();
  }
  await slots.drained();
  running.push(slots.running, slots.queued);

  expect(running).toEqual([1, 1, 0, 0]);
});

test("whoever waits for a slot by hand may leave, or is refused", async () => {
  const slots = bulkhead(1, { queue: 1 });
  const caller = new AbortController();
  const held = await slots.enter();
  const waiting = slots.enter(caller);

  await expect(slots.enter()).rejects.toMatchObject({ code: "BULKHEAD_FULL" });
  caller.abort("left");
  await expect(waiting).rejects.toBe("left");
  held.release();
  await slots.drained();

  expect([slots.running, slots.queued]).toEqual([0, 0]);
});

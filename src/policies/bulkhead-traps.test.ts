/** Faults of bulkheads that shipped in other libraries, each by its code, against the public API. */

import { expect, test } from "vitest";
import {
  bulkhead,
  pipeline,
  retry,
  TimeoutError,
  timeout,
  type EventDetails,
  type Policy,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/** Ways in which a call is given up after a second, while its work takes three. */
const GIVEN_UP: readonly [
  name: string,
  guard: (slots: Policy, clock: VirtualClock) => Policy,
  error: unknown,
][] = [
  [
    "a limit outside",
    (slots, clock) => pipeline(timeout("1s", { clock }), slots),
    expect.any(TimeoutError),
  ],
  [
    "the limit of a retry inside",
    (slots, clock) => pipeline(slots, retry({ total: "1s", clock })),
    expect.any(TimeoutError),
  ],
  [
    "a limit outside of a retry inside",
    (slots, clock) => pipeline(timeout("1s", { clock }), slots, retry({ clock })),
    expect.any(TimeoutError),
  ],
  [
    "a limit inside",
    (slots, clock) => pipeline(slots, timeout("1s", { clock })),
    expect.any(TimeoutError),
  ],
  [
    "a limit inside of a retry inside",
    (slots, clock) => pipeline(slots, retry({ attempts: 1, clock }), timeout("1s", { clock })),
    expect.any(TimeoutError),
  ],
  [
    "its caller",
    (slots, clock) => ({
      name: "caller",
      run: (work) => {
        const caller = new AbortController();
        clock.after(1_000, () => caller.abort("stop"));
        return slots.run(work, caller);
      },
    }),
    "stop",
  ],
];

test.for(GIVEN_UP)(
  "T3 the slot of a call that was given up by %s is held until its work has ended",
  async ([, guard, error]) => {
    const clock = new VirtualClock();
    const told: EventDetails[] = [];
    const slots = bulkhead(1, {
      name: "db",
      clock,
      on: (event) => told.push(event),
    });
    const guarded = guard(slots, clock);
    let startedAtMs = 0;

    const given = errorOf(guarded.run(() => clock.sleep(3_000)));
    await clock.advance("1s");
    const next = slots.run(() => (startedAtMs = clock.elapsed()));
    const { running, abandoned, queued } = slots;
    await clock.settle(() => next);

    expect([await given, startedAtMs]).toEqual([error, 3_000]);
    expect([
      [running, abandoned, queued],
      [slots.running, slots.abandoned, slots.queued],
    ]).toEqual([
      [1, 1, 1],
      [0, 0, 0],
    ]);
    expect(told).toEqual([
      { type: "bulkhead.abandoned", policy: "db", abandoned: 1, limit: 1 },
      { type: "bulkhead.reclaimed", policy: "db", abandoned: 0, durationMs: 2_000 },
    ]);
  },
);

test("T3 it is drained only when the work of calls that were given up has ended", async () => {
  const clock = new VirtualClock();
  const slots = bulkhead(2, { clock });
  const guarded = pipeline(timeout("1s", { clock }), slots);

  const ends = await clock.settle(async () => {
    const calls = [2_000, 3_000].map((ms) => errorOf(guarded.run(() => clock.sleep(ms))));
    await Promise.all(calls);
    const held = slots.abandoned;
    await slots.drained();
    return { held, atMs: clock.elapsed(), abandoned: slots.abandoned };
  });

  expect(ends).toEqual({ held: 2, atMs: 3_000, abandoned: 0 });
});

test("T3 all works that one call has started hold its slot, each until its end", async () => {
  const clock = new VirtualClock();
  const slots = bulkhead(1, { clock });
  const lengths = [3_000, 1_000];
  // Each attempt is given up after 500 ms, and its work runs on.
  const again = retry({ attempts: 2, backoff: () => 0, clock });
  const guarded = pipeline(slots, again, retry({ total: 500, clock }));

  await clock.settle(() => errorOf(guarded.run(() => clock.sleep(lengths.shift() ?? 0))));
  const endedAtMs = clock.elapsed();
  await clock.settle(() => slots.drained());

  expect([endedAtMs, clock.elapsed()]).toEqual([1_000, 3_000]);
});

test("T3 a listener that calls when a slot is reclaimed stands behind those who wait", async () => {
  const clock = new VirtualClock();
  const order: string[] = [];
  const slots = bulkhead(1, {
    clock,
    on: ({ type }) => {
      if (type === "bulkhead.reclaimed") void slots.run(() => order.push("listener"));
    },
  });
  const guarded = pipeline(timeout("1s", { clock }), slots);
  const given = errorOf(guarded.run(() => clock.sleep(3_000)));
  const waiting = slots.at(1).run(() => order.push("waiting"));

  await clock.settle(() => Promise.all([given, waiting]));
  await slots.drained();

  expect(order).toEqual(["waiting", "listener"]);
});

test("U2 a call that is aborted while it waits leaves at once and is never started", async () => {
  const clock = new VirtualClock();
  const slots = bulkhead(1, { clock });
  const caller = new AbortController();
  const started: string[] = [];
  const held = slots.run(() => clock.sleep(100));
  const [first, second, third] = [
    slots.run(() => started.push("first")),
    errorOf(slots.run(() => started.push("second"), caller)),
    slots.run(() => started.push("third")),
  ];

  caller.abort("stop");
  const { queued } = slots;
  const error = await second;
  await clock.settle(() => Promise.all([held, first, third]));

  expect({ queued, error, started }).toEqual({
    queued: 2,
    error: "stop",
    started: ["first", "third"],
  });
});

test("U2 a call whose caller has cancelled before does not get in line", async () => {
  const slots = bulkhead(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = slots.run(() => promise);

  const cancelled = errorOf(slots.run(() => "done", { signal: AbortSignal.abort("stop") }));
  const { queued } = slots;
  resolve();

  expect([queued, await cancelled, await held]).toEqual([0, "stop", undefined]);
});

test("U3 a slot that was handed to a call that is cancelled in that moment comes back", async () => {
  const slots = bulkhead(1);
  const caller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  let calls = 0;
  const held = slots.run(() => promise);
  const waiting = errorOf(slots.run(() => calls++, caller));

  resolve();
  // The slot is handed on a few promises later, and the work is started some promises after that.
  while (slots.queued > 0) await Promise.resolve();
  caller.abort("stop");
  await held;

  expect([await waiting, calls, slots.free]).toEqual(["stop", 0, 1]);
});

test("U3 a thousand calls that are cancelled while they wait destroy no slot", async () => {
  const slots = bulkhead(2, { queue: Infinity });
  const caller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = [slots.run(() => promise), slots.run(() => promise)];
  const waiting = Array.from({ length: 1_000 }, () => errorOf(slots.run(() => "done", caller)));

  caller.abort("stop");
  const errors = new Set(await Promise.all(waiting));
  resolve();
  await Promise.all(held);

  expect([errors, slots.queued, slots.free]).toEqual([new Set(["stop"]), 0, 2]);
});

import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  expectOk,
  gate,
  keyed,
  OptionsError,
  pipeline,
  RejectedError,
  retry,
  timeout,
  type EventDetails,
  type Gate,
  type GateOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const never = (): Promise<never> => new Promise(() => {});

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/** A server that says: not before so many seconds have passed. */
const refuse = (seconds: number, status = 429): never =>
  expectOk({ status, headers: { "retry-after": String(seconds) } }) as never;

/** A gate that is closed until the clock is at 10 s, by `refusal`. */
async function closed(options: GateOptions & { readonly clock: VirtualClock }) {
  const events: EventDetails[] = [];
  const api = gate({ name: "api", on: (event) => events.push(event), ...options });
  const refusal = await errorOf(api.run(() => refuse(10)));
  return { api, refusal, events };
}

/** Begins so many calls, each of the given length, and answers when each began. */
const startsOf = (api: Gate, clock: VirtualClock, calls: number, lengthMs = 100) =>
  Promise.all(
    Array.from({ length: calls }, () =>
      api.run(async () => {
        const startedAtMs = clock.elapsed();
        await clock.sleep(lengthMs);
        return startedAtMs;
      }),
    ),
  );

test("an open gate lets everything through, and the caller's own error is untouched", async () => {
  const api = gate();
  const own = new Error("own");

  const ends = [await api.run(({ attempt }) => attempt, { attempt: 3 })];
  const error = await errorOf(api.run(() => Promise.reject(own)));

  expect([ends, error === own, api.state, api.name]).toEqual([[3], true, "open", "gate"]);
});

test("one refusal with a wait holds back every caller, and then each that is let in is followed by two", async () => {
  const clock = new VirtualClock();
  const { api, refusal, events } = await closed({ clock });

  const starts = startsOf(api, clock, 12);
  const during = [api.state, api.waiting];
  await clock.advance("10s");
  const opening = api.state;

  expect(await clock.settle(() => starts)).toEqual([
    10_000,
    ...Array.from({ length: 2 }, () => 10_100),
    ...Array.from({ length: 4 }, () => 10_200),
    ...Array.from({ length: 5 }, () => 10_300),
  ]);
  expect([during, opening, api.state, clock.pending]).toEqual([
    ["closed", 12],
    "opening",
    "open",
    0,
  ]);
  expect(events).toEqual([
    {
      type: "gate.closed",
      policy: "api",
      waitMs: 10_000,
      fault: { class: "transient", code: "HTTP_429", effect: "none", retryAfterMs: 10_000 },
      error: refusal,
    },
    { type: "gate.opened", policy: "api" },
  ]);
});

test("retries of a hundred callers behind one gate reach the server once until it is over", async () => {
  const clock = new VirtualClock();
  const guarded = pipeline(retry({ clock, random: () => 0.5 }), gate({ clock, wait: "1m" }));
  const startsAtMs: number[] = [];
  const call = (): Promise<string> =>
    guarded.run(async () => {
      startsAtMs.push(clock.elapsed());
      await clock.sleep(100);
      return clock.elapsed() < 5_000 ? refuse(20) : "done";
    });

  const first = call();
  await clock.advance("1s");
  const others = Array.from({ length: 99 }, call);
  await clock.settle(() => Promise.all([first, ...others]));

  const counts = new Map<number, number>();
  for (const atMs of startsAtMs) counts.set(atMs, (counts.get(atMs) ?? 0) + 1);
  expect([...counts]).toEqual([
    [0, 1],
    [20_100, 1],
    [20_200, 2],
    [20_300, 4],
    [20_400, 8],
    [20_500, 16],
    [20_600, 32],
    [20_700, 37],
  ]);
});

test("a refusal of the call that goes first closes it anew", async () => {
  const clock = new VirtualClock();
  const { api, events } = await closed({ clock, wait: 0 });
  await clock.advance("10s");

  const again = await errorOf(api.run(() => refuse(30)));
  const refused = await errorOf(api.run(() => "done"));

  expect(refused).toMatchObject({ retryAfterMs: 30_000, cause: again });
  expect(events.map(({ type }) => type)).toEqual(["gate.closed", "gate.closed", "gate.rejected"]);
});

test("a longer Retry-After extends the wait, a shorter one changes nothing, and it is told once", async () => {
  const clock = new VirtualClock();
  const events: EventDetails[] = [];
  const api = gate({ clock, wait: 0, on: (event) => events.push(event) });
  const refusals = [10, 30, 20].map((seconds) =>
    errorOf(api.run(() => clock.sleep(seconds).then(() => refuse(seconds)))),
  );
  await clock.settle(() => Promise.all(refusals));

  const refused = await errorOf(api.run(() => "done"));

  expect(refused).toMatchObject({ retryAfterMs: 30_000, cause: await refusals[1] });
  expect(events.map(({ type }) => type)).toEqual(["gate.closed", "gate.rejected"]);
});

test("it closes no longer than its bound, whatever the server asks for", async () => {
  const clock = new VirtualClock();
  const api = gate({ clock, wait: 0 });
  await errorOf(api.run(() => refuse(86_400, 503)));

  expect(await errorOf(api.run(() => "done"))).toMatchObject({ retryAfterMs: 300_000 });
  await clock.advance("5m");
  expect([await api.run(() => "done"), api.state]).toEqual(["done", "open"]);
});

test.for<[name: string, error: () => unknown]>([
  ["a refusal that names no wait", () => expectOk({ status: 429 })],
  ["one that names none to speak of", () => refuse(0)],
  ["a failure", () => expectOk({ status: 500 })],
])("%s does not close it", async ([, error]) => {
  const api = gate();

  await errorOf(api.run(error));

  expect(api.state).toBe("open");
});

test("any fault with a wait closes it, by the user's own classifier too", async () => {
  const clock = new VirtualClock();
  const api = gate({
    clock,
    wait: 0,
    classify: () => ({ class: "transient", code: "BUSY", effect: "none", retryAfterMs: 1_234 }),
  });

  await errorOf(api.run(() => Promise.reject(new Error("busy"))));

  expect(await errorOf(api.run(() => "done"))).toMatchObject({ retryAfterMs: 1_234 });
});

test("B8 a refusal by one of our own policies does not close it, nor make room while it opens", async () => {
  class BulkheadFull extends RejectedError {
    readonly code = "FULL";
    readonly retryAfterMs = 5_000;
  }
  const clock = new VirtualClock();
  const { api } = await closed({ clock });
  const full = new BulkheadFull("full");
  await errorOf(gate({ clock }).run(() => Promise.reject(full)));
  await clock.advance("10s");

  const error = await errorOf(api.run(() => Promise.reject(full)));
  const state = api.state;
  const next = await api.run(() => "done");

  expect([error === full, state, next, api.state]).toEqual([true, "opening", "done", "open"]);
});

test("B1 a call that went first and was cancelled gives its room to the next", async () => {
  const clock = new VirtualClock();
  const { api } = await closed({ clock });
  const caller = new AbortController();
  await clock.advance("10s");
  const first = errorOf(api.run(never, caller));
  const second = api.run(() => clock.elapsed());
  await clock.advance("1s");

  caller.abort("stop");

  expect([await first, await second, api.state]).toEqual(["stop", 11_000, "open"]);
});

test("B2 a call that went first and does not end holds the others up for its time only", async () => {
  const clock = new VirtualClock();
  const { api } = await closed({ clock, probeTimeout: "3s" });
  void api.run(never);
  const others = [api.run(never), api.run(() => clock.elapsed()), api.run(() => clock.elapsed())];

  await clock.advance("20s");

  expect([await others[1], await others[2], api.state]).toEqual([16_000, 16_000, "open"]);
});

test.for([0, 1])(
  "B3 a slow call from before the closing opens nothing when it ends, while %i wait",
  async (waiting) => {
    const clock = new VirtualClock();
    const api = gate({ clock });
    const slow = api.run(() => clock.sleep(12_000));
    await errorOf(api.run(() => refuse(10)));
    await clock.advance("11s");
    void api.run(never);
    if (waiting > 0) void api.run(never);
    await clock.advance("1s");

    await slow;

    expect([api.state, api.waiting]).toEqual(["opening", waiting]);
  },
);

test("whatever else goes wrong, a call that the server did not send away was let in", async () => {
  const clock = new VirtualClock();
  const { api } = await closed({ clock });
  await clock.advance("10s");

  await errorOf(api.run(() => expectOk({ status: 500 })));

  expect(api.state).toBe("open");
});

test.for<[name: string, options: GateOptions, leftMs: number, isRefused: boolean]>([
  ["as long as allowed is waited", { wait: "10s" }, Infinity, false],
  ["longer than allowed is not begun", { wait: 9_999 }, Infinity, true],
  ["that ends with the deadline is not begun", {}, 10_000, true],
  ["that leaves a moment is waited", {}, 10_001, false],
  ["before a full queue is not begun", { queue: 0 }, Infinity, true],
])("a wait %s", async ([, options, leftMs, isRefused]) => {
  const clock = new VirtualClock();
  const { api, refusal, events } = await closed({ ...options, clock });

  const ended = api.run(() => clock.elapsed(), { deadline: { remainingMs: () => leftMs } });
  const end = await clock.settle(() => ended.catch((error: unknown) => error));

  if (!isRefused) return expect(end).toBe(10_000);
  expect(end).toMatchObject({
    message: 'Gate "api" lets no further call begin for another 10000 ms',
    retryAfterMs: 10_000,
    cause: refusal,
    stack: expect.not.stringContaining("    at "),
  });
  expect(events.at(-1)).toEqual({ type: "gate.rejected", policy: "api", retryAfterMs: 10_000 });
});

test("who has waited long enough while it opens is refused, and nobody knows for how long", async () => {
  const clock = new VirtualClock();
  const { api, events } = await closed({ clock, wait: "12s" });
  void api.run(never);
  const second = errorOf(api.run(() => "done"));
  await clock.advance(11_999);
  const waiting = api.waiting;
  await clock.advance(1);

  expect([waiting, api.state]).toEqual([1, "opening"]);
  expect(await second).toMatchObject({
    message: 'Gate "api" lets no further call begin just now',
    retryAfterMs: 0,
  });
  expect(events.at(-1)).toEqual({ type: "gate.rejected", policy: "api", retryAfterMs: 0 });
});

test("no wait at all is allowed: while it opens, too, calls reject at once", async () => {
  const clock = new VirtualClock();
  const { api } = await closed({ clock, wait: 0 });
  await clock.advance("10s");
  void api.run(never);

  expect(await errorOf(api.run(() => "done"))).toMatchObject({ retryAfterMs: 0 });
});

test("U2 a waiter that is cancelled leaves at once, and nothing listens or runs after it", async () => {
  const clock = new VirtualClock();
  const { api } = await closed({ clock });
  const caller = new AbortController();
  let calls = 0;
  const running = Array.from({ length: 3 }, () => errorOf(api.run(() => calls++, caller)));
  await clock.advance("1s");
  const during = [api.waiting, getEventListeners(caller.signal, "abort").length, clock.pending];

  caller.abort("stop");

  expect([during, await Promise.all(running), calls]).toEqual([
    [3, 1, 1],
    ["stop", "stop", "stop"],
    0,
  ]);
  expect([
    api.waiting,
    getEventListeners(caller.signal, "abort").length,
    clock.pending,
    api.state,
  ]).toEqual([0, 0, 0, "closed"]);
});

test("however many fail at once when their turn comes, each has its turn", async () => {
  const clock = new VirtualClock();
  const { api } = await closed({ clock, queue: 15_000 });
  let calls = 0;
  const running = Array.from({ length: 15_000 }, () =>
    errorOf(
      api.run(() => {
        calls++;
        throw new Error("own");
      }),
    ),
  );

  await clock.settle(() => Promise.all(running));

  expect([calls, api.state, clock.pending]).toEqual([15_000, "open", 0]);
});

test.for<[name: string, options: unknown]>([
  ["none at all", null],
  ["a signal that is none", { signal: "stop" }],
])("with options that do not fit, %s, a run rejects and starts nothing", async ([, options]) => {
  let calls = 0;

  const error = await errorOf(gate().run(() => calls++, options as never));

  expect([error, calls]).toEqual([expect.any(TypeError), 0]);
});

test("whoever was aborted before starts nothing", async () => {
  let calls = 0;

  const error = await errorOf(gate().run(() => calls++, { signal: AbortSignal.abort("stop") }));

  expect([error, calls]).toEqual(["stop", 0]);
});

test("U2 whoever was aborted before does not wait either", async () => {
  const { api } = await closed({ clock: new VirtualClock() });

  const error = await errorOf(api.run(never, { signal: AbortSignal.abort("stop") }));

  expect([error, api.waiting]).toEqual(["stop", 0]);
});

test("a limit outside ends the wait, and a limit inside begins with the work", async () => {
  const clock = new VirtualClock();
  const { api } = await closed({ clock });
  const guarded = pipeline(api, timeout("1s", { clock }));

  const starts = await clock.settle(() => guarded.run(() => clock.elapsed()));

  expect([starts, clock.pending]).toEqual([10_000, 0]);
});

test("B6 the time of day may go back an hour, and it opens in time", async () => {
  const clock = new VirtualClock();
  const { api } = await closed({ clock });
  clock.jumpWallClock(-3_600_000);

  expect(await clock.settle(() => api.run(() => clock.elapsed()))).toBe(10_000);
});

test("one gate for each key: a refusal for one leaves the others alone", async () => {
  const clock = new VirtualClock();
  const hosts = keyed((host) => gate({ name: host, clock }));
  await errorOf(hosts.for("a").run(() => refuse(10)));

  expect([hosts.for("a").state, hosts.for("b").state, hosts.for("a").name]).toEqual([
    "closed",
    "open",
    "a",
  ]);
});

test.for<[message: string, mistake: () => unknown]>([
  [
    "gate.delay: unknown; known are name, max, wait, queue, probeTimeout, classify, clock, on",
    () => gate({ delay: 1 } as never),
  ],
  ["gate.max:", () => gate({ max: 0 })],
  ["gate.wait:", () => gate({ wait: Infinity })],
  ["gate.queue:", () => gate({ queue: -1 })],
  ["gate.probeTimeout:", () => gate({ probeTimeout: 0 })],
])("%s is refused", ([message, mistake]) => {
  expect(mistake).toThrow(OptionsError);
  expect(mistake).toThrow(message);
});

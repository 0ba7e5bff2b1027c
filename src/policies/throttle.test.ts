import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  breaker,
  expectOk,
  faultOf,
  OptionsError,
  pipeline,
  retry,
  seededDice,
  throttle,
  ThrottledError,
  timeout,
  type EventDetails,
  type Throttle,
  type ThrottleOptions,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const never = (): Promise<never> => new Promise(() => {});

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

/** Without slack, and with dice that always fall on `random`. */
const strict = (given: ThrottleOptions = {}, random = 0) =>
  throttle({ slack: 0, random: () => random, clock: new VirtualClock(), ...given });

const down = (): unknown => expectOk({ status: 503 });

test("while calls are accepted, none is turned away", async () => {
  const api = strict();

  for (let call = 0; call < 100; call++) await api.run(() => "done");

  expect(api.chance).toBe(0);
});

test("a call is turned away when the dice fall below the chance, told, and not started", async () => {
  const told: EventDetails[] = [];
  let random = 0.5;
  const api = strict({ name: "api", random: () => random, on: (event) => told.push(event) });
  let calls = 0;
  await errorOf(api.run(down));

  const lucky = await api.run(() => ++calls);
  random = 0.249;
  await errorOf(api.run(down));
  const error = await errorOf(api.run(() => ++calls));

  expect([lucky, calls]).toEqual([1, 1]);
  expect(error).toBeInstanceOf(ThrottledError);
  expect(error).toMatchObject({
    code: "THROTTLED",
    message: 'Throttle "api" holds back 25 % of the calls',
    retryAfterMs: 0,
    chance: 0.25,
    // Finding out a stack costs more than all the rest of a refusal.
    stack: 'ThrottledError: Throttle "api" holds back 25 % of the calls',
  });
  expect(faultOf(error)).toEqual({
    class: "transient",
    code: "THROTTLED",
    effect: "none",
    retryAfterMs: 0,
  });
  expect(told).toEqual([{ type: "throttle.rejected", policy: "api", chance: 0.25 }]);
});

test("calls that were turned away count as requests, as in the book", async () => {
  const api = strict();
  await errorOf(api.run(down));
  const first = api.chance;

  await errorOf(api.run(() => "done"));

  expect([first, api.chance]).toEqual([1 / 2, 2 / 3]);
});

test("by default a hundred calls are let through before any is turned away, then nine of ten", async () => {
  const api = throttle({ clock: new VirtualClock(), random: () => 0 });
  const chances: number[] = [];

  for (let call = 0; call < 5_000; call++) {
    await errorOf(api.run(down));
    chances.push(api.chance);
  }

  expect([api.name, chances.findIndex((chance) => chance > 0) + 1, chances.at(-1)]).toEqual([
    "throttle",
    101,
    0.9,
  ]);
});

test("by default half of the calls may fail", async () => {
  const api = throttle({ clock: new VirtualClock(), slack: 0, random: () => 0.99 });

  for (let call = 0; call < 10; call++) {
    await errorOf(api.run(down));
    await api.run(() => "done");
  }
  const half = api.chance;
  await errorOf(api.run(down));

  expect([half, api.chance]).toEqual([0, 1 / 22]);
});

const OUTCOMES: readonly [what: string, isAccepted: boolean, work: () => unknown][] = [
  ["a service that is overloaded", false, down],
  ["a rate limit", false, () => expectOk({ status: 429 })],
  [
    "a connection that was cut",
    false,
    () => Promise.reject(Object.assign(new Error("cut"), { code: "ECONNRESET" })),
  ],
  ["a timeout", false, () => timeout(0).run(never)],
  ["a bad request", true, () => expectOk({ status: 400 })],
  ["what nobody knows", true, () => Promise.reject(new Error("odd"))],
  ["a value", true, () => "done"],
];

test.for(OUTCOMES)("%s was accepted: %s", async ([, isAccepted, work]) => {
  const api = strict();

  await errorOf(api.run(work));

  expect(api.chance).toBe(isAccepted ? 0 : 1 / 2);
});

test("what was not accepted may be said", async () => {
  const full = new Error("full");
  const codes: string[] = [];
  const api = strict(
    {
      when: (error, { code }) => codes.push(code) > 0 && error === full,
      classify: () => ({ class: "degraded", code: "OWN", effect: "none" }),
    },
    0.99,
  );

  await errorOf(api.run(down));
  const after503 = api.chance;
  await errorOf(api.run(() => Promise.reject(full)));
  await errorOf(api.run(() => Promise.reject(full)));

  expect([after503, api.chance, codes]).toEqual([0, 1 / 4, ["OWN", "OWN", "OWN"]]);
});

test("where that throws, the default holds, and the work's error comes out untouched", async () => {
  const error = new Error("mine");
  const api = strict({ when: () => expect.unreachable("a bug") });

  const thrown = await errorOf(api.run(() => Promise.reject(error)));

  expect([thrown === error, api.chance]).toEqual([true, 0]);
});

test("A1 a dependency that hangs is noticed before its first call has ended", async () => {
  let random = 0.99;
  const api = strict({ random: () => random });
  for (let call = 0; call < 9; call++) void errorOf(api.run(never));
  const { chance } = api;

  random = 0;
  const error = await errorOf(api.run(() => "done"));

  expect([chance, error]).toEqual([0.9, expect.any(ThrottledError)]);
});

test("A1 an answer that comes late counts where its call began, and not as one more", async () => {
  const clock = new VirtualClock();
  const api = strict({ clock, window: "20s" }, 0.99);
  const slow = api.run(() => clock.sleep(15_000));
  await clock.advance("15s");
  await slow;
  const answered = api.chance;

  // Its request leaves the window after twenty seconds, and its accept with it: it makes up for no other.
  await errorOf(api.run(down));
  await clock.advance("6s");
  const left = api.chance;
  const late = api.run(() => clock.sleep(60_000));
  await clock.advance("60s");
  await late;
  await errorOf(api.run(down));

  expect([answered, left, api.chance]).toEqual([0, 1 / 2, 1 / 2]);
});

test("what is older than the window is forgotten", async () => {
  const clock = new VirtualClock();
  const api = throttle({ clock, slack: 0, random: () => 0.99 });
  await errorOf(api.run(down));

  await clock.advance(29_999);
  const within = api.chance;
  await clock.advance(1);

  expect([within, api.chance]).toEqual([1 / 2, 0]);
});

test("B6 the time of day may go back an hour, and the window moves on", async () => {
  const clock = new VirtualClock();
  const api = strict({ clock, window: "1m" });
  await errorOf(api.run(down));

  clock.jumpWallClock(-3_600_000);
  await clock.advance("1m");

  expect(api.chance).toBe(0);
});

test("B8 refusals by our own policies and the caller's abort are taken out of the count", async () => {
  const clock = new VirtualClock();
  const api = strict({ clock });
  const circuit = breaker("inner", { failures: 1, clock });
  await errorOf(circuit.run(() => Promise.reject(new Error("down"))));
  const caller = new AbortController();

  const refused = await errorOf(pipeline(api, circuit).run(() => "done"));
  const cancelled = errorOf(api.run(never, caller));
  const during = api.chance;
  caller.abort("stop");

  expect([refused, await cancelled]).toMatchObject([{ code: "CIRCUIT_OPEN" }, "stop"]);
  expect([during, api.chance]).toEqual([1 / 2, 0]);
});

test("a call whose caller has cancelled before is neither counted nor started", async () => {
  const api = strict();
  let calls = 0;

  const error = await errorOf(api.run(() => calls++, { signal: AbortSignal.abort("stop") }));

  expect([error, calls, api.chance]).toEqual(["stop", 0, 0]);
});

test("the work is given what the caller gave, and nothing listens afterwards", async () => {
  const { signal } = new AbortController();
  const deadline = { remainingMs: () => 5 };

  const given = await strict().run((attempt) => attempt, { attempt: 3, signal, deadline });

  expect([given.attempt, given.signal, given.deadline]).toEqual([3, signal, deadline]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a retry around it waits by its backoff and comes back", async () => {
  const clock = new VirtualClock();
  const api = strict({ clock, window: "10s", maxRejection: 1 });
  const patient = retry({ backoff: () => 20_000, clock });
  await errorOf(api.run(down));

  const value = await clock.settle(() => pipeline(patient, api).run(() => "done"));

  expect([value, clock.elapsed()]).toEqual(["done", 20_000]);
});

/** Makes a hundred calls a second, and answers how many were sent in each second. */
async function sentIn(
  seconds: number,
  world: { api: Throttle; clock: VirtualClock; work: (sent: number) => unknown },
) {
  const { api, clock, work } = world;
  const sent: number[] = [];
  for (let second = 0; second < seconds; second++) {
    let count = 0;
    for (let call = 0; call < 100; call++) {
      await errorOf(api.run(() => work((count += 1))));
      await clock.advance(10);
    }
    sent.push(count);
  }
  return sent;
}

test("a service that takes twenty calls a second is sent about twice as many", async () => {
  const clock = new VirtualClock();
  const api = throttle({ clock, random: seededDice("client") });

  const sent = await sentIn(120, { api, clock, work: (count) => count <= 20 || down() });

  const steady = sent.slice(-30).reduce((sum, each) => sum + each, 0) / 30;
  expect(steady).toBeGreaterThan(36);
  expect(steady).toBeLessThan(48);
});

test("in an outage few calls are sent, and about three windows after it all are", async () => {
  const clock = new VirtualClock();
  const api = throttle({ clock, random: seededDice("client") });

  const during = await sentIn(60, { api, clock, work: down });
  const after = await sentIn(120, { api, clock, work: () => "done" });

  expect(during[0]).toBe(100);
  expect(during.at(-1)).toBeLessThan(20);
  expect(after[80]).toBeGreaterThan(50);
  expect(after.at(-1)).toBe(100);
});

test.for<[name: string, mistake: ThrottleOptions]>([
  ["an unknown option", { k: 2 } as never],
  ["a window of no time", { window: 0 }],
  ["a ratio below one", { ratio: 0.9 }],
  ["a slack below none", { slack: -1 }],
  ["a share above all", { maxRejection: 1.1 }],
  ["an empty name", { name: "" }],
])("%s is refused", ([, mistake]) => {
  expect(() => throttle(mistake)).toThrow(OptionsError);
});

test("it cannot be changed", () => {
  expect(Object.isFrozen(throttle())).toBe(true);
});

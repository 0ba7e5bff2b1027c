/**
 * On the machine's clock, for that is what the switch is about. What it skips would take hours; what it
 * must not skip is waited for some milliseconds.
 */

import { expect, test } from "vitest";
import {
  backgroundClock,
  breaker,
  chaos,
  constant,
  gate,
  hedge,
  listen,
  OptionsError,
  pipeline,
  rateLimit,
  retry,
  timeout,
  TimeoutError,
  type Attempt,
  type EventDetails,
} from "holdfast";
import { VirtualClock, withoutWaiting } from "holdfast/testing";

const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

const HOUR_MS = 3_600_000;

const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });
const never = (): Promise<never> => new Promise(() => {});

/** Work that fails so often, and then answers which attempt it was. */
const failing =
  (times: number) =>
  ({ attempt }: Pick<Attempt, "attempt">): number => {
    if (attempt <= times) throw down();
    return attempt;
  };

/** Made before any switch was turned. */
const patient = retry({ backoff: constant("1h") });

test("retries wait no longer, and tell the waits that there would have been", async () => {
  const told: EventDetails[] = [];
  using _listening = listen((event) => told.push(event));
  using _ = withoutWaiting();

  const attempts = await patient.run(failing(3));

  const waits = told.filter(({ type }) => type === "retry.scheduled");
  expect(attempts).toBe(4);
  expect(waits).toMatchObject([{ waitMs: HOUR_MS }, { waitMs: HOUR_MS }, { waitMs: HOUR_MS }]);
});

test("so it is in all forms of work, and on the background clock", async () => {
  using _ = withoutWaiting();
  const rounds: number[] = [];

  for await (const { attempt, failed } of patient.attempts()) {
    rounds.push(attempt);
    if (attempt < 3) failed(down());
  }
  const background = retry({ backoff: constant("1h"), clock: backgroundClock });

  expect({
    rounds,
    sync: patient.runSync(failing(3)),
    background: await background.run(failing(3)),
    outcome: await patient.attempt(failing(3)),
  }).toMatchObject({ rounds: [1, 2, 3], sync: 4, background: 4, outcome: { attempts: 4 } });
});

test("attempts may be bounded too, for the first failure to be the last", async () => {
  using _ = withoutWaiting({ attempts: 1 });
  const failure = down();
  let calls = 0;
  const work = (): never => {
    calls++;
    throw failure;
  };

  await expect(patient.run(work)).rejects.toBe(failure);
  expect(() => patient.runSync(work)).toThrow(failure);

  expect(calls).toBe(2);
});

test("it is undone at the end of the block, and only when the last has stopped", async () => {
  const attempts = async (): Promise<number> => (await patient.attempt(failing(9))).attempts;
  const seen: number[] = [];

  const outer = withoutWaiting({ attempts: 3 });
  {
    using _ = withoutWaiting({ attempts: 2 });
    seen.push(await attempts());
    outer.stop();
    outer.stop();
    seen.push(await attempts());
  }

  const caller = new AbortController();
  const waiting = patient.run(failing(1), caller);
  const first = await Promise.race([waiting, moment()]);
  caller.abort("stop");
  await expect(waiting).rejects.toBe("stop");

  expect({ seen, first }).toEqual({ seen: [2, 2], first: undefined });
});

test("a wait that has begun goes on", async () => {
  const caller = new AbortController();
  let calls = 0;
  const running = patient.run(() => {
    calls++;
    throw down();
  }, caller);
  await Promise.resolve();

  using _ = withoutWaiting();
  await moment();
  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect(calls).toBe(1);
});

test("a policy with a clock of its own takes no notice", async () => {
  using _ = withoutWaiting({ attempts: 1 });
  const clock = new VirtualClock();
  const own = pipeline(
    retry({ backoff: constant("1h"), clock }),
    breaker("bank", { failures: 1, pause: "5h", clock }),
    rateLimit(1, { per: "6h", wait: "9h", clock }),
  );

  const attempts = await clock.settle(() => own.run(failing(1)));

  expect([attempts, clock.elapsed()]).toEqual([3, 6 * HOUR_MS]);
});

test("whoever was to wait for the end of a breaker's pause may probe", async () => {
  using _ = withoutWaiting();
  const bank = breaker("bank", { failures: 1, pause: "1h" });
  await bank.run(failing(1)).catch(() => {});

  const attempts = await pipeline(retry(), bank).run(({ attempt }) => attempt);

  expect([attempts, bank.state]).toEqual([2, "closed"]);
});

test("a breaker that nobody was to wait for stays open", async () => {
  using _ = withoutWaiting();
  const bank = breaker("bank", { failures: 1, pause: "1h" });
  await bank.run(failing(1)).catch(() => {});

  await expect(bank.run(() => 1)).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
});

test("to a breaker a call takes as long as it does, whatever others did not wait meanwhile", async () => {
  using _ = withoutWaiting();
  const bank = breaker("bank", { window: { calls: 1, slow: "1m", slowRate: 0.5 } });

  await bank.run(() => patient.run(failing(1)));
  const afterOne = bank.state;
  bank.open();
  const probe = patient.run(({ attempt }) => {
    if (attempt === 1) throw down();
    return bank.run(() => patient.run(failing(1)));
  });

  expect([afterOne, await probe, bank.state]).toEqual(["closed", 2, "closed"]);
});

test("calls under a rate limit begin at once, one after the other", async () => {
  using _ = withoutWaiting();
  const waits: number[] = [];
  const order: number[] = [];
  const search = rateLimit(1, {
    per: "1h",
    wait: "5h",
    on: (event) => event.type === "rate_limit.waited" && waits.push(event.waitMs / HOUR_MS),
  });

  await Promise.all([1, 2, 3].map((call) => search.run(() => order.push(call))));

  expect({ order, waits: waits.map(Math.round) }).toEqual({ order: [1, 2, 3], waits: [1, 2] });
});

test.for(["oldest first", "newest first"] as const)(
  "calls under a rate limit, the %s, are not turned away for what others did not wait",
  async (order) => {
    using _ = withoutWaiting();
    const search = rateLimit(1, { order });
    const calls = [1, 2, 3, 4].map((call) => search.run(() => call));

    await patient.run(failing(1));
    search.change({ calls: 1 });

    expect(await Promise.all(calls)).toEqual([1, 2, 3, 4]);
  },
);

test("a rate limit still turns away who would wait too long", async () => {
  using _ = withoutWaiting();
  const search = rateLimit(1, { per: "1h", wait: 0 });
  await search.run(() => 1);

  await expect(search.run(() => 2)).rejects.toMatchObject({ code: "RATE_LIMITED" });
});

test("a closed gate opens at once, and who comes after goes when the first has ended", async () => {
  using _ = withoutWaiting();
  const order: string[] = [];
  const door = gate({ max: "2h", wait: "3h", probeTimeout: "1h" });
  const busy = (): never => {
    throw Object.assign(new Error("busy"), { status: 429, headers: { "retry-after": "3600" } });
  };
  await door.run(busy).catch(() => {});
  const pass = (name: string) => async (): Promise<void> => {
    order.push(`${name} begins`);
    await moment();
    order.push(`${name} ends`);
  };

  await Promise.all([door.run(pass("a")), door.run(pass("b"))]);

  expect(order).toEqual(["a begins", "a ends", "b begins", "b ends"]);
});

test("while a gate opens, nobody is turned away or goes for what others did not wait", async () => {
  using _ = withoutWaiting();
  const server = gate({ wait: "1m" });
  const refusal = { status: 429, headers: new Headers({ "retry-after": "20" }) };
  await server.run(() => Promise.reject(Object.assign(new Error("busy"), refusal))).catch(() => {});
  const first = Promise.withResolvers<number>();
  const calls = [1, 2, 3, 4, 5].map((call) =>
    server.run(() => (call === 1 ? first.promise : call)).catch(({ code }) => code),
  );
  await moment();

  await patient.run(failing(1));
  calls.push(server.run(() => 6));
  await moment();
  const { waiting } = server;
  first.resolve(1);

  expect([waiting, await Promise.all(calls)]).toEqual([5, [1, 2, 3, 4, 5, 6]]);
});

test("limits, hedges and chaos stay real, for they are about the work", async () => {
  using _ = withoutWaiting();
  const calls: number[] = [];
  const hedged = hedge("1h").run(({ attempt }) => {
    calls.push(attempt);
    return moment();
  });
  const late = chaos({ rate: 1, latency: "1h" });

  await hedged;

  await expect(pipeline(timeout(20), late).run(() => 1)).rejects.toBeInstanceOf(TimeoutError);
  await expect(timeout(20).run(never)).rejects.toBeInstanceOf(TimeoutError);
  expect(calls).toEqual([1]);
});

test.for<[message: string, options: object]>([
  ["withoutWaiting.attempts: expected an integer >= 1, or Infinity", { attempts: 0 }],
  ["withoutWaiting.tries: unknown", { tries: 1 }],
])("refuses with %s", ([message, options]) => {
  expect(() => withoutWaiting(options)).toThrow(OptionsError);
  expect(() => withoutWaiting(options)).toThrow(message);
});

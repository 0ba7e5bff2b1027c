import { expect, test } from "vitest";
import { constant, pipeline, retry, timeout, type RetryOptions, type Work } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });

/** A retry without waits. */
const tries = (attempts: number, options: RetryOptions = {}) =>
  retry({ attempts, backoff: constant(0), ...options });

/** Work that is always down, and counts how often it was called. */
function failing(make = down) {
  const work = async (): Promise<never> => {
    work.calls++;
    throw make();
  };
  work.calls = 0;
  return work;
}

async function callsOf(run: (work: Work<never>) => Promise<unknown>, make = down) {
  const work = failing(make);
  await run(work).catch(() => {});
  return work.calls;
}

test.for<[name: string, run: (work: Work<never>) => Promise<unknown>, calls: number]>([
  [
    "three layers of three",
    (work) => tries(3).run(() => tries(3).run(() => tries(3).run(work))),
    3,
  ],
  ["the same as a pipeline", (work) => pipeline(tries(3), tries(3), tries(3)).run(work), 3],
  ["a more patient one outside", (work) => tries(5).run(() => tries(3).run(work)), 5],
  ["a more patient one inside", (work) => tries(2).run(() => tries(6).run(work)), 6],
  ["one attempt inside", (work) => tries(4).run(() => tries(1).run(work)), 4],
  [
    "an error that was wrapped on the way",
    (work) =>
      tries(3).run(() =>
        tries(3)
          .run(work)
          .catch((cause: unknown) => {
            throw Object.assign(new Error("wrapped", { cause }), { code: "EAGAIN" });
          }),
      ),
    3,
  ],
  [
    "one without end outside",
    (work) =>
      tries(Infinity, { when: (_error, _fault, at) => at < 3 }).run(() => tries(2).run(work)),
    6,
  ],
])("%s", async ([, run, calls]) => {
  expect(await callsOf(run)).toBe(calls);
});

test("an error that hides the one inside leaves the retries inside what is left outside", async () => {
  const calls = await callsOf((work) =>
    tries(4).run(() =>
      tries(3)
        .run(work)
        .catch(() => {
          throw down();
        }),
    ),
  );

  // Three and the outer one's second, third and fourth attempt, which leave 3, 2 and 1.
  expect(calls).toBe(3 + 3 + 2 + 1);
});

test("an outer retry after a limit that was over still shares its tries", async () => {
  const clock = new VirtualClock();
  const work = failing();

  await clock
    .settle(() =>
      pipeline(tries(3, { clock }), timeout("5s", { clock })).run(async () => {
        await tries(2, { clock })
          .run(work)
          .catch(() => {});
        return new Promise(() => {});
      }),
    )
    .catch(() => {});

  expect(work.calls).toBe(2 + 2 + 1);
});

test("layers that are independent multiply, each of them", async () => {
  const own = { nested: "independent" } as const;

  expect([
    await callsOf((work) => tries(3, own).run(() => tries(3, own).run(work))),
    await callsOf((work) => tries(3).run(() => tries(3, own).run(work))),
    await callsOf((work) => tries(3, own).run(() => tries(3).run(work))),
  ]).toEqual([9, 9, 9]);
});

test("what an attempt leaves behind has all its tries once that attempt is over", async () => {
  const clock = new VirtualClock();
  const patient = retry({ attempts: 6, clock, backoff: constant("1s") });
  const reconnecting = failing();
  let background: Promise<unknown> = Promise.resolve();

  await clock.settle(async () => {
    await tries(2, { clock }).run(async ({ attempt }) => {
      if (attempt === 1) throw down();
      background = clock.sleep(60_000).then(() => patient.run(reconnecting).catch(() => {}));
    });
    await background;
  });

  expect(reconnecting.calls).toBe(6);
});

test("calls under one policy that share an error have all their tries", async () => {
  const clock = new VirtualClock();
  const shared = down();
  const patient = retry({ attempts: 4, clock, backoff: constant("1s") });
  const calls = { slow: 0, quick: 0 };

  await clock.settle(() =>
    Promise.allSettled([
      patient.run(async () => {
        calls.slow++;
        await clock.sleep(10_000);
        throw shared;
      }),
      patient.run(async () => {
        calls.quick++;
        throw shared;
      }),
    ]),
  );

  expect(calls).toEqual({ slow: 4, quick: 4 });
});

test("synchronous retries share their attempts as well", () => {
  let calls = 0;
  const work = (): never => {
    calls++;
    throw down();
  };

  expect(() => tries(3).runSync(() => tries(2).runSync(work))).toThrow("down");
  expect(calls).toBe(3);
});

test("layers without waits that fail at once do not stack up", async () => {
  const many = { nested: "independent", only: [Error] } as const;
  const work = failing();

  await expect(
    pipeline(tries(60, many), tries(60, many)).run(() => {
      work.calls++;
      throw down();
    }),
  ).rejects.toThrow("down");
  expect(work.calls).toBe(3_600);
});

test("retries that were enough cost the outer one nothing", async () => {
  let calls = 0;
  const flaky = async (): Promise<void> => {
    if (++calls % 2 === 1) throw down();
  };

  await tries(2).run(async () => {
    for (let page = 0; page < 10; page++) await tries(2).run(flaky);
  });

  expect(calls).toBe(20);
});

test("an error that another call gave up with before costs nothing here", async () => {
  const shared = down();
  await callsOf(
    (work) => tries(4).run(work),
    () => shared,
  );

  expect(
    await callsOf(
      (work) => tries(4).run(work),
      () => shared,
    ),
  ).toBe(4);
});

test("what is not an error is counted once", async () => {
  const classify = () => ({ class: "degraded", code: "DOWN", effect: "none" }) as const;
  let calls = 0;

  await tries(3, { classify })
    .run(() =>
      tries(2, { classify }).run(() => {
        calls++;
        // oxlint-disable-next-line typescript/only-throw-error
        throw "down";
      }),
    )
    .catch(() => {});

  expect(calls).toBe(2 + 2 + 1);
});

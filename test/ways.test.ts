/**
 * What other libraries have an option for, and is a few lines here: each way of
 * docs/policies/capabilities.md that has no test elsewhere.
 */

import { expect, test } from "vitest";
import {
  breaker,
  cache,
  constant,
  exponential,
  fallback,
  hedge,
  pipeline,
  rateLimit,
  retry,
  wrap,
  type RetryOptions,
} from "holdfast";
import { VirtualClock } from "holdfast/testing";

const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });

test("options are data: some calls take others of them", async () => {
  const shared: RetryOptions = { backoff: constant(0), attempts: 5 };
  const attemptsOf = async (options: RetryOptions): Promise<number> =>
    (await retry(options).attempt(() => Promise.reject(down()))).attempts;

  expect([await attemptsOf(shared), await attemptsOf({ ...shared, attempts: 2 })]).toEqual([5, 2]);
});

test("the first line of the work is what comes between wait and attempt", async () => {
  const clock = new VirtualClock();
  const tokens: number[] = [];

  await clock.settle(() =>
    retry({ clock, backoff: ["5m"] }).run(async ({ attempt }) => {
      tokens.push(clock.elapsed());
      if (attempt === 1) throw down();
    }),
  );

  expect(tokens).toEqual([0, 300_000]);
});

test("retries can go on until both so many attempts and so long", async () => {
  const clock = new VirtualClock();
  const startedAtMs = clock.elapsed();
  const ended = await clock.settle(() =>
    retry({
      clock,
      attempts: 1_000,
      backoff: constant("1s"),
      when: (_error, _fault, attempt) => attempt < 3 || clock.elapsed() - startedAtMs < 10_000,
    }).attempt(() => Promise.reject(down())),
  );

  expect([ended.attempts, clock.elapsed()]).toEqual([11, 10_000]);
});

test("a wait is ended early by a clock that is told to", async () => {
  const clock = new VirtualClock();
  let wake = (): void => {};
  const impatient = {
    now: () => clock.now(),
    elapsed: () => clock.elapsed(),
    after: (ms: number, run: () => void) => clock.after(ms, run),
    sleep: (ms: number, signal?: AbortSignal) =>
      Promise.race([
        clock.sleep(ms, signal),
        new Promise<void>((resolve) => void (wake = resolve)),
      ]),
  };
  const running = retry({ clock: impatient, backoff: ["1h"] }).run(({ attempt }) => {
    if (attempt === 1) throw down();
    return "online again";
  });

  await clock.advance(10);
  wake();

  expect([await running, clock.elapsed()]).toEqual(["online again", 10]);
});

test("a result that is retried is let go in beforeRetry", async () => {
  const cancelled: number[] = [];
  const busy = (attempt: number) => ({ status: 202, cancel: () => void cancelled.push(attempt) });
  const job = retry({
    attempts: 3,
    backoff: constant(0),
    faultOfResult: ({ status }: { status: number }) =>
      status === 202 ? { class: "degraded", code: "NOT_DONE", effect: "none" } : undefined,
    beforeRetry: ({ error }) => (error as ReturnType<typeof busy>).cancel(),
  });

  const last = await job.run(({ attempt }) => busy(attempt));

  expect([last.status, cancelled]).toEqual([202, [1, 2]]);
});

test("a generator is run again by a loop around it", async () => {
  let starts = 0;
  async function* pages(): AsyncGenerator<string> {
    starts++;
    yield `page of start ${starts}`;
    if (starts < 3) throw down();
  }
  async function* patiently(): AsyncGenerator<string> {
    for await (const { failed } of retry({ backoff: constant(0) }).attempts()) {
      try {
        yield* pages();
      } catch (error) {
        failed(error);
      }
    }
  }

  const read: string[] = [];
  for await (const page of patiently()) read.push(page);
  expect(read).toEqual(["page of start 1", "page of start 2", "page of start 3"]);
});

test("all methods of an object are wrapped by a loop", async () => {
  let calls = 0;
  const api = {
    read: async (name: string) => {
      if (++calls === 1) throw down();
      return name;
    },
  };
  const patient = retry({ backoff: constant(0) });
  const guarded = Object.fromEntries(
    Object.entries(api).map(([name, method]) => [name, wrap(patient, method)]),
  ) as typeof api;

  expect([await guarded.read("a"), calls]).toEqual(["a", 2]);
});

test("who calls beside a probe waits for it where a retry stands outside", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { clock, failures: 1, pause: "1s" });
  const patient = pipeline(retry({ clock }), circuit);
  await circuit.run(() => Promise.reject(down())).catch(() => {});

  const values = await clock.settle(async () => {
    await clock.sleep(1_000);
    return Promise.all(
      ["probe", "beside"].map((name) => patient.run(() => clock.sleep(50).then(() => name))),
    );
  });

  expect(values).toEqual(["probe", "beside"]);
});

test("a breaker is opened, and let probe, by a rule and a timer of one's own", async () => {
  const clock = new VirtualClock();
  const circuit = breaker("bank", { clock });
  const states: string[] = [];

  circuit.open();
  states.push(circuit.state);
  clock.after(5_000, () => circuit.halfOpen());
  await clock.advance(5_000);
  states.push(circuit.state);
  await circuit.run(() => "up again");
  states.push(circuit.state);

  expect(states).toEqual(["open", "half-open", "closed"]);
});

test("several rate limits hold together, the one over the longer time outside", async () => {
  const clock = new VirtualClock();
  const both = pipeline(
    rateLimit(3, { per: "1m", clock, wait: 0 }),
    rateLimit(2, { per: "1s", clock }),
  );
  const begun: number[] = [];

  await clock.settle(() =>
    Promise.allSettled([1, 2, 3, 4].map(() => both.run(() => begun.push(clock.elapsed())))),
  );

  expect(begun).toEqual([0, 0, 1_000]);
});

test("a refusal without a wait says when the turn would come", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { per: "1s", clock, wait: 0 });
  await limit.run(() => "first");

  await expect(limit.run(() => "second")).rejects.toMatchObject({
    code: "RATE_LIMITED",
    retryAfterMs: 1_000,
  });
});

test("the delay of a hedge may be the mean of what was seen", async () => {
  const clock = new VirtualClock();
  const seen = [100, 300];
  const quick = hedge(() => seen.reduce((sum, ms) => sum + ms, 0) / seen.length, { clock });
  const begun: number[] = [];

  await clock.settle(() =>
    quick.run(({ attempt }) => {
      begun.push(clock.elapsed());
      return clock.sleep(attempt === 1 ? 900 : 10);
    }),
  );

  expect(begun).toEqual([0, 200]);
});

test("a fallback knows the arguments of the call that it is made for", async () => {
  const readName = (id: number): Promise<string> =>
    pipeline(fallback(() => `user ${id}`)).run(() => Promise.reject(down()));

  expect(await readName(42)).toBe("user 42");
});

test("a store of one's own is asked in the work, with the cache in front of it", async () => {
  const store = new Map([["42", "Anna"]]);
  let loads = 0;
  const users = cache({ ttl: "1m" });
  const readUser = (id: string): Promise<string> =>
    users.for(id).run(() => store.get(id) ?? `loaded ${++loads}`);

  expect([await readUser("42"), await readUser("7"), await readUser("7"), loads]).toEqual([
    "Anna",
    "loaded 1",
    "loaded 1",
    1,
  ]);
});

test("waits by a formula of one's own are a function", async () => {
  const clock = new VirtualClock();
  const usual = exponential("1s", { jitter: "none" });
  await clock.settle(() =>
    retry({
      clock,
      attempts: 4,
      backoff: (failed) => usual(failed) + failed.previousMs / 2,
    })
      .run(() => Promise.reject(down()))
      .catch(() => {}),
  );

  expect(clock.sleeps).toEqual([1_000, 2_500, 5_250]);
});

/** What a cache answers when an answer is too old, or its renewal failed. */

import { expect, test } from "vitest";
import {
  cache,
  CircuitOpenError,
  expectOk,
  HttpStatusError,
  OptionsError,
  pipeline,
  timeout,
  type CacheOptions,
  type EventDetails,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { counting, errorOf, never, reset } from "./cache-source.contract.ts";

test("a stale answer is given at once while it is renewed, once", async () => {
  const clock = new VirtualClock();
  const { work } = counting();
  const user = cache({ ttl: "1m", staleWhileRevalidate: "10s", clock }).for("ann");
  const slow = () => clock.sleep(100).then(work);
  await clock.settle(() => user.run(slow));
  await clock.advance("1m");

  const stale = [await user.run(slow), await user.run(slow)];
  const underWay = clock.pending;
  await clock.advance(100);
  const renewed = await user.run(slow);
  await clock.advance("70s");
  const tooOld = await clock.settle(() => user.run(slow));

  expect([stale, underWay, renewed, tooOld]).toEqual([[1, 1], 1, 2, 3]);
});

test("what renews unseen belongs to nobody's call", async () => {
  const clock = new VirtualClock();
  const users = cache({ ttl: 1, staleWhileRevalidate: "1h", clock });
  const caller = new AbortController();
  const guarded = pipeline(timeout("1s", { clock }), users.for("ann"));
  await guarded.run(() => "old");
  await clock.advance(1);
  let renewal: { aborted: boolean; leftMs: number } | undefined;

  const stale = await guarded.run(async ({ signal, deadline }) => {
    await clock.sleep(5_000);
    renewal = { aborted: signal.aborted, leftMs: deadline.remainingMs() };
    return "new";
  }, caller);
  caller.abort("too late");
  await clock.advance("5s");

  expect([stale, renewal, await guarded.run(never)]).toEqual([
    "old",
    { aborted: false, leftMs: Infinity },
    "new",
  ]);
});

test("an unseen renewal that hangs is joined when the answer is too old, and ends with whoever leaves last", async () => {
  const clock = new VirtualClock();
  const user = cache({ ttl: 1, staleWhileRevalidate: "10s", clock }).for("ann");
  const signals: AbortSignal[] = [];
  const hanging = ({ signal }: { signal: AbortSignal }) => (signals.push(signal), never());
  const caller = new AbortController();
  await user.run(() => "old");
  await clock.advance(1);
  const stale = await user.run<string>(hanging);
  await clock.advance("10s");

  const joined = errorOf(user.run(hanging, caller));
  caller.abort("enough");
  const next = await user.run(() => "new");

  expect([stale, await joined, next, signals.map(({ reason }) => reason)]).toEqual([
    "old",
    "enough",
    "new",
    ["enough"],
  ]);
});

test("where renewing fails, a stale answer stands in for a while", async () => {
  const clock = new VirtualClock();
  const source = counting();
  const user = cache({ ttl: "1m", staleIfError: "10s", clock }).for("ann");
  await user.run(source.work);
  source.error = reset();
  await clock.advance("1m");

  const stale = [await user.run(source.work), await user.run(source.work)];
  await clock.advance(9_999);
  const last = await user.run(source.work);
  await clock.advance(1);
  const tooOld = await errorOf(user.run(source.work));
  source.error = undefined;
  const renewed = await user.run(source.work);

  expect([stale, last, tooOld === undefined, renewed]).toEqual([[1, 1], 1, false, 6]);
  expect(tooOld).toMatchObject({ code: "ECONNRESET" });
});

test.for<[name: string, error: unknown]>([
  ["it is gone", new HttpStatusError({ status: 410 })],
  ["a bug", new TypeError("x is not a function")],
])("no stale answer stands in for what is fatal: %s", async ([, error]) => {
  const clock = new VirtualClock();
  const source = counting();
  const user = cache({ ttl: 1, staleIfError: "10s", errorTtl: "5s", clock }).for("ann");
  await user.run(source.work);
  await clock.advance(1);
  source.error = error;

  const errors = [await errorOf(user.run(source.work)), await errorOf(user.run(source.work))];

  expect([errors, source.calls]).toEqual([[error, error], 2]);
});

test("a failure that is kept is thrown again, the same object, until its time is over", async () => {
  const clock = new VirtualClock();
  const source = counting();
  const user = cache({ ttl: "1m", errorTtl: "5s", clock }).for("ann");
  const error = new HttpStatusError({ status: 404 });
  source.error = error;

  const first = [await errorOf(user.run(source.work)), await errorOf(user.run(source.work))];
  await clock.advance(4_999);
  const last = await errorOf(user.run(source.work));
  const asked = source.calls;
  await clock.advance(1);
  source.error = undefined;

  expect([first, last, asked]).toEqual([[error, error], error, 1]);
  expect([await user.run(source.work), await user.run(source.work)]).toEqual([2, 2]);
});

test("which failures are kept, and how long, a function may tell; refusals are not by themselves", async () => {
  const clock = new VirtualClock();
  const refusal = new CircuitOpenError("bank", 10, undefined);
  const chosen: CacheOptions = {
    ttl: "1m",
    errorTtl: (error, { code }) => (code === "HTTP_404" || error === refusal ? "5s" : 0),
    clock,
  };
  const callsOf = async (error: unknown, options: CacheOptions): Promise<number> => {
    const source = counting();
    const user = cache(options).for("ann");
    source.error = error;
    await errorOf(user.run(source.work));
    await errorOf(user.run(source.work));
    return source.calls;
  };

  const calls = [
    await callsOf(new HttpStatusError({ status: 404 }), chosen),
    await callsOf(reset(), chosen),
    await callsOf(refusal, chosen),
    await callsOf(refusal, { ttl: "1m", errorTtl: "5s", clock }),
  ];

  expect(calls).toEqual([1, 2, 1, 2]);
});

test("while a failure is kept, the stale answer stands in without asking", async () => {
  const clock = new VirtualClock();
  const source = counting();
  const user = cache({ ttl: 1, staleIfError: "1m", errorTtl: "5s", clock }).for("ann");
  await user.run(source.work);
  source.error = reset();
  await clock.advance(1);

  const stale = [await user.run(source.work), await user.run(source.work)];
  const asked = source.calls;
  await clock.advance("5s");
  await user.run(source.work);

  expect([stale, asked, source.calls]).toEqual([[1, 1], 2, 3]);
});

test("an unseen renewal that failed is not tried again while its failure is kept", async () => {
  const clock = new VirtualClock();
  const source = counting();
  const user = cache({ ttl: 1, staleWhileRevalidate: "1m", errorTtl: "5s", clock }).for("ann");
  await user.run(source.work);
  source.error = reset();
  await clock.advance(1);
  const answers: unknown[] = [];

  for (let call = 0; call < 3; call++) {
    answers.push(await user.run(source.work));
    await clock.advance(1);
  }
  const asked = source.calls;
  await clock.advance("5s");
  answers.push(await user.run(source.work));

  expect([answers, asked, source.calls]).toEqual([[1, 1, 1, 1], 2, 3]);
});

test("an answer that is not to be kept leaves the one that is there", async () => {
  const clock = new VirtualClock();
  const user = cache({ ttl: 1, staleIfError: "1m", when: (value) => value !== "", clock }).for(
    "ann",
  );
  await user.run(() => "Ann");
  await clock.advance(1);

  const seen = [await user.run(() => ""), await user.run(() => expectOk({ status: 500 }))];

  expect(seen).toEqual(["", "Ann"]);
});

test("an errorTtl that throws or answers no duration hides no failure", async () => {
  const error = reset();
  const mistake = new Error("no such field");
  const users = cache({
    ttl: "1m",
    errorTtl: () => {
      throw mistake;
    },
  });

  const thrown = await errorOf(
    users.for("ann").run(() => {
      throw error;
    }),
  );
  const wrong = await errorOf(
    cache({ ttl: "1m", errorTtl: () => -1 })
      .for("ann")
      .run(() => {
        throw error;
      }),
  );

  expect(thrown).toEqual(
    new AggregateError(
      [mistake, error],
      'The errorTtl of "cache" threw when it was asked about a failure; both are in errors',
    ),
  );
  expect((wrong as AggregateError).errors).toEqual([expect.any(OptionsError), error]);
});

test("a call that was forgotten and then fails leaves nothing behind", async () => {
  const clock = new VirtualClock();
  const types: string[] = [];
  const on = ({ type }: EventDetails): void => void types.push(type);
  const users = cache({ ttl: 1, staleIfError: "1h", errorTtl: "1h", clock, on });
  const error = reset();
  await users.for("ann").run(() => "old");
  await clock.advance(1);
  const failing = errorOf(
    users.for("ann").run(async () => {
      await clock.sleep(10);
      throw error;
    }),
  );

  users.delete("ann");
  const next = users.for("ann").run(() => "new");
  await clock.advance(10);

  expect([await failing, await next, types]).toEqual([
    error,
    "new",
    ["cache.missed", "cache.missed", "cache.missed"],
  ]);
});

test("R8 the abort of the last caller is kept as no failure, and answered by no stale value", async () => {
  const clock = new VirtualClock();
  const users = cache({ ttl: 1, staleIfError: "1h", errorTtl: "1h", clock });
  const caller = new AbortController();
  await users.for("ann").run(() => "old");
  await clock.advance(1);

  const cancelled = errorOf(
    users.for("ann").run(({ signal }) => clock.sleep(10, signal).then(() => "new"), caller),
  );
  caller.abort("stop");
  await clock.advance(1);

  expect([await cancelled, await users.for("ann").run(() => "newer")]).toEqual(["stop", "newer"]);
});

const mistake = new Error("no such field");

const throwing = (): never => {
  throw mistake;
};

test.for<[option: string, make: (isWrong: () => boolean) => Partial<CacheOptions>]>([
  ["ttl", (isWrong) => ({ ttl: () => (isWrong() ? throwing() : 1) })],
  ["when", (isWrong) => ({ when: () => (isWrong() ? throwing() : true) })],
])("a %s that throws unseen is told, with what it threw", async ([, make]) => {
  const clock = new VirtualClock();
  const events: EventDetails[] = [];
  const on = (event: EventDetails): void => void events.push(event);
  let isWrong = false;
  const options = { ttl: 1, staleWhileRevalidate: "1h", clock, on } as const;
  const users = cache({ ...options, ...make(() => isWrong) });
  const user = users.for("ann");
  await user.run(() => "old");
  await clock.advance(1);

  isWrong = true;
  const stale = await user.run(() => "new");
  await clock.advance(1);
  const seen = await errorOf(users.for("bob").run(() => "new"));

  const fault = { class: "unknown", code: "ERROR", effect: "unknown" };
  const failed = { type: "cache.refresh_failed", policy: "cache", key: "ann" };
  expect([stale, seen]).toEqual(["old", mistake]);
  expect(events.filter(({ type }) => type === "cache.refresh_failed")).toEqual([
    { ...failed, fault, error: mistake },
  ]);
});

type Forget = () => void;

test.for<[who: string, make: (forget: Forget) => Partial<CacheOptions>, fails: boolean]>([
  ["when", (forget) => ({ when: () => (forget(), true) }), false],
  ["ttl", (forget) => ({ ttl: () => (forget(), 1) }), false],
  ["errorTtl", (forget) => ({ errorTtl: () => (forget(), 9) }), true],
  [
    "a listener",
    (forget) => ({ on: ({ type }) => void (type === "cache.refresh_failed" && forget()) }),
    true,
  ],
])("a key that is forgotten by %s does not come back", async ([, make, fails]) => {
  const clock = new VirtualClock();
  let isForgetting = false;
  const forget = (): void => {
    if (isForgetting) users.delete("ann");
  };
  const options = { ttl: 1, staleIfError: "1h", errorTtl: 9, clock } as const;
  const users = cache({ ...options, ...make(forget) });
  const error = reset();
  await users.for("ann").run(() => "old");
  await clock.advance(1);

  isForgetting = true;
  const end = await errorOf(users.for("ann").run(() => (fails ? Promise.reject(error) : "new")));

  expect([end, users.size]).toEqual([fails ? error : { answered: "new" }, 0]);
});

test.for<[what: string, options: Partial<CacheOptions>, size: number]>([
  ["is forgotten", {}, 0],
  ["may be answered while it is renewed", { staleWhileRevalidate: 1 }, 1],
  ["may stand in for a failure", { staleIfError: 1 }, 1],
])("an answer that is never fresh %s", async ([, options, size]) => {
  const clock = new VirtualClock();
  let ttl = 1;
  const users = cache({ ttl: () => ttl, max: 1, clock, ...options });
  const user = users.for("ann");
  await user.run(() => "once fresh");
  await clock.advance(2);

  ttl = 0;
  const answer = await user.run(() => "never fresh");

  expect([answer, users.size]).toEqual(["never fresh", size]);
});

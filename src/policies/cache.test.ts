import { getEventListeners } from "node:events";
import { expect, expectTypeOf, test } from "vitest";
import {
  cache,
  expectOk,
  OptionsError,
  pipeline,
  retry,
  timeout,
  type CacheOptions,
  type EventDetails,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { counting, errorOf, never, reset } from "./cache-source.contract.ts";

test("an answer is kept for its time, by key", async () => {
  const clock = new VirtualClock();
  const { work } = counting();
  const users = cache({ ttl: "1m", clock });
  const [ann, bob] = [users.for("ann"), users.for("bob")];

  const first = [await ann.run(work), await ann.run(work), await bob.run(work)];
  await clock.advance(59_999);
  const fresh = [await ann.run(work), await users.for("ann").run(work)];
  await clock.advance(1);
  const renewed = [await ann.run(work), await ann.run(work)];

  expect([first, fresh, renewed]).toEqual([
    [1, 1, 2],
    [1, 1],
    [3, 3],
  ]);
  expect([users.size, clock.pending]).toEqual([2, 0]);
});

test("the time of day may jump, and an answer stays as old as it is", async () => {
  const clock = new VirtualClock();
  const { work } = counting();
  const user = cache({ ttl: "1m", clock }).for("ann");
  await user.run(work);

  clock.jumpWallClock(3_600_000);
  const ahead = await user.run(work);
  clock.jumpWallClock(-7_200_000);
  await clock.advance("1m");

  expect([ahead, await user.run(work)]).toEqual([1, 2]);
});

test.for([undefined, null, 0, ""])(
  "an answer may be %o, and is kept all the same",
  async (value) => {
    let calls = 0;
    const user = cache({ ttl: Infinity }).for("ann");
    const work = () => (calls++, value);

    expect([await user.run(work), await user.run(work), calls]).toEqual([value, value, 1]);
  },
);

test("the answer is the same object for all", async () => {
  const user = cache({ ttl: "1m" }).for("ann");

  const first = await user.run(() => ({ name: "Ann" }));

  expect(await user.run(never)).toBe(first);
});

test("past the bound the answer that was asked for longest ago goes", async () => {
  const asked: string[] = [];
  const users = cache({ ttl: Infinity, max: 2 });
  const read = (key: string) => users.for(key).run(() => asked.push(key));

  for (const key of ["a", "b", "a", "c", "a", "b"]) await read(key);

  expect([asked, users.size]).toEqual([["a", "b", "c", "b"], 2]);
});

test("by default a thousand keys are kept", async () => {
  const users = cache({ ttl: Infinity });

  for (let index = 0; index < 1_001; index++) await users.for(`user ${index}`).run(() => index);

  expect(users.size).toBe(1_000);
});

test("R9 callers that miss the same key at once share one work", async () => {
  const clock = new VirtualClock();
  const { work } = counting();
  const users = cache({ ttl: "1m", clock });
  const slow = () => clock.sleep(10).then(work);

  const answers = await clock.settle(() =>
    Promise.all(Array.from({ length: 100 }, () => users.for("ann").run(slow))),
  );

  expect(answers).toEqual(Array.from({ length: 100 }, () => 1));
});

test("one of them may leave, and the answer is kept; when all have left it is not", async () => {
  const clock = new VirtualClock();
  const users = cache({ ttl: "1m", clock });
  const [first, second] = [new AbortController(), new AbortController()];
  const signals: AbortSignal[] = [];
  const slow = async ({ signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    await clock.sleep(10);
    return signals.length;
  };

  const ann = [first, second].map((caller) => errorOf(users.for("ann").run(slow, caller)));
  const bob = [first, second].map((caller) => errorOf(users.for("bob").run(slow, caller)));
  first.abort("first left");
  await clock.advance(10);
  const cai = errorOf(users.for("cai").run(slow, second));
  second.abort("second left");
  await clock.advance(10);

  expect([await Promise.all([...ann, ...bob, cai]), users.size]).toEqual([
    ["first left", { answered: 2 }, "first left", { answered: 2 }, "second left"],
    2,
  ]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, true]);
});

test("failures are thrown on and not kept", async () => {
  const source = counting();
  const user = cache({ ttl: "1m", staleIfError: "1h" }).for("ann");
  source.error = reset();

  const errors = [await errorOf(user.run(source.work)), await errorOf(user.run(source.work))];

  expect([errors, source.calls]).toEqual([[source.error, source.error], 2]);
});

test("whether an answer is kept, and how long, may depend on it", async () => {
  const clock = new VirtualClock();
  interface Token {
    readonly text: string;
    readonly lifeMs: number;
  }
  const tokens = cache({
    ttl: (token: Token) => token.lifeMs,
    when: ({ text }) => text !== "",
    clock,
  });
  let calls = 0;
  const token = (text: string, lifeMs: number) => () => (calls++, { text, lifeMs });
  const read = (key: string, work: () => Token) => tokens.for(key).run(work);

  await read("short", token("a", 10));
  await read("long", token("b", 20));
  await read("none", token("", 20));
  await clock.advance(10);
  await read("short", token("a", 10));
  await read("long", token("b", 20));
  await read("none", token("", 20));

  expect([calls, tokens.size]).toEqual([5, 2]);
});

test.for<[what: string, options: CacheOptions, message: string]>([
  ["ttl", { ttl: () => "soon" as never }, "cache.ttl(): expected a duration such as"],
  [
    "ttl that answers nothing",
    { ttl: () => undefined as never },
    "cache.ttl(): expected a duration",
  ],
])("a wrong answer of %s rejects the call", async ([, options, message]) => {
  const error = await errorOf(
    cache(options)
      .for("ann")
      .run(() => "Ann"),
  );

  expect(error).toBeInstanceOf(OptionsError);
  expect((error as Error).message).toContain(message);
});

test("what is forgotten is asked for anew, and a call under way brings nothing old back", async () => {
  const clock = new VirtualClock();
  const users = cache({ ttl: "1m", clock });
  const read = (value: string) => users.for("ann").run(() => clock.sleep(10).then(() => value));
  const before = await clock.settle(() => read("before"));

  const kept = await read("never asked");
  users.delete("ann");
  const during = read("during");
  users.delete("ann");
  const after = read("after");
  await clock.advance(10);

  expect([before, kept, await during, await after]).toEqual([
    "before",
    "before",
    "during",
    "after",
  ]);
  expect(await read("never asked")).toBe("after");
});

test("all can be forgotten at once", async () => {
  const clock = new VirtualClock();
  const users = cache({ ttl: "1m", clock });
  await users.for("ann").run(() => "Ann");
  const slow = users.for("bob").run(() => clock.sleep(10).then(() => "old Bob"));

  users.clear();
  const size = users.size;
  await clock.advance(10);
  const answers = [await users.for("ann").run(() => "new Ann"), await slow];

  expect([size, answers, await users.for("bob").run(() => "new Bob")]).toEqual([
    0,
    ["new Ann", "old Bob"],
    "new Bob",
  ]);
});

test("a function is wrapped by its key", async () => {
  let calls = 0;
  const users = cache({ ttl: "1m" });
  const readUser = users.wrap(async (id: number) => ({ id, call: ++calls }), {
    key: (id) => String(id),
  });

  const answers = [await readUser(1), await readUser(1), await readUser(2)];
  users.delete("1");

  expectTypeOf(readUser).toEqualTypeOf<(id: number) => Promise<{ id: number; call: number }>>();
  expect([...answers, await readUser(1)]).toEqual([
    { id: 1, call: 1 },
    { id: 1, call: 1 },
    { id: 2, call: 2 },
    { id: 1, call: 3 },
  ]);
});

test("it tells hits, misses, and renewals that failed", async () => {
  const clock = new VirtualClock();
  const events: EventDetails[] = [];
  const on = (event: EventDetails): void => void events.push(event);
  const source = counting();
  const user = cache({ name: "users", ttl: 1, staleIfError: 1, errorTtl: 5, clock, on }).for("ann");
  const error = reset();

  await user.run(source.work);
  await user.run(source.work);
  await clock.advance(1);
  source.error = error;
  await user.run(source.work);
  await user.run(source.work);
  await clock.advance(1);
  await errorOf(user.run(source.work));

  const about = { policy: "users", key: "ann" };
  expect(events).toEqual([
    { type: "cache.missed", ...about },
    { type: "cache.hit", ...about, isStale: false },
    { type: "cache.missed", ...about },
    {
      type: "cache.refresh_failed",
      ...about,
      fault: { class: "transient", code: "ECONNRESET", effect: "unknown" },
      error,
    },
    { type: "cache.hit", ...about, isStale: true },
    { type: "cache.hit", ...about, isStale: false },
  ]);
});

test("a first call that fails is no renewal that failed", async () => {
  const types: string[] = [];
  const users = cache({ ttl: "1m", on: ({ type }) => void types.push(type) });

  await errorOf(users.for("ann").run(() => expectOk({ status: 500 })));

  expect(types).toEqual(["cache.missed"]);
});

test("in a pipeline it stands outside, and what is inside runs on a miss alone", async () => {
  const clock = new VirtualClock();
  const source = counting();
  const guarded = pipeline(
    cache({ ttl: "1m", clock }).for("ann"),
    retry({ clock, backoff: ["1s"] }),
    timeout("2s", { clock }),
  );
  const flaky = (): number => (source.work() < 3 ? expectOk({ status: 500 }).status : source.calls);

  const answers = [
    await clock.settle(() => guarded.run(flaky)),
    await clock.settle(() => guarded.run(flaky)),
  ];

  expect([answers, source.calls]).toEqual([[3, 3], 3]);
});

test("R8 a caller that was aborted before gets its reason, hit or miss", async () => {
  const types: string[] = [];
  const users = cache({ ttl: "1m", on: ({ type }) => void types.push(type) });
  const signal = AbortSignal.abort("before");
  await users.for("ann").run(() => "Ann");

  const errors = [
    await errorOf(users.for("ann").run(never, { signal })),
    await errorOf(users.for("bob").run(never, { signal })),
  ];

  expect([errors, types, users.size]).toEqual([["before", "before"], ["cache.missed"], 1]);
});

test("T1 each caller's own limit is a timeout, while the work goes on for the others", async () => {
  const clock = new VirtualClock();
  const user = cache({ ttl: "1m", clock }).for("ann");
  const slow = () => clock.sleep(20).then(() => "Ann");
  const under = (limitMs: number) => errorOf(pipeline(timeout(limitMs, { clock }), user).run(slow));

  const ends = await clock.settle(() => Promise.all([under(10), under(30)]));

  expect(ends).toEqual([expect.objectContaining({ code: "TIMED_OUT" }), { answered: "Ann" }]);
});

test("T2 nothing listens and no timer runs after a hit, a miss or a failure", async () => {
  const clock = new VirtualClock();
  const users = cache({ ttl: 10, staleWhileRevalidate: 10, errorTtl: 10, clock });
  const caller = new AbortController();

  await Promise.all([1, 2].map(() => users.for("ann").run(() => "Ann", caller)));
  await clock.advance(10);
  await users.for("ann").run(() => "Ann", caller);
  await users.for("ann").run(() => "Ann", caller);
  await errorOf(users.for("bob").run(() => expectOk({ status: 500 }), caller));
  await errorOf(users.for("bob").run(() => expectOk({ status: 500 }), caller));

  expect([getEventListeners(caller.signal, "abort").length, clock.pending]).toEqual([0, 0]);
});

test("T4 each work has an abort of its own", async () => {
  const clock = new VirtualClock();
  const users = cache({ ttl: "1m", clock });
  const signals: AbortSignal[] = [];
  const slow = ({ signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    return clock.sleep(10);
  };
  const caller = new AbortController();
  const first = errorOf(users.for("ann").run(slow, caller));
  const second = users.for("bob").run(slow);

  caller.abort("stop");
  await clock.advance(10);
  await second;

  expect([await first, signals.map(({ aborted }) => aborted)]).toEqual(["stop", [true, false]]);
});

test.for<[what: string, mistake: () => unknown, message: string]>([
  ["no ttl", () => cache({} as CacheOptions), "cache.ttl: expected a duration"],
  ["no options", () => cache(undefined as never), "cache: expected an object with options"],
  ["a wrong ttl", () => cache({ ttl: "1 min" as never }), "cache.ttl: expected a duration"],
  ["no room", () => cache({ ttl: 1, max: 0 }), "cache.max: expected an integer >= 1"],
  ["a wrong errorTtl", () => cache({ ttl: 1, errorTtl: -1 }), "cache.errorTtl: expected"],
  ["a wrong when", () => cache({ ttl: 1, when: true as never }), "cache.when: expected a function"],
  [
    "an unknown option",
    () => cache({ ttl: 1, maxAge: 2 } as CacheOptions),
    "cache.maxAge: unknown; known are ttl, max, staleWhileRevalidate, staleIfError",
  ],
  ["an empty key", () => cache({ ttl: 1 }).for(""), "cache.for.key: expected text"],
  ["no function", () => cache({ ttl: 1 }).wrap(1 as never, { key: String }), "cache.wrap.call"],
])("refuses %s", ([, mistake, message]) => {
  expect(mistake).toThrow(OptionsError);
  expect(mistake).toThrow(message);
});

test("its policies are frozen and bear its name", () => {
  const users = cache({ ttl: "1m", name: "users" });
  const user = users.for("ann");

  expect([user.name, Object.isFrozen(user), Object.isFrozen(users)]).toEqual(["users", true, true]);
  expect(cache({ ttl: 1 }).for("ann").name).toBe("cache");
});

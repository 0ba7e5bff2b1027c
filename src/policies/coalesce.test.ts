import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  coalesce,
  expectOk,
  OptionsError,
  pipeline,
  retry,
  timeout,
  type CoalesceOptions,
  type Deadline,
  type EventDetails,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const never = (): Promise<never> => new Promise(() => {});

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    (value) => ({ answered: value }),
    (error: unknown) => error,
  );

/** Work that is settled from outside, and remembers the signals that it was given. */
function byHand() {
  const works: { signal: AbortSignal; deadline: Deadline; attempt: number }[] = [];
  const ends: PromiseWithResolvers<object>[] = [];
  return {
    works,
    work: ({ signal, deadline, attempt }: (typeof works)[number]) => {
      const end = Promise.withResolvers<object>();
      works.push({ signal, deadline, attempt });
      ends.push(end);
      return end.promise;
    },
    answer: (index: number, value: object) => ends[index]?.resolve(value),
    fail: (index: number, error: unknown) => ends[index]?.reject(error),
  };
}

test("calls for one key at the same time are one, and get the same object", async () => {
  const { work, works, answer } = byHand();
  const pages = coalesce();
  const value = { title: "News" };

  const calls = [1, 2, 3].map(() => pages.for("/news").run(work));
  const other = pages.for("/sport").run(() => "Sport");
  await other;
  const during = [works.length, pages.size];
  answer(0, value);
  const answers = await Promise.all(calls);

  expect([during, pages.size, answers.every((one) => one === value)]).toEqual([[1, 1], 0, true]);
});

test("all get the same error, and the next call is a new one", async () => {
  const { work, works, fail } = byHand();
  const error = new Error("no");
  const page = coalesce().for("/news");

  const calls = [1, 2].map(() => errorOf(page.run(work)));
  fail(0, error);
  const errors = await Promise.all(calls);
  const thrown = await errorOf(page.run(() => expectOk({ status: 500 })));
  void page.run(work);

  expect([errors[0] === error, errors[1] === error, works.length]).toEqual([true, true, 2]);
  expect(thrown).toMatchObject({ status: 500 });
});

test("one caller may leave, and the work goes on for the others", async () => {
  const { work, works, answer } = byHand();
  const page = coalesce().for("/news");
  const [first, second] = [new AbortController(), new AbortController()];
  const leaving = errorOf(page.run(work, first));
  const staying = page.run(work, second);

  first.abort("first left");
  const left = await leaving;
  const during = works[0]?.signal.aborted;
  answer(0, { title: "News" });

  expect([left, during, await staying]).toEqual(["first left", false, { title: "News" }]);
  expect(works[0]?.signal.aborted).toBe(false);
});

test("the last one to leave ends the work, with its reason, and the next call is a new one", async () => {
  const { work, works, answer } = byHand();
  const pages = coalesce();
  const [first, second] = [new AbortController(), new AbortController()];
  const leaving = [first, second].map((caller) => errorOf(pages.for("/news").run(work, caller)));

  first.abort("first left");
  second.abort("second left");
  const next = pages.for("/news").run(work);
  const size = pages.size;
  // The old work takes no notice, and its late answer is nobody's.
  answer(0, { title: "old" });
  await Promise.all(leaving);
  const sizeAfter = pages.size;
  answer(1, { title: "new" });

  expect(await Promise.all(leaving)).toEqual(["first left", "second left"]);
  expect([works[0]?.signal.reason, works[1]?.signal.aborted]).toEqual(["second left", false]);
  expect([size, sizeAfter, await next]).toEqual([1, 1, { title: "new" }]);
});

test("work that fails after everybody left is heard of by nobody", async () => {
  const { work, fail } = byHand();
  const caller = new AbortController();
  const left = errorOf(coalesce().for("/news").run(work, caller));

  caller.abort("stop");
  fail(0, new Error("nobody waits for this"));

  expect(await left).toBe("stop");
});

test("a call whose caller was aborted before neither begins nor joins", async () => {
  const { work, works } = byHand();
  const types: string[] = [];
  const page = coalesce({ on: ({ type }) => void types.push(type) }).for("/news");
  const signal = AbortSignal.abort("before");

  const alone = await errorOf(page.run(work, { signal }));
  const begun = works.length;
  void page.run(work);
  const beside = await errorOf(page.run(work, { signal }));

  expect([alone, begun, beside, works.length, types]).toEqual(["before", 0, "before", 1, []]);
});

test("each caller's own deadline holds for it; the work has the latest of those who wait", async () => {
  const clock = new VirtualClock();
  const { work, works, answer } = byHand();
  const page = coalesce().for("/news");
  const under = (limit: "1s" | "3s") => pipeline(timeout(limit, { clock }), page).run(work);
  const leftMs = (): number | undefined => works[0]?.deadline.remainingMs();

  const impatient = errorOf(under("1s"));
  const alone = leftMs();
  const patient = under("3s");
  const both = leftMs();
  await clock.advance("1s");
  const afterwards = leftMs();
  answer(0, { title: "News" });

  expect(await impatient).toMatchObject({ code: "TIMED_OUT", limitMs: 1_000 });
  expect([alone, both, afterwards]).toEqual([1_000, 3_000, 2_000]);
  expect([await patient, leftMs()]).toEqual([{ title: "News" }, Infinity]);
});

test("a caller without a limit takes the work's limit away", async () => {
  const clock = new VirtualClock();
  const { work, works } = byHand();
  const page = coalesce().for("/news");

  void errorOf(pipeline(timeout("1s", { clock }), page).run(work));
  void page.run(work);

  expect(works[0]?.deadline.remainingMs()).toBe(Infinity);
});

test("the work has the number of the attempt that began it", async () => {
  const { work, works } = byHand();
  const page = coalesce().for("/news");

  void page.run(work, { attempt: 3 });
  void page.run(work, { attempt: 1 });

  expect(works.map(({ attempt }) => attempt)).toEqual([3]);
});

test("an attempt that is tried again joins anew", async () => {
  const clock = new VirtualClock();
  let calls = 0;
  const page = pipeline(retry({ clock, backoff: ["1s"] }), coalesce().for("/news"));
  const work = async (): Promise<number> => {
    calls++;
    await clock.sleep(10);
    return calls < 2 ? expectOk({ status: 500 }).status : calls;
  };

  const answers = await clock.settle(() => Promise.all([page.run(work), page.run(work)]));

  expect([answers, calls]).toEqual([[2, 2], 2]);
});

test("a call that was begun too long ago is joined no more, and goes on for those who wait", async () => {
  const clock = new VirtualClock();
  const { work, answer } = byHand();
  const pages = coalesce({ joinWithin: "1s", clock });
  const page = pages.for("/news");

  const first = page.run(work);
  await clock.advance(999);
  const second = page.run(work);
  await clock.advance(1);
  const third = page.run(work);
  const size = pages.size;
  answer(0, { n: 1 });
  await first;
  const fourth = page.run(work);
  answer(1, { n: 2 });

  expect(await Promise.all([first, second, third, fourth])).toEqual(
    [1, 1, 2, 2].map((n) => ({ n })),
  );
  expect([size, pages.size]).toEqual([1, 0]);
});

test("a function is wrapped by its key", async () => {
  let calls = 0;
  const readUser = coalesce().wrap(
    async (id: number, fields: readonly string[]) => ({ id, fields, call: ++calls }),
    { key: (id) => String(id) },
  );

  const users = await Promise.all([readUser(1, ["name"]), readUser(1, ["age"]), readUser(2, [])]);
  const again = await readUser(1, ["age"]);

  expect(users).toEqual([
    { id: 1, fields: ["name"], call: 1 },
    { id: 1, fields: ["name"], call: 1 },
    { id: 2, fields: [], call: 2 },
  ]);
  expect(again).toEqual({ id: 1, fields: ["age"], call: 3 });
});

test("what a wrapped function or its key throws rejects", async () => {
  const broken = coalesce().wrap(
    () => {
      throw new Error("broken");
    },
    { key: () => "k" },
  );
  const keyless = coalesce().wrap(() => "done", {
    key: () => {
      throw new Error("no key");
    },
  });
  const empty = coalesce().wrap(() => "done", { key: () => "" });

  const errors = await Promise.all([broken(), keyless(), empty()].map(errorOf));

  expect(errors.map((error) => (error as Error).message)).toEqual([
    "broken",
    "no key",
    'coalesce.for.key: expected text that is not empty, received ""',
  ]);
});

test("it tells who joined", async () => {
  const events: EventDetails[] = [];
  const pages = coalesce({ name: "pages", on: (event) => void events.push(event) });

  await Promise.all([1, 2].map(() => pages.for("/news").run(() => "News")));
  await pages.for("/news").run(() => "News");

  expect(events).toEqual([{ type: "coalesce.joined", policy: "pages", key: "/news" }]);
});

test("T1 a caller's abort and its limit are two errors, though the work is one", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const page = pipeline(timeout("1s", { clock }), coalesce().for("/news"));

  const [cancelled, limited] = [errorOf(page.run(never, caller)), errorOf(page.run(never))];
  caller.abort("stop");
  await clock.advance("1s");

  expect([await cancelled, await limited]).toEqual([
    "stop",
    expect.objectContaining({ code: "TIMED_OUT" }),
  ]);
});

test.for<
  [name: string, end: (hand: ReturnType<typeof byHand>, callers: AbortController[]) => void]
>([
  ["was answered", ({ answer }) => answer(0, {})],
  ["failed", ({ fail }) => fail(0, new Error("no"))],
  ["hung, and all left", (_, callers) => callers.forEach((caller) => caller.abort("left"))],
])("T2 nobody listens any more when the work %s", async ([, end]) => {
  const hand = byHand();
  const page = coalesce().for("/news");
  const callers = Array.from({ length: 3 }, () => new AbortController());
  const calls = callers.map((caller) => errorOf(page.run(hand.work, caller)));
  const count = (): number[] =>
    callers.map(({ signal }) => getEventListeners(signal, "abort").length);

  const during = count();
  end(hand, callers);
  await Promise.all(calls);

  expect([during, count()]).toEqual([
    [1, 1, 1],
    [0, 0, 0],
  ]);
});

test("T2 nobody listens after an answer, while the signals live on", async () => {
  const page = coalesce().for("/news");
  const caller = new AbortController();

  await Promise.all([1, 2].map(() => page.run(() => "News", caller)));
  await Promise.all([1, 2].map(() => errorOf(page.run(() => expectOk({ status: 500 }), caller))));

  expect(getEventListeners(caller.signal, "abort")).toEqual([]);
});

test("T4 each work has an abort of its own", async () => {
  const { work, works } = byHand();
  const pages = coalesce();
  const caller = new AbortController();
  const first = errorOf(pages.for("/news").run(work, caller));
  void pages.for("/sport").run(work);

  caller.abort("stop");

  expect([await first, works.map(({ signal }) => signal.aborted)]).toEqual(["stop", [true, false]]);
});

test("R8 the abort of all callers is told as no failure", async () => {
  const types: string[] = [];
  const on = ({ type }: EventDetails): void => void types.push(type);
  const caller = new AbortController();
  const page = pipeline(retry({ on }), coalesce({ on }).for("/news"));
  const calls = [1, 2].map(() => errorOf(page.run(never, caller)));

  caller.abort("stop");

  expect([await Promise.all(calls), types]).toEqual([["stop", "stop"], ["coalesce.joined"]]);
});

test("R9 any number of keys and callers may be under way at once", async () => {
  const clock = new VirtualClock();
  const pages = coalesce();
  let calls = 0;
  const read = (key: string) =>
    pages.for(key).run(async () => {
      calls++;
      await clock.sleep(10);
      return key;
    });

  const keys = Array.from({ length: 1_000 }, (_, index) => `page ${index % 100}`);
  const answers = await clock.settle(() => Promise.all(keys.map(read)));

  expect([answers, calls, pages.size]).toEqual([keys, 100, 0]);
});

test.for<[what: string, mistake: () => unknown, message: string]>([
  [
    "an unknown option",
    () => coalesce({ ttl: "1s" } as CoalesceOptions),
    "coalesce.ttl: unknown; known are name, joinWithin, clock, on",
  ],
  ["a limit", () => coalesce({ joinWithin: "soon" as never }), "coalesce.joinWithin: expected"],
  ["no key", () => coalesce().for(undefined as never), "coalesce.for.key: expected a key"],
  ["an empty key", () => coalesce().for(""), "coalesce.for.key: expected text that is not empty"],
  [
    "no function",
    () => coalesce().wrap("readUser" as never, { key: () => "k" }),
    "coalesce.wrap.call: expected a function",
  ],
  ["no key function", () => coalesce().wrap(never, {} as never), "coalesce.wrap.key: expected"],
  [
    "a typo",
    () => coalesce().wrap(never, { key: () => "k", keys: 1 } as never),
    "coalesce.wrap.keys: unknown; known are key",
  ],
])("refuses %s", ([, mistake, message]) => {
  expect(mistake).toThrow(OptionsError);
  expect(mistake).toThrow(message);
});

test("its policies are frozen and bear its name", () => {
  const pages = coalesce({ name: "pages" });
  const page = pages.for("/news");

  expect([page.name, Object.isFrozen(page), Object.isFrozen(pages)]).toEqual(["pages", true, true]);
  expect(coalesce().for("k").name).toBe("coalesce");
});

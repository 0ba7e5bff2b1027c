/** What coalesce and cache have in common: calls that share a work, and how they leave it. */

import { expect, test } from "vitest";
import {
  bulkhead,
  cache,
  coalesce,
  expectOk,
  OptionsError,
  pipeline,
  timeout,
  type Emit,
  type Policy,
  type Work,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    (value) => ({ answered: value }),
    (error: unknown) => error,
  );

interface Shared {
  for(key: string): Policy;
  readonly size: number;
}

/** Both kinds; what a cache has answered is too old at once. */
const KINDS: readonly [kind: string, make: (on?: Emit) => Shared][] = [
  ["coalesce", (on) => coalesce({ on })],
  ["cache", (on) => cache({ ttl: 0, on })],
];

test.for(KINDS)(
  "T3 the slot around a shared call is held while its work runs: %s",
  async ([, make]) => {
    const clock = new VirtualClock();
    const slots = bulkhead(3, { clock });
    const shared = make();
    const caller = new AbortController();
    const call = (key: string, work: Work<unknown>) =>
      errorOf(slots.run((attempt) => shared.for(key).run(work, attempt), caller));

    const all = [
      call("answers", () => clock.sleep(1_000)),
      call("fails", () => clock.sleep(2_000).then(() => expectOk({ status: 500 }))),
      call("joins", () => clock.sleep(3_000)),
    ];
    const joined = errorOf(shared.for("joins").run(() => "nobody's"));
    caller.abort("stop");
    const left = await Promise.all(all);
    const running: number[] = [];
    for (let second = 0; second <= 3; second++) {
      running.push(slots.running);
      await clock.advance("1s");
    }

    expect([left, await joined]).toEqual([["stop", "stop", "stop"], { answered: undefined }]);
    expect(running).toEqual([3, 2, 1, 0]);
  },
);

test.for(KINDS)("T2 the signal of a caller who left lets go of it: %s", async ([, make]) => {
  const caller = new AbortController();
  const { signal } = caller;
  let removed = 0;
  const remove = signal.removeEventListener.bind(signal);
  signal.removeEventListener = (...given: Parameters<AbortSignal["removeEventListener"]>) => {
    removed++;
    remove(...given);
  };
  const shared = make().for("k");
  const left = errorOf(shared.run(() => new Promise(() => {}), caller));

  caller.abort("stop");

  expect([await left, removed]).toEqual(["stop", 1]);
});

test.for(KINDS)("the work is given its attempt and nothing else: %s", async ([, make]) => {
  const count = (...given: unknown[]): number => given.length;

  expect(await make().for("k").run(count)).toBe(1);
});

test.for(KINDS)(
  "work that asks for its own key is refused, and the key lives on: %s",
  async ([, make]) => {
    const shared = make();
    const own = await errorOf(shared.for("a").run(() => shared.for("a").run(() => "inner")));
    const through = await errorOf(
      shared.for("a").run(() => shared.for("b").run(() => shared.for("a").run(() => "inner"))),
    );
    const error = expect.objectContaining({
      message: expect.stringMatching(
        /^\w+\.for\.key: the work of the key "a" asks for that key, and would wait for itself$/,
      ),
    });

    expect([own, through]).toEqual([error, error]);
    expect(own).toBeInstanceOf(OptionsError);
    expect(await shared.for("a").run(() => "next")).toBe("next");
  },
);

test.for(KINDS)(
  "what a work started and left behind may ask for the key later: %s",
  async ([, make]) => {
    const shared = make();
    const ended = Promise.withResolvers<void>();
    let later: Promise<unknown> | undefined;

    await shared.for("a").run(() => {
      later = ended.promise.then(() => shared.for("a").run(() => "later"));
    });
    ended.resolve();

    expect(await later).toBe("later");
  },
);

test.for(KINDS)("a pipeline refuses it twice, whatever the keys: %s", ([kind, make]) => {
  const shared = make();

  expect(() => pipeline(shared.for("a"), timeout("1s"), shared.for("b"))).toThrow(
    `pipeline: the same ${kind} stands in it twice; leave one of them out`,
  );
  expect(() => pipeline(shared.for("a"), make().for("b"))).not.toThrow();
});

test.for<[what: string, make: (on: Emit) => Policy, type: string]>([
  ["joins", (on) => coalesce({ on }).for("k"), "coalesce.joined"],
  ["misses", (on) => cache({ ttl: 0, on }).for("k"), "cache.missed"],
  ["hits", (on) => cache({ ttl: "1m", on }).for("k"), "cache.hit"],
])("R1 a call whose listener cancels it when it %s ends at once", async ([, make, type]) => {
  const caller = new AbortController();
  let isCancelling = false;
  const shared = make((event) => {
    if (isCancelling && event.type === type) caller.abort("stop");
  });
  const answer = Promise.withResolvers<string>();
  const first = type === "cache.missed" ? undefined : shared.run(() => answer.promise);
  if (type === "cache.hit") {
    answer.resolve("first");
    await first;
  }
  let calls = 0;

  isCancelling = true;
  const error = await errorOf(shared.run(() => calls++, caller));
  answer.resolve("first");

  expect([error, calls, await first]).toEqual(["stop", 0, first && "first"]);
});

test.for(KINDS)("T3 the last one, only asked to end, waits for the work: %s", async ([, make]) => {
  const clock = new VirtualClock();
  const shared = make();
  const cleanedUp = new Error("cleaned up");
  const limit = timeout("1s", { mode: "cooperative", clock });
  const call = (key: string, end: () => unknown) =>
    errorOf(
      pipeline(limit, shared.for(key), bulkhead(1, { clock }))
        .run(({ signal }) => clock.sleep(3_000).then(() => [end(), signal.aborted]))
        .finally(() => endedAtMs.push(clock.elapsed())),
    );
  const endedAtMs: number[] = [];
  const late = call("late", () => "late");
  const failed = call("fails", () => {
    throw cleanedUp;
  });

  await clock.advance(1_500);
  const next = shared.for("late").run(() => "next");
  const ends = await clock.settle(() => Promise.all([late, failed]));

  expect(ends).toEqual([
    { answered: ["late", true] },
    expect.objectContaining({ code: "TIMED_OUT", cause: cleanedUp }),
  ]);
  expect([endedAtMs, await next, shared.size]).toEqual([[3_000, 3_000], "next", 0]);
});

test.for(KINDS)(
  "one of several, only asked to end, leaves the work to the others: %s",
  async ([, make]) => {
    const clock = new VirtualClock();
    const shared = make().for("k");
    const limit = timeout("1s", { mode: "cooperative", clock });
    const work: Work<unknown> = ({ signal }) => clock.sleep(3_000).then(() => signal.aborted);
    const hurried = errorOf(
      pipeline(limit, shared)
        .run(work)
        .finally(() => (leftAtMs = clock.elapsed())),
    );
    let leftAtMs = 0;
    const patient = shared.run(work);

    const [left, answer] = await clock.settle(() => Promise.all([hurried, patient]));

    expect([left, leftAtMs, answer]).toEqual([
      expect.objectContaining({ code: "TIMED_OUT" }),
      1_000,
      false,
    ]);
  },
);

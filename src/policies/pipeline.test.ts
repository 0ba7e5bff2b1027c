import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { bulkhead } from "./bulkhead.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { breaker } from "./breaker.ts";
import { pipeline } from "./pipeline.ts";
import type { Attempt, Policy } from "./policy.ts";
import { retry } from "./retry.ts";
import { timeout } from "./timeout.ts";
import { ownPolicy } from "./own-policy.contract.ts";

const never = (): Promise<never> => new Promise(() => {});

/** A policy of a user's own that writes down when it is entered and left. */
function noted(name: string, notes: string[]): Policy {
  return {
    name,
    async run(work, options) {
      notes.push(`${name} in`);
      try {
        return await work({
          attempt: options?.attempt ?? 1,
          signal: options?.signal ?? new AbortController().signal,
          deadline: options?.deadline ?? { remainingMs: () => Infinity },
        });
      } finally {
        notes.push(`${name} out`);
      }
    },
  };
}

test("the first policy is the outermost, and pipelines nest", async () => {
  const notes: string[] = [];
  const inner = pipeline(noted("b", notes), noted("c", notes));

  const value = await pipeline(noted("a", notes), inner, noted("d", notes)).run(() => {
    notes.push("work");
    return "done";
  });

  expect([value, notes]).toEqual([
    "done",
    ["a in", "b in", "c in", "d in", "work", "d out", "c out", "b out", "a out"],
  ]);
});

test("an empty pipeline runs the work, which sees a first attempt without limits", async () => {
  let seen: Attempt | undefined;

  const value = await pipeline().run((attempt) => {
    seen = attempt;
    return 7;
  });

  expect({
    value,
    attempt: seen?.attempt,
    aborted: seen?.signal.aborted,
    remainingMs: seen?.deadline.remainingMs(),
  }).toEqual({ value: 7, attempt: 1, aborted: false, remainingMs: Infinity });
});

test("the attempt can be taken apart, and its signal is the same each time", async () => {
  const same = await pipeline().run((given) => {
    const { signal, attempt, deadline } = given;
    return [signal === given.signal, attempt, deadline === given.deadline];
  });

  expect(same).toEqual([true, 1, true]);
});

test("no two calls share a signal that nobody handed in", async () => {
  const bare = pipeline();

  const signals = await Promise.all([1, 2].map(() => bare.run(({ signal }) => signal)));

  expect(signals[0]).not.toBe(signals[1]);
});

/** How many signals are made while `work` runs. */
async function signalsMade(work: () => Promise<unknown>): Promise<number> {
  const Original = globalThis.AbortController;
  let made = 0;
  globalThis.AbortController = class extends Original {
    constructor() {
      super();
      made++;
    }
  };
  try {
    await work();
  } finally {
    globalThis.AbortController = Original;
  }
  return made;
}

test("a signal is made where it is read, once, and nowhere else", async () => {
  const guarded = pipeline(timeout("1m"), retry({ total: "1m" }), breaker("bank"), timeout("1s"));

  const made = [
    await signalsMade(() => guarded.run(() => "done")),
    await signalsMade(() => guarded.run((attempt) => [attempt.signal, attempt.signal])),
  ];

  expect(made).toEqual([0, 1]);
});

test("the work is given the caller's own signal, attempt and deadline", async () => {
  const { signal } = new AbortController();
  const deadline = { remainingMs: () => 5 };

  const seen = await pipeline().run((attempt) => attempt, { signal, attempt: 3, deadline });

  expect([seen.signal === signal, seen.attempt, seen.deadline === deadline]).toEqual([
    true,
    3,
    true,
  ]);
});

test("an abort ends it at once, even if the work takes no notice, and leaves no listener", async () => {
  const caller = new AbortController();
  const running = pipeline().run(never, caller);

  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
  expect(getEventListeners(caller.signal, "abort")).toEqual([]);
});

test("work that fails after the abort is not an unhandled rejection", async () => {
  const caller = new AbortController();
  let fail = (): void => {};
  const running = pipeline().run(
    () => new Promise((_, reject) => (fail = () => reject(new Error("late")))),
    caller,
  );

  caller.abort("stop");
  fail();

  await expect(running).rejects.toBe("stop");
});

test("under an aborted signal the work is not started", async () => {
  let calls = 0;

  const running = pipeline().run(() => calls++, { signal: AbortSignal.abort("no") });

  await expect(running).rejects.toBe("no");
  expect(calls).toBe(0);
});

test("what the work throws at once becomes a rejection, with and without a signal", async () => {
  const failure = new Error("failure");
  const work = (): never => {
    throw failure;
  };
  const { signal } = new AbortController();

  const running = [pipeline().run(work), pipeline().run(work, { signal })];

  expect(await Promise.allSettled(running)).toEqual([
    { status: "rejected", reason: failure },
    { status: "rejected", reason: failure },
  ]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test.for<[message: string, policy: unknown]>([
  ["pipeline[0]: expected an object with run(), received a function", () => {}],
  ["pipeline[0]: expected an object with run(), received null", null],
  ["pipeline[0]: expected a policy, received undefined", undefined],
])("refuses with %s", ([message, policy]) => {
  expect(() => pipeline(policy as Policy)).toThrow(message);
});

test("a policy made out of one of ours is called by its own run", async () => {
  const base = timeout("1s");
  let ran = 0;
  const counted: Policy = {
    ...base,
    run: (work, given) => {
      ran++;
      return base.run(work, given);
    },
  };

  await pipeline(counted).run(() => "done");

  expect(ran).toBe(1);
});

test("T3 a slot is held through somebody's own policy that names the fields of an attempt", async () => {
  const clock = new VirtualClock();
  const inner = retry({ attempts: 1, clock });
  const own = ownPolicy(inner);
  const guarded = pipeline(bulkhead(1, { clock, queue: 10 }), own, timeout("1s", { clock }));
  let running = 0;
  let most = 0;
  const stubborn = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await clock.sleep(10_000);
    running--;
  };

  await clock.settle(() =>
    Promise.allSettled([1, 2, 3].map(() => guarded.run(stubborn).catch(() => {}))),
  );

  expect(most).toBe(1);
});

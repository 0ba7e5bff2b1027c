import { getEventListeners } from "node:events";
import { expect, expectTypeOf, test } from "vitest";
import {
  breaker,
  CircuitOpenError,
  expectOk,
  fallback,
  FAULT_CLASSES,
  faultOf,
  HttpStatusError,
  pipeline,
  retry,
  timeout,
  type EventDetails,
  type FallbackOptions,
  type Fault,
  OptionsError,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const never = (): Promise<never> => new Promise(() => {});

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    (value) => ({ answered: value }),
    (error: unknown) => error,
  );

/** A connection that was cut: it may have had its effect. */
const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

const fails = (error: unknown) => (): never => {
  throw error;
};

const WEAK: Fault = { class: "degraded", code: "EMPTY", effect: "none" };

test("work that succeeds is answered by itself", async () => {
  let asked = 0;

  const answer = await fallback(() => ++asked).run(() => "done");

  expect([answer, asked]).toEqual(["done", 0]);
});

test.for<[name: string, error: unknown]>([
  ["transient", reset()],
  ["degraded", new HttpStatusError({ status: 503 })],
  ["timeout", Object.assign(new Error("too slow"), { code: "ETIMEDOUT" })],
  ["unknown", new Error("who knows")],
  ["thrown text", "no"],
])("a failure is answered by a value: %s", async ([, error]) => {
  expect(await fallback("other").run(fails(error))).toBe("other");
});

test.for<[name: string, error: unknown]>([
  ["a bug", new TypeError("rates is not iterable")],
  ["a bad request", new HttpStatusError({ status: 400 })],
  ["bad credentials", new HttpStatusError({ status: 401 })],
  ["work that was aborted by a signal of its own", AbortSignal.abort().reason],
])("what is fatal is not answered: %s", async ([, error]) => {
  expect(await errorOf(fallback("other").run(fails(error)))).toBe(error);
});

test("a refusal by an open breaker is answered", async () => {
  const circuit = breaker("bank", { failures: 1 });
  const guarded = pipeline(fallback("other", { only: [CircuitOpenError] }), circuit);
  const first = reset();

  const seen = [await errorOf(guarded.run(fails(first))), await guarded.run(() => "never called")];

  expect(seen).toEqual([first, "other"]);
});

const MEANT: readonly [options: FallbackOptions, answered: readonly string[]][] = [
  [{}, ["reset", "503", "open"]],
  [{ classes: ["transient"] }, ["reset", "open"]],
  [{ classes: FAULT_CLASSES }, ["reset", "503", "open", "404", "bug"]],
  [{ only: ["HTTP_503", "HTTP_404"] }, ["503", "404"]],
  [{ only: [HttpStatusError] }, ["503", "404"]],
  [{ only: [HttpStatusError], classes: ["degraded"] }, ["503"]],
  [{ only: [HttpStatusError], except: ["HTTP_404"] }, ["503"]],
  [{ only: [] }, []],
  [{ except: [CircuitOpenError, "ECONNRESET"] }, ["503"]],
  [{ except: [Error] }, []],
  [{ when: (_, { effect }) => effect === "none" }, ["open"]],
  [{ when: (error) => error instanceof HttpStatusError }, ["503"]],
  [{ classify: () => ({ class: "fatal", code: "NO", effect: "none" }) }, []],
];

test.for(MEANT)("with %o it answers %o", async ([options, answered]) => {
  const errors: Record<string, unknown> = {
    reset: reset(),
    503: new HttpStatusError({ status: 503 }),
    open: new CircuitOpenError("bank", 10, undefined),
    404: new HttpStatusError({ status: 404 }),
    bug: new TypeError("x is not a function"),
  };
  const policy = fallback("other", options);

  const ends = await Promise.all(
    Object.entries(errors).map(async ([name, error]): Promise<[string, unknown]> => {
      const end = await errorOf(policy.run(fails(error)));
      return [name, end === error ? "thrown" : end];
    }),
  );

  const expected = Object.keys(errors).map((name) => [
    name,
    answered.includes(name) ? { answered: "other" } : "thrown",
  ]);
  expect(ends).toEqual(expected);
});

test("a function makes the answer from the failure, and may ask elsewhere", async () => {
  const clock = new VirtualClock();
  const error = new HttpStatusError({ status: 503 });
  const seen: unknown[] = [];
  const policy = fallback(async (failed) => {
    seen.push({ ...failed, signal: failed.signal.aborted, leftMs: failed.deadline.remainingMs() });
    await clock.sleep(10);
    return "from the replica";
  });

  const answer = await clock.settle(() =>
    pipeline(timeout("1s", { clock }), policy).run(fails(error), { attempt: 3 }),
  );

  expect(answer).toBe("from the replica");
  expect(seen).toEqual([
    {
      error,
      result: undefined,
      fault: { class: "degraded", code: "HTTP_503", effect: "unknown" },
      attempt: 3,
      deadline: expect.any(Object),
      signal: false,
      leftMs: 1_000,
    },
  ]);
});

test("a result that is not good is replaced, unless it is not meant", async () => {
  const judge = (options: FallbackOptions) => {
    const faultOfResult = (result: unknown) => (result === "" ? WEAK : undefined);
    return fallback(({ result, error, fault }) => ({ result, error, fault }), {
      faultOfResult,
      ...options,
    });
  };

  const answers = [
    await judge({}).run(() => ""),
    await judge({}).run(() => "page"),
    await judge({ except: ["EMPTY"] }).run(() => ""),
    await judge({ when: () => false }).run(() => ""),
  ];

  expect(answers).toEqual([{ result: "", error: undefined, fault: WEAK }, "page", "", ""]);
});

test("a judge of results that answers no fault is found out", async () => {
  const policy = fallback("other", { faultOfResult: (() => true) as never });

  expect(await errorOf(policy.run(() => "page"))).toEqual(
    new OptionsError("fallback.faultOfResult", "expected to give a fault or undefined, gave true"),
  );
});

test("the answer may be null or false, and is handed out as it is", async () => {
  const rates = { EUR: 1 };

  const answers = [
    await fallback(null).run(fails(reset())),
    await fallback(false).run(fails(reset())),
    await fallback(() => undefined).run(fails(reset())),
    (await fallback(rates).run(fails(reset()))) === rates,
  ];

  expect(answers).toEqual([null, false, undefined, true]);
});

test("its type has both answers, also in a pipeline", () => {
  const policy = fallback(() => Promise.resolve(null));

  expectTypeOf(policy.run(() => 1)).toEqualTypeOf<Promise<number | null>>();
  expectTypeOf(pipeline(policy).run(() => 1)).toEqualTypeOf<Promise<number | null>>();
});

test("when the answer fails too, that is thrown, and the work's error is its cause", async () => {
  const error = reset();
  const second = new HttpStatusError({ status: 404 });

  const thrown = await errorOf(fallback(fails(second)).run(fails(error)));

  expect([thrown === second, second.cause === error]).toEqual([true, true]);
  expect(Object.keys(second)).not.toContain("cause");
});

test("the failure of both has the class of the answer's, and the worse effect", async () => {
  const refused = new HttpStatusError({ status: 401 });

  await errorOf(fallback(fails(refused)).run(fails(reset())));
  const open = new CircuitOpenError("bank", 10, undefined);
  const cut = await errorOf(fallback(fails(reset())).run(fails(open)));

  expect([faultOf(refused), faultOf(cut)]).toEqual([
    { class: "fatal", code: "HTTP_401", effect: "unknown" },
    { class: "transient", code: "ECONNRESET", effect: "unknown" },
  ]);
});

test.for<[name: string, thrown: unknown]>([
  ["one with a cause of its own", new Error("no replica", { cause: new Error("moved") })],
  ["one that is frozen", Object.freeze(new Error("no replica"))],
  ["text", "no replica"],
  ["nothing", null],
])("what can bear no cause comes in an AggregateError: %s", async ([, thrown]) => {
  const error = reset();

  const both = await errorOf(fallback(fails(thrown)).run(fails(error)));

  expect(both).toBeInstanceOf(AggregateError);
  expect((both as AggregateError).errors).toEqual([thrown, error]);
  expect((both as AggregateError).message).toBe(
    "The work failed, and so did its fallback; both are in errors",
  );
  expect(faultOf(both)).toMatchObject({ class: "unknown", effect: "unknown" });
});

test("an answer that throws the failure on, or already has it as its cause, is thrown as it is", async () => {
  const error = reset();
  const policy = fallback(({ error: cause }) => Promise.reject(cause));
  const wrapping = fallback(({ error: cause }) => fails(new Error("no replica", { cause }))());

  const thrown = [
    await errorOf(policy.run(fails(error))),
    await errorOf(wrapping.run(fails(error))),
  ];

  expect(thrown).toEqual([error, new Error("no replica", { cause: error })]);
  expect([Object.hasOwn(error, "cause"), thrown[1]]).toEqual([false, expect.any(Error)]);
  expect(thrown[1]).not.toBeInstanceOf(AggregateError);
});

test("where a result was not good, the answer's failure is thrown as it is", async () => {
  const second = new Error("no replica");
  const policy = fallback(fails(second), { faultOfResult: () => WEAK });

  const thrown = await errorOf(policy.run(() => ""));

  expect([thrown === second, Object.hasOwn(second, "cause")]).toEqual([true, false]);
});

test("a when that throws hides no failure", async () => {
  const error = reset();
  const mistake = new Error("no such field");

  const thrown = await errorOf(fallback("x", { when: fails(mistake) }).run(fails(error)));
  const same = await errorOf(fallback("x", { when: (e) => fails(e)() }).run(fails(error)));
  const alone = await errorOf(
    fallback("x", { when: fails(mistake), faultOfResult: () => WEAK }).run(() => ""),
  );

  expect(thrown).toEqual(
    new AggregateError(
      [mistake, error],
      'The when of "fallback" threw when it was asked about a failure; both are in errors',
    ),
  );
  expect([same, alone]).toEqual([error, mistake]);
});

test("several in a row nest: the next outside answers what the one inside could not", async () => {
  const error = reset();
  const replica = new HttpStatusError({ status: 503 });
  const guarded = pipeline(
    fallback(({ error: last }) => ["default", last], { name: "default" }),
    fallback(fails(replica), { name: "replica" }),
    retry({ attempts: 1 }),
  );

  const answer = await guarded.run<unknown>(fails(error));

  expect([answer, replica.cause === error]).toEqual([["default", replica], true]);
});

test("it tells what it answered in place of", async () => {
  const events: EventDetails[] = [];
  const error = reset();
  const on = (event: EventDetails): void => void events.push(event);
  const policy = fallback("other", {
    name: "rates",
    on,
    faultOfResult: (r) => (r ? undefined : WEAK),
  });

  await policy.run(fails(error));
  await policy.run(() => "");
  await policy.run(() => "good");
  await errorOf(policy.run(fails(new TypeError("a bug"))));
  await errorOf(fallback(fails(reset()), { on }).run(fails(reset())));

  expect(events).toEqual([
    {
      type: "fallback.used",
      policy: "rates",
      fault: { class: "transient", code: "ECONNRESET", effect: "unknown" },
      error,
    },
    { type: "fallback.used", policy: "rates", fault: WEAK },
  ]);
});

test("R8 a caller's abort is not answered, whatever the work then throws", async () => {
  const caller = new AbortController();
  let asked = 0;
  const policy = fallback(() => ++asked, { classes: FAULT_CLASSES, when: () => ++asked > 0 });

  const hanging = errorOf(policy.run(never, caller));
  const failing = errorOf(
    policy.run(() => {
      caller.abort("stop");
      throw reset();
    }, caller),
  );
  const late = errorOf(policy.run(() => "never called", caller));

  expect(await Promise.all([hanging, failing, late])).toEqual(["stop", "stop", "stop"]);
  expect(asked).toBe(0);
});

test("R8 an abort while the answer is made ends the call at once, with the reason as it is", async () => {
  const caller = new AbortController();
  const reason = new Error("stop");
  let signal: AbortSignal | undefined;
  const running = errorOf(
    fallback((failed) => {
      ({ signal } = failed);
      return never();
    }).run(fails(reset()), caller),
  );

  await Promise.resolve();
  await Promise.resolve();
  caller.abort(reason);

  expect([await running, reason.cause, signal?.reason]).toEqual([reason, undefined, reason]);
});

test("T1 a limit inside is answered, a limit outside is not", async () => {
  const clock = new VirtualClock();
  const limit = timeout("1s", { clock });

  const ends = await clock.settle(() =>
    Promise.all([
      pipeline(fallback("other"), limit).run<string>(never),
      errorOf(pipeline(limit, fallback("other")).run(never)),
    ]),
  );

  expect(ends).toEqual(["other", expect.objectContaining({ code: "TIMED_OUT" })]);
});

test.for<[name: string, options: unknown, message: string]>([
  ["class", { classes: ["broken"] }, 'fallback.classes[0]: expected "transient", "degraded"'],
  ["hole", { classes: [undefined] }, "fallback.classes[0]: expected a class of faults"],
  [
    "code",
    { only: [""] },
    `fallback.only[0]: expected a fault's code, its class or a class of errors, received ""`,
  ],
  [
    "arrow",
    { except: [() => true] },
    "fallback.except[0]: expected a fault's code, its class or a class of errors",
  ],
  [
    "number",
    { only: [404] },
    "fallback.only[0]: expected a fault's code, its class or a class of errors, received 404",
  ],
  ["typo", { handle: [] }, "fallback.handle: unknown; known are name, classes, only"],
  ["when", { when: "always" }, "fallback.when: expected a function"],
  ["judge", { faultOfResult: 1 }, "fallback.faultOfResult: expected a function"],
  ["name", { name: "" }, "fallback.name: expected text that is not empty"],
])("refuses a wrong %s", ([, options, message]) => {
  expect(() => fallback("other", options as FallbackOptions)).toThrow(message);
});

test("refuses to answer nothing", () => {
  expect(() => fallback(undefined)).toThrow(
    "fallback.answer: expected a value, or a function that gives one",
  );
});

test("it is a frozen policy with a name", async () => {
  const policy = fallback("other", { name: "rates" });

  expect([policy.name, Object.isFrozen(policy)]).toEqual(["rates", true]);
  expect(fallback("other").name).toBe("fallback");
});

test("T2 nobody listens after an answer, a failure or an abort", async () => {
  const caller = new AbortController();
  const [other, failing] = [fallback(async () => "other"), fallback(fails(reset()))];

  await other.run(fails(reset()), caller);
  await errorOf(failing.run(fails(reset()), caller));
  const hanging = errorOf(fallback(never).run(fails(reset()), caller));
  caller.abort("stop");

  expect([await hanging, getEventListeners(caller.signal, "abort")]).toEqual(["stop", []]);
});

test("R9 any number of calls may go through one at once", async () => {
  const policy = fallback(({ attempt }) => -attempt);

  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      policy.run(() => (index % 2 === 0 ? index : expectOk({ status: 500 })), { attempt: index }),
    ),
  );

  expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? i : -i)));
});

import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { faultOf, pipeline, retry, timeout } from "../index.ts";
import {
  answers,
  does,
  fails,
  hangs,
  scripted,
  VirtualClock,
  type Outcome,
  type ScriptedOptions,
} from "./index.ts";

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => "no error",
    (error: unknown) => error,
  );

test("it plays its script under policies, one outcome for each call, and notes each", async () => {
  const clock = new VirtualClock();
  const bank = scripted([fails(503, { retryAfter: "2s" }), hangs(), answers(12, { after: "1s" })], {
    clock,
  });
  const guarded = pipeline(retry({ random: () => 0, clock }), timeout("5s", { clock }));

  const balance = await clock.settle(() => guarded.run(bank));

  bank.expectUsedUp();
  expect([balance, bank.left, bank.running]).toEqual([12, 0, 0]);
  expect(bank.calls).toEqual([
    { attempt: 1, startedAtMs: 0, endedAtMs: 0, end: "failed", wasAborted: false },
    { attempt: 2, startedAtMs: 2_000, endedAtMs: 7_000, end: "failed", wasAborted: true },
    { attempt: 3, startedAtMs: 7_000, endedAtMs: 8_000, end: "answered", wasAborted: false },
  ]);
});

test.for<[failure: unknown, options: object, fault: object]>([
  [503, {}, { class: "degraded", code: "HTTP_503" }],
  [429, { retryAfter: 250 }, { code: "HTTP_429", retryAfterMs: 250 }],
  ["ECONNRESET", {}, { class: "transient", code: "ECONNRESET" }],
])(
  "what fails with %o is classified as what a client throws",
  async ([failure, options, fault]) => {
    const error = await errorOf(scripted([fails(failure, options)])());

    expect(faultOf(error)).toMatchObject(fault);
  },
);

test("what is handed in is thrown, the same object; errors for codes and statuses are new ones", async () => {
  const mine = new Error("mine");
  const bank = scripted([
    fails(mine, { times: 2 }),
    fails("EPIPE", { times: 2 }),
    fails(500, { times: 2 }),
  ]);

  const thrown = await Promise.all([1, 2, 3, 4, 5, 6].map(() => errorOf(bank())));

  expect([thrown[0] === mine, thrown[1] === mine, new Set(thrown).size]).toEqual([true, true, 5]);
});

test("does calls the function with the attempt, after its time", async () => {
  const clock = new VirtualClock();
  const bank = scripted(
    [does(({ attempt }) => `attempt ${attempt} at ${clock.elapsed()}`, { after: 5 })],
    {
      clock,
    },
  );

  expect(await clock.settle(() => bank({ attempt: 7 }))).toBe("attempt 7 at 5");
});

test.for<[ends: string, outcome: Outcome<string>]>([
  ["takes its time", answers("done", { after: "1h" })],
  ["hangs", hangs()],
  ["does something", does(() => new Promise<string>(() => {}))],
])("an abort ends a call that %s at once, and leaves nothing", async ([, outcome]) => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const bank = scripted([outcome], { clock });
  const running = errorOf(bank(caller));

  const during = bank.calls;
  caller.abort("stop");

  expect(await running).toBe("stop");
  expect(during[0]).toMatchObject({ end: "under way", endedAtMs: undefined, wasAborted: false });
  expect(bank.calls[0]).toMatchObject({ end: "failed", endedAtMs: 0, wasAborted: true });
  expect([clock.pending, getEventListeners(caller.signal, "abort").length]).toEqual([0, 0]);
});

test("calls that end by themselves leave no listener", async () => {
  const { signal } = new AbortController();
  const bank = scripted([answers("done"), fails(503)]);

  const ends = [await errorOf(bank({ signal })), await errorOf(bank({ signal }))];

  expect(ends).toEqual(["no error", expect.objectContaining({ status: 503 })]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a call whose signal aborted before does not begin to take its time", async () => {
  const clock = new VirtualClock();
  let done = 0;
  const bank = scripted<unknown>(
    [answers(1), hangs(), answers(3, { mindsAbort: false }), does(() => done++)],
    { clock },
  );
  const aborted = { signal: AbortSignal.abort("stop") };

  const ends = await Promise.all([1, 2, 3, 4].map(() => errorOf(bank(aborted))));

  expect([ends, done]).toEqual([["stop", "stop", "no error", "stop"], 0]);
});

test("a call that does not mind an abort goes on, and its record does not hear of later ones", async () => {
  const clock = new VirtualClock();
  const [first, second] = [new AbortController(), new AbortController()];
  const stubborn = { after: "1s", mindsAbort: false } as const;
  const bank = scripted(
    [answers("a", stubborn), answers("b", stubborn), hangs({ mindsAbort: false })],
    {
      clock,
    },
  );
  const calls = [bank(first), bank(second)];
  void bank(first);

  first.abort();
  const values = await clock.settle(() => Promise.all(calls));
  second.abort();

  expect(values).toEqual(["a", "b"]);
  expect(bank.calls.map(({ end, wasAborted }) => [end, wasAborted])).toEqual([
    ["answered", true],
    ["answered", false],
    ["under way", true],
  ]);
});

test("it tells how many calls are under way, and how many were at most", async () => {
  const clock = new VirtualClock();
  const bank = scripted([answers(1, { after: 10, times: 3 }), fails(500)], { clock });
  const calls = [bank(), bank(), bank()];
  const running = bank.running;

  await clock.settle(() => Promise.all(calls));
  await errorOf(bank());

  expect([running, bank.running, bank.mostRunning]).toEqual([3, 0, 3]);
});

test("a call that the script does not have fails, unless otherwise says how it ends", async () => {
  const short = scripted([answers(1)], { name: "bank" });
  const open = scripted([], { otherwise: answers(2) });

  await short();
  const error = await errorOf(short());
  const value = await open();

  const message = '"bank" was called more often than its script says (calls: 2, outcomes: 1)';
  expect([error, value]).toEqual([new Error(message), 2]);
  expect(() => short.expectUsedUp()).toThrow(
    expect.objectContaining({ name: "AssertionError", message }),
  );
  expect(() => open.expectUsedUp()).not.toThrow();
});

test("it says which outcomes nobody called for", async () => {
  const bank = scripted([
    answers(1),
    fails(503),
    fails("ECONNRESET"),
    fails(new TypeError("x")),
    hangs(),
    does(() => 2),
  ]);
  await bank();

  expect(bank.left).toBe(5);
  expect(() => bank.expectUsedUp()).toThrow(
    '"dependency" has outcomes that nobody called for: ' +
      "fails with 503, fails with ECONNRESET, fails with a TypeError, hangs, does something",
  );
});

test("the list of calls is a copy", async () => {
  const bank = scripted([answers(1)]);

  (bank.calls as unknown[]).push("mine");
  await bank();

  expect(bank.calls).toHaveLength(1);
});

test.for<[make: () => unknown, message: string]>([
  [() => fails(200), "fails: expected a status from 400 to 599, received 200"],
  [() => fails(600), "received 600"],
  [() => fails(499.5), "received 499.5"],
  [() => fails("EPIPE", { retryAfter: 1 }), "fails.retryAfter: only an HTTP status comes with one"],
  [() => answers(1, { times: 0 }), "answers.times: expected an integer >= 1"],
  [() => does(() => 1, { after: "2 s" } as object), "does.after: expected a duration"],
  [() => hangs({ after: 1 } as object), "hangs.after: unknown; known are mindsAbort, times"],
  [
    () => scripted([503] as never),
    "scripted[0]: expected an outcome, made by answers, fails, hangs or does, received 503",
  ],
  [() => scripted(answers(1) as never), "scripted: expected an array, received an object"],
  [() => scripted(undefined as never), "scripted: expected a list of outcomes, received undefined"],
  [() => scripted([null] as never), "scripted[0]: expected an outcome"],
  [
    () => scripted([], { otherwise: 1 } as object as ScriptedOptions),
    "scripted.otherwise: expected an outcome",
  ],
  [
    () => scripted([], { clock: {} } as object as ScriptedOptions),
    "scripted.clock: expected an object",
  ],
])("a mistake in a script is told where it is written (%#)", ([make, message]) => {
  expect(make).toThrow(message);
});

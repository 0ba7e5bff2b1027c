import { expect, test } from "vitest";
import {
  aimd,
  constant,
  exponential,
  faultOf,
  OptionsError,
  partsOf,
  pipelineFrom,
  retryBudget,
  type BackoffInput,
  type EventDetails,
  type PipelineParts,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });

const optionsOf = (data: unknown, parts?: PipelineParts) =>
  partsOf(pipelineFrom(data, parts)).map(({ options }) => options);

test("a pipeline is made of plain data, as a file holds it", async () => {
  const clock = new VirtualClock();
  const file = `[
    { "retry": { "attempts": 5, "backoff": ["200ms", "1s"], "only": ["degraded"] } },
    { "breaker": { "name": "bank", "failures": 7, "pause": "10s" } },
    { "timeout": { "limit": "2s" } }
  ]`;

  const bank = pipelineFrom(JSON.parse(file), { clock });
  const attempts = await clock.settle(() =>
    bank.run(({ attempt }) => {
      if (attempt < 4) throw down();
      return attempt;
    }),
  );

  expect({ attempts, sleeps: clock.sleeps }).toEqual({ attempts: 4, sleeps: [200, 1_000, 1_000] });
  expect(partsOf(bank)).toMatchObject([
    { kind: "retry", name: "retry", options: { attempts: 5, only: ["degraded"], clock } },
    { kind: "breaker", name: "bank", options: { failures: 7, pause: 10_000, clock } },
    { kind: "timeout", name: "timeout", options: { limit: 2_000, clock } },
  ]);
});

test("every policy that is not by key can be told so", () => {
  const fault = { class: "degraded", code: "DOWN", effect: "none" };

  const parts = partsOf(
    pipelineFrom([
      { fallback: { answer: null, only: ["DOWN"] } },
      { measured: { name: "bank" } },
      { retry: {} },
      { hedge: { delay: { quantile: 0.9 } } },
      { gate: { wait: "10s" } },
      { rateLimit: { calls: 10, per: "1m" } },
      { bulkhead: { limit: 3 } },
      { adaptiveLimit: { rule: { gradient: { tolerance: 2 } } } },
      { throttle: { ratio: 1.5 } },
      { breaker: { name: "bank", window: { time: "10s" } } },
      { timeout: { limit: "2s", mode: "cooperative" } },
      { chaos: { rate: 0.1, faults: [fault] } },
    ]),
  );

  expect(parts.map(({ kind, name, options }) => ({ kind, name, ...options }))).toMatchObject([
    { kind: "fallback", answer: null, only: ["DOWN"] },
    { kind: "measured", name: "bank" },
    { kind: "retry", attempts: 4 },
    { kind: "hedge", delay: { quantile: 0.9 } },
    { kind: "gate", wait: 10_000 },
    { kind: "rateLimit", calls: 10, per: 60_000 },
    { kind: "bulkhead", limit: 3 },
    { kind: "adaptiveLimit", max: 200 },
    { kind: "throttle", ratio: 1.5 },
    { kind: "breaker", name: "bank", window: { time: 10_000 } },
    { kind: "timeout", limit: 2_000, mode: "cooperative" },
    { kind: "chaos", rate: 0.1, faults: [fault] },
  ]);
});

const waitsOf = (backoff: unknown): number[] =>
  [1, 2, 3, 4].map((retry) =>
    (backoff as (failed: BackoffInput) => number)({ retry, random: () => 1, previousMs: 0 }),
  );

test.for<[backoff: unknown, waits: number[]]>([
  [{ exponential: "1s", max: "3s", jitter: "none" }, [1_000, 2_000, 3_000, 3_000]],
  [{ exponential: "1s", factor: 3, jitter: "full" }, [1_000, 3_000, 9_000, 27_000]],
  [{ linear: "1s", step: "2s" }, [1_000, 3_000, 5_000, 7_000]],
  [{ fibonacci: "1s" }, [1_000, 1_000, 2_000, 3_000]],
  [{ constant: "1s", jitter: "10%" }, [1_100, 1_100, 1_100, 1_100]],
  [{ decorrelated: "1s" }, [3_000, 3_000, 3_000, 3_000]],
  [
    ["1s", "2s"],
    [1_000, 2_000, 2_000, 2_000],
  ],
])("the backoff %j waits so long", ([backoff, waits]) => {
  const [retry, breaker] = optionsOf([
    { retry: { backoff } },
    { breaker: { name: "bank", pause: backoff } },
  ]);

  expect([waitsOf(retry?.["backoff"]), waitsOf(breaker?.["pause"])]).toEqual([waits, waits]);
});

test("what no data can hold is handed to every policy that knows it", () => {
  const parts = {
    clock: new VirtualClock(),
    random: () => 0,
    on: () => {},
    faultOfResult: () => undefined,
    budget: retryBudget(),
  };
  const { clock, random, on, budget } = parts;

  const told = optionsOf(
    [
      { fallback: { answer: 1 } },
      { measured: {} },
      { retry: {} },
      { hedge: { delay: 5 } },
      { gate: {} },
      { rateLimit: { calls: 1 } },
      { bulkhead: { limit: 1 } },
      { adaptiveLimit: {} },
      { throttle: {} },
      { breaker: { name: "a" } },
      { timeout: { limit: 5 } },
      { chaos: { rate: 1, latency: 5 } },
    ],
    { ...parts, classify: faultOf },
  );

  const shared = told.map((options) =>
    ["clock", "random", "on", "budget", "classify", "faultOfResult"].filter(
      (name) => name in options,
    ),
  );
  expect(shared).toEqual([
    ["on", "classify", "faultOfResult"],
    ["clock", "on", "classify"],
    ["clock", "random", "on", "budget", "classify", "faultOfResult"],
    ["clock", "on", "budget", "classify", "faultOfResult"],
    ["clock", "on", "classify"],
    ["clock", "on", "classify"],
    ["clock", "on"],
    ["clock", "on", "classify"],
    ["clock", "random", "on", "classify"],
    ["clock", "random", "on", "classify", "faultOfResult"],
    ["clock", "on"],
    ["clock", "random", "on"],
  ]);
  expect(told[2]).toMatchObject({ clock, random, on, budget });
  expect(told.slice(1).every((options) => options["clock"] === clock)).toBe(true);
});

test("a classifier that is handed in is asked", async () => {
  const told: EventDetails[] = [];
  const fault = { class: "fatal", code: "OURS", effect: "none" } as const;
  const bank = pipelineFrom([{ retry: {} }], {
    classify: () => fault,
    on: (event) => told.push(event),
  });

  await bank.run(() => Promise.reject(down())).catch(() => {});

  expect(told).toMatchObject([
    { fault },
    { type: "retry.stopped", reason: "class is not retried" },
  ]);
});

test("defaults of a kind fill in what the data leaves out", () => {
  const when = (): boolean => false;
  const rule = aimd();
  const backoff = constant("1s");
  const defaults = { retry: { attempts: 9, total: "1m", when, backoff }, adaptiveLimit: { rule } };

  const [retry, limit, timeout] = optionsOf(
    [{ retry: { attempts: 2 } }, { adaptiveLimit: {} }, { timeout: { limit: 5 } }],
    { defaults } as PipelineParts,
  );

  expect(retry).toMatchObject({ attempts: 2, total: 60_000, when, backoff });
  expect([limit?.["rule"], timeout?.["limit"]]).toEqual([rule, 5]);
});

test("a default of a kind goes before a part for all", () => {
  const clock = new VirtualClock();
  const defaults = { retry: { clock } };

  const [retry] = optionsOf([{ retry: {} }], { clock: new VirtualClock(), defaults });

  expect(retry?.["clock"]).toBe(clock);
});

test("what is undefined is left out, and leaves what goes before it", () => {
  const clock = new VirtualClock();
  const defaults = { retry: { clock: undefined, attempts: 2 } };

  const [retry] = optionsOf([{ retry: { attempts: undefined } }], { clock, defaults });

  expect(retry).toMatchObject({ clock, attempts: 2 });
});

test("what is meant to stand where it does is said beside it", () => {
  const wrong = [{ retry: {} }, { fallback: { answer: 1 } }];
  const meant = [{ retry: {} }, { fallback: { answer: 1 }, intended: true }];

  expect(() => pipelineFrom(wrong)).toThrow("a retry outside of a fallback sees the stand-in");
  expect(partsOf(pipelineFrom(meant)).map(({ kind }) => kind)).toEqual(["retry", "fallback"]);
});

test("JSON has a number that is read as without end", () => {
  expect(optionsOf(JSON.parse('[{ "retry": { "attempts": 1e999 } }]'))).toMatchObject([
    { attempts: Infinity },
  ]);
});

test("no policies make a pipeline that runs the work as it is", async () => {
  expect(await pipelineFrom([]).run(() => 1)).toBe(1);
});

const breaker = { breaker: { name: "bank" } };

test.for<[message: string, data: unknown]>([
  ["pipeline: expected an array of policies, received undefined", undefined],
  ["pipeline: expected an array, received an object", { retry: {} }],
  ["pipeline[0]: expected an object with options, received null", [null]],
  ['pipeline[0]: expected an object with options, received "retry"', ["retry"]],
  ["pipeline[0]: expected one policy, such as { retry: {} }, received none", [{}]],
  [
    "pipeline[1]: expected one policy, such as { retry: {} }, received breaker and retry",
    [breaker, { retry: {}, ...breaker }],
  ],
  ["pipeline[0].cache: unknown; known are adaptiveLimit, breaker, bulkhead, ", [{ cache: {} }]],
  ["pipeline[0].__proto__: unknown", JSON.parse('[{ "__proto__": {} }]')],
  ["pipeline[0].retry: expected an object, received null", [{ retry: null }]],
  ['pipeline[0].timeout: expected an object, received "2s"', [{ timeout: "2s" }]],
  ["pipeline[0].timeout.limit: expected a duration, received undefined", [{ timeout: {} }]],
  ["pipeline[0].retry.__proto__: unknown", JSON.parse('[{ "retry": { "__proto__": {} } }]')],
  ["pipeline[0].retry.retries: unknown; known are name, attempts, ", [{ retry: { retries: 3 } }]],
  [
    'pipeline[1].breaker.failures: expected an integer >= 1, received "3"',
    [{ retry: {} }, { breaker: { name: "bank", failures: "3" } }],
  ],
  ["pipeline[0].breaker.name: expected a name, received undefined", [{ breaker: {} }]],
  [
    "pipeline[0].breaker.window.calls: expected an integer >= 1 and <= 10000, received 0",
    [{ breaker: { name: "bank", window: { calls: 0 } } }],
  ],
  [
    "pipeline[0].retry.backoff: expected one of constant, decorrelated, exponential, fibonacci, linear, received an object",
    [{ retry: { backoff: { growing: "1s" } } }],
  ],
  [
    "pipeline[0].retry.backoff: expected one of constant, decorrelated, exponential, fibonacci, linear, received constant and linear",
    [{ retry: { backoff: { linear: "1s", constant: "1s" } } }],
  ],
  [
    "pipeline[0].retry.backoff.exponential.max: 1000 ms is below the first wait of 2000 ms",
    [{ retry: { backoff: { exponential: "2s", max: "1s" } } }],
  ],
  [
    'pipeline[0].retry.backoff.linear.first: expected a duration such as "250ms", "2s" or "1m30s", received "soon"',
    [{ retry: { backoff: { linear: "soon" } } }],
  ],
  [
    "pipeline[0].retry.backoff: expected a function or a list of durations, received 5",
    [{ retry: { backoff: 5 } }],
  ],
  [
    "pipeline[0].breaker.pause.linear.jitter: expected",
    [{ breaker: { name: "a", pause: { linear: 5, jitter: 5 } } }],
  ],
  [
    "pipeline[0].adaptiveLimit.rule.aimd.decrease: expected a number from 0.1 to 0.99, received 2",
    [{ adaptiveLimit: { rule: { aimd: { decrease: 2 } } } }],
  ],
  [
    "pipeline[0].adaptiveLimit.rule.max: unknown beside aimd",
    [{ adaptiveLimit: { rule: { aimd: {}, max: 2 } } }],
  ],
  [
    "pipeline[0].adaptiveLimit.rule: expected an object with first(), next(), received",
    [{ adaptiveLimit: { rule: "aimd" } }],
  ],
  ["pipeline[0].intended: expected true or false, received 1", [{ retry: {}, intended: 1 }]],
])("refuses with %s", ([message, data]) => {
  expect(() => pipelineFrom(data)).toThrow(OptionsError);
  expect(() => pipelineFrom(data)).toThrow(message);
});

test.for<[message: string, parts: object]>([
  ["pipelineFrom.time: unknown; known are clock, random, on, ", { time: 1 }],
  ["pipelineFrom.defaults.cache: unknown", { defaults: { cache: {} } }],
  ["pipelineFrom.defaults.retry: expected an object, received 1", { defaults: { retry: 1 } }],
  ["pipeline[0].retry.clock: expected an object with now()", { clock: 1 }],
  ["pipeline[0].retry.tries: unknown", { defaults: { retry: { tries: 1 } } }],
])("refuses parts with %s", ([message, parts]) => {
  expect(() => pipelineFrom([{ retry: {} }], parts)).toThrow(message);
});

test("what data throws while it is read comes through as it is", () => {
  const window = {
    get calls(): number {
      throw new RangeError("mine");
    },
  };

  expect(() => pipelineFrom([{ breaker: { name: "bank", window } }])).toThrow(RangeError);
});

test("backoffs in code stay what they are", () => {
  const backoff = exponential("1s");

  expect(optionsOf([{ retry: { backoff } }])).toMatchObject([{ backoff }]);
});

import { inspect } from "node:util";
import { expect, test } from "vitest";
import {
  adaptiveLimit,
  aimd,
  breaker,
  breakers,
  bulkhead,
  cache,
  chaos,
  coalesce,
  exponential,
  faultOf,
  fallback,
  gate,
  hedge,
  intended,
  measured,
  OptionsError,
  partsOf,
  pipeline,
  rateLimit,
  REACTIONS,
  retry,
  systemClock,
  throttle,
  timeout,
  type Policy,
} from "../index.ts";

const anything: unknown = expect.any(Function);

/** What is the same in nearly all of them. */
const SHARED = { classify: faultOf, clock: systemClock };

test("a pipeline tells its parts, the outermost first, with all that they were told", () => {
  const backoff = exponential("200ms");
  const inner = pipeline(breaker("bank"), timeout("2s", { name: "each" }));

  const parts = partsOf(pipeline(retry({ attempts: 5, backoff }), inner));

  expect(parts).toEqual([
    {
      kind: "retry",
      name: "retry",
      options: {
        ...SHARED,
        attempts: 5,
        backoff,
        expects: 0,
        maxRetryAfter: 300_000,
        nested: "shared",
        random: anything,
        reactions: REACTIONS,
        repeatable: true,
        total: Infinity,
        uncounted: [],
        when: anything,
      },
    },
    {
      kind: "breaker",
      name: "bank",
      options: {
        ...SHARED,
        failures: 5,
        pause: 30_000,
        probeFailures: 1,
        probes: 1,
        probeTimeout: 30_000,
        random: anything,
        reactions: REACTIONS,
        successes: 1,
        warmUp: 0,
      },
    },
    {
      kind: "timeout",
      name: "each",
      options: { clock: systemClock, limit: 2_000, mode: "abandoning" },
    },
  ]);
});

const limitOf = (): number => 5;
const ttl = (): number => 7;
const rate = (): number => 0.5;
const rule = aimd();
const fault = { class: "degraded", code: "DOWN", effect: "none" } as const;
const waiting = { order: "oldest first", queue: 100, queueTimeout: 300_000 };
const line = { order: "oldest first", queue: 1_000 };
const lasting = { max: 1_000, staleIfError: 0, staleWhileRevalidate: 0, when: anything };
const hedging = {
  losers: "abandoned",
  attempts: 2,
  reactions: REACTIONS,
  repeatable: true,
  when: anything,
  ...SHARED,
};

test.for<[kind: string, make: () => Policy<unknown>, options: object, name?: string]>([
  ["timeout", () => timeout(limitOf), { limit: limitOf, mode: "abandoning", clock: systemClock }],
  ["bulkhead", () => bulkhead(3), { limit: 3, ...waiting, clock: systemClock }],
  ["bulkhead", () => bulkhead(3).at(1), { limit: 3, ...waiting, clock: systemClock }],
  [
    "adaptiveLimit",
    () => adaptiveLimit({ rule, max: 7 }),
    { rule, min: 1, max: 7, initial: 7, when: anything, ...waiting, ...SHARED },
    "adaptive limit",
  ],
  [
    "rateLimit",
    () => rateLimit(9, { per: "1m", burst: 2 }),
    { calls: 9, per: 60_000, burst: 2, wait: 30_000, ...line, ...SHARED },
    "rate limit",
  ],
  [
    "rateLimit",
    () => rateLimit(9).with({ permits: 2, wait: 0 }),
    { calls: 9, per: 1_000, permits: 2, wait: 0, ...line, ...SHARED },
    "rate limit",
  ],
  [
    "throttle",
    () => throttle(),
    {
      window: 30_000,
      ratio: 2,
      slack: 100,
      maxRejection: 0.9,
      when: anything,
      random: anything,
      ...SHARED,
    },
  ],
  [
    "gate",
    () => gate(),
    { max: 300_000, wait: 30_000, queue: 1_000, probeTimeout: 5_000, ...SHARED },
  ],
  ["hedge", () => hedge("200ms"), { delay: 200, ...hedging }],
  ["hedge", () => hedge(limitOf), { delay: limitOf, ...hedging }],
  [
    "hedge",
    () => hedge({ min: "20ms" }),
    {
      delay: { quantile: 0.95, initial: Infinity, min: 20, window: 200, minSamples: 20 },
      ...hedging,
    },
  ],
  [
    "fallback",
    () => fallback(null, { only: ["DOWN"] }),
    { answer: null, only: ["DOWN"], when: anything, classify: faultOf },
  ],
  [
    "cache",
    () => cache({ ttl: "1m" }).for("a"),
    { ttl: 60_000, errorTtl: 0, ...lasting, ...SHARED },
  ],
  [
    "cache",
    () => cache({ ttl, errorTtl: ttl }).for("a"),
    { ttl, errorTtl: ttl, ...lasting, ...SHARED },
  ],
  ["coalesce", () => coalesce().for("a"), { joinWithin: Infinity, clock: systemClock }],
  ["measured", () => measured(), SHARED],
  [
    "chaos",
    () => chaos({ rate: 0.1, faults: [fault], latency: "3s" }),
    {
      rate: 0.1,
      faults: [fault],
      results: [],
      latency: 3_000,
      enabled: true,
      when: anything,
      clock: systemClock,
      random: anything,
    },
  ],
  [
    "breaker",
    () => breaker("bank", { window: { time: "10s", failures: 3 }, pause: "1s" }),
    {
      pause: 1_000,
      probeFailures: 1,
      probes: 1,
      probeTimeout: 30_000,
      random: anything,
      reactions: REACTIONS,
      successes: 1,
      warmUp: 0,
      window: {
        time: 10_000,
        buckets: 10,
        failures: 3,
        minimum: 10,
        rate: undefined,
        slow: Infinity,
        slowRate: 1,
      },
      ...SHARED,
    },
    "bank",
  ],
])("a %s tells its own options, and what stands before them", ([kind, make, options, name]) => {
  expect(partsOf(make())).toEqual([{ kind, name: name ?? kind, options }]);
});

test("what is the same for every call is told so, and what is a function as one", () => {
  const latency = (): number => 5;
  const [part] = partsOf(chaos({ rate, latency, enabled: () => false, disturb: () => {} }));
  const [window] = partsOf(breaker("a", { window: { calls: 5 } }));

  expect(part?.options).toMatchObject({ rate, latency, enabled: anything, disturb: anything });
  expect(window?.options["window"]).toMatchObject({ calls: 5, minimum: 5, rate: 0.5 });
});

test("breakers by key are told by their whole name", () => {
  const host = breakers("host", { failures: 2 }).for("api.example");

  expect(partsOf(host)).toMatchObject([
    { kind: "breaker", name: "host/api.example", options: { failures: 2 } },
  ]);
});

test("a policy of one's own is foreign, and what is intended is what it is", () => {
  const own: Policy = { name: "own", run: (work) => retry().run(work) };

  const parts = partsOf(pipeline(own, retry(), intended(fallback("nobody")), measured()));

  expect(parts.map(({ kind, name }) => [kind, name])).toEqual([
    ["foreign", "own"],
    ["retry", "retry"],
    ["fallback", "fallback"],
    ["measured", "measured"],
  ]);
  expect(partsOf(own)).toEqual([{ kind: "foreign", name: "own", options: {} }]);
  expect(partsOf(pipeline())).toEqual([]);
});

test("what is told is frozen, and made anew each time", () => {
  const policy = pipeline(hedge({ min: 5 }), breaker("a", { window: { calls: 5 } }));
  const parts = partsOf(policy);
  const told = parts.flatMap((part) => [
    part,
    part.options,
    part.options["delay"] ?? part.options["window"],
  ]);

  expect([parts, ...told].map(Object.isFrozen)).toEqual(Array(7).fill(true));
  expect(partsOf(policy)[0]?.options).not.toBe(parts[0]?.options);
});

test("what is printed of a policy has no page of options", () => {
  const printed = [retry(), timeout("2s"), pipeline(retry()), breaker("a")].map((policy) =>
    inspect(policy),
  );

  expect(printed.filter((text) => /repeatable|clock|probes/.test(text))).toEqual([]);
  expect(JSON.stringify(pipeline(retry()))).toBe('{"name":"pipeline"}');
});

test("one measured may stand at two places of a pipeline", () => {
  const both = measured();

  expect(partsOf(pipeline(both, retry(), both)).map(({ kind }) => kind)).toEqual([
    "measured",
    "retry",
    "measured",
  ]);
});

test("refuses what is no policy", () => {
  expect(() => partsOf({} as Policy)).toThrow(OptionsError);
  expect(() => partsOf({} as Policy)).toThrow("partsOf.policy: expected an object with run()");
});

import { expect, test } from "vitest";
import {
  breaker,
  constant,
  measured,
  OptionsError,
  pipeline,
  redactor,
  retry,
  secret,
  type EventDetails,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { metrics, METRICS_CONTENT_TYPE, type Metrics } from "./index.ts";

const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

/** A measured retry around work that takes 100 ms, and fails so often before. */
function play() {
  const clock = new VirtualClock();
  const policy = pipeline(
    measured({ name: "bank", clock }),
    retry({ name: "bank", clock, attempts: 2, backoff: constant("1s", { jitter: "none" }) }),
  );
  const call = (failures: number) =>
    clock
      .settle(() =>
        policy.run(async ({ attempt }) => {
          await clock.sleep(100);
          if (attempt <= failures) throw reset();
        }),
      )
      .catch(() => {});
  return { call };
}

/** The values of a metric, each after its labels. */
function valuesOf(seen: Metrics, name: string): string[] {
  const prefix = `holdfast_${name}{`;
  return seen
    .text()
    .split("\n")
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length));
}

const call = (policy: string): EventDetails => ({ type: "call.succeeded", policy, durationMs: 1 });

test("counts and percentiles of all policies are kept by name", async () => {
  using seen = metrics({ buckets: ["1s", "10s"] });
  const { call: play100 } = play();

  await play100(0);
  await play100(0);
  await play100(1);
  await play100(2);

  const sampleOf = (name: string) => seen.snapshot()[`holdfast_${name}`]?.samples;
  expect({
    calls: sampleOf("calls_total"),
    seconds: sampleOf("call_duration_seconds"),
    kinds: sampleOf("retry_calls_total"),
  }).toEqual({
    calls: [
      { labels: { operation: "bank", outcome: "success" }, value: 3 },
      { labels: { operation: "bank", outcome: "failure", error_type: "ECONNRESET" }, value: 1 },
    ],
    seconds: [
      {
        labels: { operation: "bank", outcome: "success" },
        count: 3,
        sum: expect.closeTo(0.1 + 0.1 + 0.2),
        buckets: [
          { upTo: 1, count: 3 },
          { upTo: 10, count: 3 },
          { upTo: Infinity, count: 3 },
        ],
        p50: 0.1,
        p90: 0.2,
        p99: 0.2,
      },
      expect.objectContaining({ labels: { operation: "bank", outcome: "failure" }, count: 1 }),
    ],
    kinds: [
      { labels: { operation: "bank", kind: "successful_with_retry" }, value: 1 },
      { labels: { operation: "bank", kind: "failed_with_retry" }, value: 1 },
    ],
  });
});

test("metrics are written as Prometheus reads them", () => {
  const seen = metrics({ listens: false, buckets: [5, "1s"] });

  seen.on({ type: "call.succeeded", policy: "bank", durationMs: 20 });
  seen.on({ type: "limit.changed", policy: "db", from: 20, to: 18 });

  expect(METRICS_CONTENT_TYPE).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(seen.text()).toMatchInlineSnapshot(`
    "# HELP holdfast_calls_total Calls through measured(), by how they ended.
    # TYPE holdfast_calls_total counter
    holdfast_calls_total{operation="bank",outcome="success"} 1
    # HELP holdfast_call_duration_seconds How long calls through measured() took, waits included.
    # TYPE holdfast_call_duration_seconds histogram
    holdfast_call_duration_seconds_bucket{operation="bank",outcome="success",le="0.005"} 0
    holdfast_call_duration_seconds_bucket{operation="bank",outcome="success",le="1"} 1
    holdfast_call_duration_seconds_bucket{operation="bank",outcome="success",le="+Inf"} 1
    holdfast_call_duration_seconds_sum{operation="bank",outcome="success"} 0.02
    holdfast_call_duration_seconds_count{operation="bank",outcome="success"} 1
    # HELP holdfast_bulkhead_max How many works may run at once.
    # TYPE holdfast_bulkhead_max gauge
    holdfast_bulkhead_max{bulkhead="db"} 18
    "
  `);
});

test("before anything happened there is nothing to show", () => {
  const seen = metrics({ listens: false });

  expect([seen.snapshot(), seen.text()]).toEqual([{}, ""]);
});

test("policies are heard until it is stopped, or its block is left; what was counted stays", async () => {
  const run = () => measured({ name: "a" }).run(() => 1);
  const stopped = metrics();
  let left: Metrics;
  {
    using seen = metrics();
    left = seen;
    await run();
  }
  stopped.stop();
  await run();

  expect([stopped, left].map((seen) => valuesOf(seen, "calls_total"))).toEqual([
    ['operation="a",outcome="success"} 1'],
    ['operation="a",outcome="success"} 1'],
  ]);
});

test("those that it is handed to are counted, once, and not after its end", async () => {
  using all = metrics();
  const some = metrics({ listens: false });
  const one = pipeline(
    measured({ name: "one", on: (event) => [all, some].forEach(({ on }) => on(event)) }),
  );

  await one.run(() => 1);
  await measured({ name: "two" }).run(() => 1);
  some.stop();
  await one.run(() => 1);

  expect(valuesOf(some, "calls_total")).toEqual(['operation="one",outcome="success"} 1']);
  expect(valuesOf(all, "calls_total")).toEqual([
    'operation="one",outcome="success"} 2',
    'operation="two",outcome="success"} 1',
  ]);
});

test("beyond the bound names and codes are counted as others, and it is told how much that is", () => {
  const seen = metrics({ listens: false, series: 2, buckets: [1] });

  for (const name of ["a", "b", "c", "d", "a"]) seen.on(call(name));

  expect(valuesOf(seen, "calls_total")).toEqual([
    'operation="a",outcome="success"} 2',
    'operation="b",outcome="success"} 1',
    'operation="other",outcome="success"} 2',
  ]);
  expect(valuesOf(seen, "call_duration_seconds_count")).toHaveLength(3);
  expect(valuesOf(seen, "metrics_overflow_total")).toEqual([
    'metric="holdfast_calls_total"} 2',
    'metric="holdfast_call_duration_seconds"} 2',
  ]);
});

test("beyond the bound codes are others, and how it ended is still told", () => {
  const seen = metrics({ listens: false, series: 1 });

  for (const code of ["A", "B", "C"]) {
    const fault = { class: "unknown", code, effect: "unknown" } as const;
    seen.on({ type: "call.failed", policy: "a", durationMs: 1, fault, error: reset() });
  }
  seen.on(call("a"));

  expect(valuesOf(seen, "calls_total")).toEqual([
    'operation="a",outcome="failure",error_type="A"} 1',
    'operation="other",outcome="failure",error_type="other"} 2',
    'operation="other",outcome="success"} 1',
  ]);
});

test("a name that has series has room for every outcome, kind and reason", () => {
  const seen = metrics({ listens: false, series: 1 });
  const stopped = { type: "retry.stopped", attempts: 1, history: [], error: reset() } as const;
  const fault = { class: "fatal", code: "A", effect: "none" } as const;

  for (const reason of ["time is up", "not repeatable"] as const)
    for (const policy of ["a", "b"]) seen.on({ ...stopped, policy, reason, fault });

  expect(valuesOf(seen, "retry_stops_total")).toEqual([
    'operation="a",reason="time is up"} 1',
    'operation="other",reason="time is up"} 1',
    'operation="a",reason="not repeatable"} 1',
    'operation="other",reason="not repeatable"} 1',
  ]);
});

test("beyond the bound no state is kept, for that of others means nothing", () => {
  const seen = metrics({ listens: false, series: 1 });

  for (const policy of ["a", "b"]) seen.on({ type: "breaker.opened", policy, pauseMs: 5 });

  expect(valuesOf(seen, "circuit_breaker_state")).toHaveLength(6);
  expect(valuesOf(seen, "circuit_breaker_transitions_total")).toEqual([
    'breaker="a",from="closed",to="open"} 1',
    'breaker="other",from="closed",to="open"} 1',
  ]);
  expect(valuesOf(seen, "metrics_overflow_total")).toEqual([
    'metric="holdfast_circuit_breaker_state"} 1',
    'metric="holdfast_circuit_breaker_transitions_total"} 1',
  ]);
});

test("no secret, message or key gets into a label", async () => {
  using seen = metrics();
  const token = secret("correct-horse-battery");
  const error = Object.assign(new Error(token), { code: `E_${token}` });

  await measured({ name: `to https://ann:${token}@bank.example` })
    .run(() => Promise.reject(error))
    .catch(() => {});

  expect(valuesOf(seen, "calls_total")).toEqual([
    'operation="to https://***@bank.example",outcome="failure",error_type="E_***"} 1',
  ]);
});

test("a redactor of one's own takes out what it knows", () => {
  const text = (label: string): string => label.replace("ann", "***");
  const seen = metrics({ listens: false, redactor: { ...redactor(), text } });

  seen.on(call("ann's bank"));

  expect(valuesOf(seen, "calls_total")).toEqual(['operation="***\'s bank",outcome="success"} 1']);
});

test("a name is cleaned once, and again when a thousand others came in between", () => {
  const asked: string[] = [];
  const text = (name: string): string => {
    asked.push(name);
    return name;
  };
  const seen = metrics({ listens: false, redactor: { ...redactor(), text } });
  const timesOf = (name: string) => asked.filter((each) => each === name).length;

  seen.on(call("a"));
  seen.on(call("a"));
  const before = timesOf("a");
  for (let index = 0; index < 1_000; index++) seen.on(call(`name ${index}`));
  seen.on(call("a"));

  expect([before, timesOf("a")]).toEqual([1, 2]);
});

test.for<[what: string, name: string, label: string]>([
  ["a quote and a backslash", 'a "b" \\c', 'a \\"b\\" \\\\c'],
  ["line breaks", "a\r\nb", "a b"],
  ["half a letter", "a\uD83D", "a\uFFFD"],
  ["much text", "x".repeat(200), `${"x".repeat(99)}…`],
])("a name with %s is one label on one line", ([, name, label]) => {
  const seen = metrics({ listens: false });

  seen.on(call(name));

  expect(valuesOf(seen, "calls_total")).toEqual([`operation="${label}",outcome="success"} 1`]);
});

test("a listener that was begun late knows an open breaker by its refusals", async () => {
  const bank = breaker("bank", { failures: 1 });
  await bank.run(() => Promise.reject(reset())).catch(() => {});
  using seen = metrics();

  await bank.run(() => 1).catch(() => {});

  expect(valuesOf(seen, "circuit_breaker_state")).toContain('breaker="bank",state="open"} 1');
});

test.for<[options: object, message: string]>([
  [{ serie: 5 }, "metrics.serie: unknown; known are listens, series, buckets, redactor"],
  [{ series: 0 }, "metrics.series: expected an integer >= 1 and <= 10000, received 0"],
  [{ listens: "no" }, 'metrics.listens: expected true or false, received "no"'],
  [{ buckets: ["1s", "1s"] }, "metrics.buckets[1]: expected a longer duration than the one before"],
  [{ buckets: [Infinity] }, "metrics.buckets[0]: expected a duration"],
  [{ redactor: {} }, "metrics.redactor: expected an object with text(), received an object"],
])("refuses %o", ([options, message]) => {
  expect(() => metrics(options)).toThrow(OptionsError);
  expect(() => metrics(options)).toThrow(message);
});

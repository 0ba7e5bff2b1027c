import { expect, test } from "vitest";
import {
  adaptiveLimit,
  breaker,
  bulkhead,
  cache,
  gate,
  OptionsError,
  rateLimit,
  retryBudget,
  throttle,
  withFault,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { metrics, type Watchable } from "./index.ts";

const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });
const failing = (): Promise<never> => Promise.reject(down());
const never = (): Promise<never> => new Promise(() => {});

/** What is read of a policy, without what its events said. */
function read(...policies: Watchable[]): string[] {
  const seen = metrics({ listens: false });
  seen.watch(...policies);
  // Twice, for nothing is counted by looking.
  seen.snapshot();
  return seen
    .text()
    .split("\n")
    .filter((line) => line.startsWith("holdfast_"))
    .map((line) => line.slice("holdfast_".length));
}

test("of a breaker its state, its counts and its shares are read", async () => {
  const clock = new VirtualClock();
  const bank = breaker("bank", {
    clock,
    window: { calls: 10, minimum: 4, rate: 0.6, slow: "1s" },
  });
  await bank.run(() => 1);
  await bank.run(failing).catch(() => {});
  await clock.settle(() => bank.run(() => clock.sleep(2_000)));

  const lines = read(bank).filter((line) => !line.endsWith(" 0"));

  expect(lines).toEqual([
    'circuit_breaker_state{breaker="bank",state="closed"} 1',
    'circuit_breaker_calls_total{breaker="bank",kind="successful"} 2',
    'circuit_breaker_calls_total{breaker="bank",kind="failed"} 1',
    'circuit_breaker_failure_ratio{breaker="bank"} 0.3333333333333333',
    'circuit_breaker_slow_call_ratio{breaker="bank"} 0.3333333333333333',
  ]);
});

test.for<[what: string, state: string, act: (bank: ReturnType<typeof breaker>) => void]>([
  ["opened", "open", (bank) => bank.open()],
  [
    "half-open",
    "half_open",
    (bank) => {
      bank.open();
      bank.halfOpen();
    },
  ],
  ["held open", "forced_open", (bank) => bank.hold("open")],
  ["held closed", "forced_closed", (bank) => bank.hold("closed")],
  ["off", "disabled", (bank) => bank.hold("off")],
])("a breaker that is %s is %s", ([, state, act]) => {
  const bank = breaker("bank");
  act(bank);

  expect(read(bank)).toContain(`circuit_breaker_state{breaker="bank",state="${state}"} 1`);
});

test("a breaker without a window, or with an empty one, has no shares; refusals are its counts", async () => {
  const bank = breaker("bank", { failures: 1 });
  await bank.run(failing).catch(() => {});
  await bank.run(() => 1).catch(() => {});
  await breaker("other").run(() => 1);

  expect(read(bank).filter((line) => !line.includes("_state"))).toEqual([
    'circuit_breaker_calls_total{breaker="bank",kind="successful"} 0',
    'circuit_breaker_calls_total{breaker="bank",kind="failed"} 1',
    'circuit_breaker_calls_total{breaker="bank",kind="ignored"} 0',
    'circuit_breaker_calls_total{breaker="bank",kind="not_permitted"} 1',
  ]);
});

test("of a bulkhead it is read what runs, waits and is free", () => {
  const db = bulkhead(3, { name: "db" });
  for (let call = 0; call < 4; call++) void db.run(never);
  const other = bulkhead(3, { name: "other", queue: 0 });
  void other.run(never);

  expect(read(db, other)).toEqual([
    'bulkhead_abandoned{bulkhead="db"} 0',
    'bulkhead_abandoned{bulkhead="other"} 0',
    'bulkhead_max{bulkhead="db"} 3',
    'bulkhead_max{bulkhead="other"} 3',
    'bulkhead_available{bulkhead="db"} 0',
    'bulkhead_available{bulkhead="other"} 2',
    'bulkhead_running{bulkhead="db"} 3',
    'bulkhead_running{bulkhead="other"} 1',
    'bulkhead_queued{bulkhead="db"} 1',
    'bulkhead_queued{bulkhead="other"} 0',
  ]);
});

test("of an adaptive limit the same is read", () => {
  expect(read(adaptiveLimit({ name: "api", initial: 7 }))).toContain(
    'bulkhead_max{bulkhead="api"} 7',
  );
});

test("abandoned slots are read", async () => {
  const db = bulkhead(1, { name: "db" });
  const caller = new AbortController();
  const running = db.run(never, caller);
  caller.abort("gone");
  await running.catch(() => {});

  expect(read(db)).toContain('bulkhead_abandoned{bulkhead="db"} 1');
});

test("of a rate limit it is read what is left, and who waits", () => {
  const clock = new VirtualClock();
  const api = rateLimit(2, { name: "api", clock });
  void api.run(never);
  const full = rateLimit(1, { name: "full", clock });
  for (let call = 0; call < 3; call++) void full.run(never);

  expect(read(api, full)).toEqual([
    'rate_limiter_available{rate_limiter="api"} 1',
    'rate_limiter_available{rate_limiter="full"} 0',
    'rate_limiter_waiting{rate_limiter="api"} 0',
    'rate_limiter_waiting{rate_limiter="full"} 2',
  ]);
});

test("of a gate it is read whether it is closed, and who waits", async () => {
  const clock = new VirtualClock();
  const shut = gate({ name: "shut", clock });
  const told = withFault(down(), { class: "transient", effect: "none", retryAfterMs: 5_000 });
  await shut.run(() => Promise.reject(told)).catch(() => {});
  void shut.run(never);

  expect(read(shut, gate({ name: "open", clock }))).toEqual([
    'gate_closed{gate="shut"} 1',
    'gate_closed{gate="open"} 0',
    'gate_waiting{gate="shut"} 1',
    'gate_waiting{gate="open"} 0',
  ]);
});

test("of a throttle its chance, and of a budget what is left", () => {
  const budget = retryBudget({ name: "bank", perSecond: 1, ratio: 0 });
  budget.withdraw();

  expect(read(throttle({ name: "api" }), budget)).toEqual([
    'retry_budget_left{budget="bank"} 9',
    'throttle_reject_ratio{throttle="api"} 0',
  ]);
});

test("of two with one name the last is shown", () => {
  const lines = read(bulkhead(1, { name: "db" }), bulkhead(2, { name: "db" }));

  expect(lines.filter((line) => line.includes("_max"))).toEqual(['bulkhead_max{bulkhead="db"} 2']);
});

test.for<[what: string, watched: unknown, received: string]>([
  ["a policy without anything to read", cache({ ttl: "1s" }), "an object"],
  ["a name", "bank", '"bank"'],
  ["null", null, "null"],
])("%s cannot be watched", ([, watched, received]) => {
  const seen = metrics({ listens: false });

  expect(() => seen.watch(bulkhead(1), watched as never)).toThrow(OptionsError);
  expect(() => seen.watch(bulkhead(1), watched as never)).toThrow(
    `metrics.watch: expected a breaker, a bulkhead or another limit, a gate or a retry budget, received ${received}`,
  );
  // All or none.
  expect(seen.text()).toBe("");
});

test("more than may be shown cannot be watched, and one may be named again", () => {
  const seen = metrics({ listens: false, series: 1 });
  const db = bulkhead(1, { name: "db" });

  seen.watch(db);
  seen.watch(db, db);

  expect(() => seen.watch(bulkhead(1))).toThrow("metrics.watch: more than 1 policies");
});

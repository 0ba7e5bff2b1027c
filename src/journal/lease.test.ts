import fc from "fast-check";
import { expect, test } from "vitest";
import { leaseState, renewEveryMs, type Lease, type LeaseState } from "./lease.ts";

const OWNER = { host: "alpha", bootId: "boot", pidNamespace: "pid:[1]", pid: 1, startTime: "7" };
const LEASE: Lease = { owner: OWNER, renewedAtMs: 1_000, lengthMs: 100 };

test.for<[lease: Lease | undefined, nowMs: number, gone: boolean | undefined, state: LeaseState]>([
  [undefined, 1_000, undefined, "free"],
  [LEASE, 1_000, undefined, "held"],
  [LEASE, 1_099, undefined, "held"],
  [LEASE, 1_099, false, "held"],
  [LEASE, 1_100, undefined, "free"],
  [LEASE, 1_100, false, "held"],
  [LEASE, 999, false, "held"],
  [LEASE, 1_050, true, "free"],
  [LEASE, 999, undefined, "ahead"],
  [LEASE, 999, true, "free"],
])("lease %o at %i ms, its owner gone: %o, is %s", ([lease, nowMs, gone, state]) => {
  expect(leaseState(lease, nowMs, () => gone)).toBe(state);
});

test("however the clock jumps, a dead owner holds its run for one lease after the last claim that found it ahead", () => {
  const time = fc.integer({ min: 0, max: 10 ** 13 });
  const length = fc.integer({ min: 1, max: 10 ** 9 });
  fc.assert(
    fc.property(time, time, length, (renewedAtMs, nowMs, lengthMs) => {
      const lease = { owner: OWNER, renewedAtMs, lengthMs };
      const state = leaseState(lease, nowMs, () => undefined);
      const moved = state === "ahead" ? { ...lease, renewedAtMs: nowMs } : lease;

      expect(leaseState(moved, nowMs + lengthMs, () => undefined)).toBe("free");
    }),
    { numRuns: 10_000 },
  );
});

test("a lease is renewed three times before it runs out", () => {
  expect(renewEveryMs(30_000)).toBe(10_000);
});

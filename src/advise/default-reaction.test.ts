import { expect, test } from "vitest";
import type { Effect, FaultClass } from "../core/fault.ts";
import { reactionTo } from "./default-reaction.ts";

test.for<[faultClass: FaultClass, effect: Effect, expected: string]>([
  [
    "transient",
    "none",
    "retries first at once, then after the backoff, within the policy's limits; is ignored by the breaker; exit code 75 when it stays, 80 when it was rolled back",
  ],
  [
    "transient",
    "unknown",
    "retries first at once, then after the backoff, within the policy's limits; only what is repeatable is tried again; counts in the breaker; exit code 75 when it stays, 80 when it was rolled back",
  ],
  [
    "degraded",
    "none",
    "retries after the backoff, within the policy's limits; counts in the breaker; exit code 75 when it stays, 80 when it was rolled back",
  ],
  [
    "unknown",
    "partial",
    "one cautious retry, after the backoff; only what is repeatable is tried again; counts in the breaker; exit code 1 when it stays, 80 when it was rolled back",
  ],
  [
    "fatal",
    "unknown",
    "no retry: what was done is undone; is ignored by the breaker; exit code 1 when it stays, 80 when it was rolled back",
  ],
])("%s with effect %s", ([faultClass, effect, expected]) => {
  expect(reactionTo({ class: faultClass, effect })).toBe(expected);
});

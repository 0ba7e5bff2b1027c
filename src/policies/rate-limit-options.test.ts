/** What a rate limit refuses to be told. */

import { expect, test } from "vitest";
import { OptionsError, rateLimit } from "../index.ts";

test.for<[message: string, mistake: () => unknown]>([
  [
    "rateLimit.calls: expected a number of calls, received undefined",
    () => rateLimit(undefined as never),
  ],
  ["rateLimit.calls: expected an integer >= 1, received 0", () => rateLimit(0)],
  [
    "rateLimit.limit: unknown; known are name, per, algorithm, burst, wait, queue, order, whenFull, drainOn, faultOfResult, classify, clock, on",
    () => rateLimit(1, { limit: 1 } as never),
  ],
  ["rateLimit.per:", () => rateLimit(1, { per: 0 })],
  [
    'rateLimit.algorithm: expected "sliding window", "token bucket", "fixed window", received "leaky bucket"',
    () => rateLimit(1, { algorithm: "leaky bucket" as never }),
  ],
  ["rateLimit.burst: expected an integer >= 1, received 0", () => rateLimit(1, { burst: 0 })],
  [
    'rateLimit.burst: only the algorithm "token bucket" has one',
    () => rateLimit(1, { burst: 1, algorithm: "sliding window" }),
  ],
  ["rateLimit.queue: expected an integer >= 0", () => rateLimit(1, { queue: -1 })],
  [
    'rateLimit.order: expected "oldest first", "newest first", received "fair"',
    () => rateLimit(1, { order: "fair" as never }),
  ],
  [
    'rateLimit.whenFull: expected "refuse newest", "refuse oldest", received "block"',
    () => rateLimit(1, { whenFull: "block" as never }),
  ],
  ["rateLimit.drainOn[0]: expected", () => rateLimit(1, { drainOn: [429 as never] })],
  [
    "rateLimit.faultOfResult: expected a drainOn beside it",
    () => rateLimit(1, { faultOfResult: () => undefined }),
  ],
  ["rateLimit.change.limit: unknown", () => rateLimit(1).change({ limit: 2 } as never)],
  ["rateLimit.change.calls: expected an integer >= 1", () => rateLimit(1).change({ calls: 0 })],
  ["rateLimit.change.per:", () => rateLimit(1).change({ per: 0 })],
  [
    'rateLimit.change.burst: only the algorithm "token bucket" has one',
    () => rateLimit(1).change({ burst: 2 }),
  ],
  [
    "rateLimit.with.permits: expected an integer >= 1 and <= 2, received 3",
    () => rateLimit(2).with({ permits: 3 }),
  ],
  [
    "rateLimit.with.permits: expected an integer >= 1 and <= 4, received 5",
    () => rateLimit(2, { burst: 4 }).with({ permits: 5 }),
  ],
  ["rateLimit.with.weight: unknown", () => rateLimit(2).with({ weight: 1 } as never)],
])("%s", ([message, mistake]) => {
  expect(mistake).toThrow(OptionsError);
  expect(mistake).toThrow(message);
});

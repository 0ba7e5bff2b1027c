/** What rate limit and gate promise about time on the machine's own clock; it is real, so these really wait. */

import { expect, test } from "vitest";
import { expectOk, gate, pipeline, rateLimit, retry } from "holdfast";

test.for([{}, { burst: 1 }])(
  "R10 a rate limit with %o admits whoever waited just as long as it said",
  async (options) => {
    const values: string[] = [];

    // One after the other: a busy event loop would wake all of them late, and hide a timer that is early.
    for (let round = 0; round < 10; round++) {
      const limit = rateLimit(3, { ...options, per: 12 + round / 10, wait: 0 });
      while (limit.tryTake());
      values.push(await pipeline(retry({ attempts: 2 }), limit).run(() => "done"));
    }

    expect(values).toEqual(Array.from({ length: 10 }, () => "done"));
  },
);

test("calls that wait begin no sooner than the limit says", async () => {
  const limit = rateLimit(2, { per: 20 });
  const starts = await Promise.all(
    Array.from({ length: 6 }, () => limit.run(() => performance.now())),
  );

  const distances = starts.slice(2).map((atMs, index) => atMs - (starts[index] as number));
  // The limit reads the clock a moment before the work does.
  expect(distances.filter((ms) => ms < 19.5)).toEqual([]);
});

test("R10 a gate admits whoever waited just as long as it said", async () => {
  const busy = (): never => expectOk({ status: 429, headers: { "retry-after": "0.01" } }) as never;
  const values: string[] = [];

  for (let round = 0; round < 10; round++) {
    const api = gate({ wait: 0 });
    await api.run(busy).catch(() => {});
    values.push(await pipeline(retry({ attempts: 2 }), api).run(() => "done"));
  }

  expect(values).toEqual(Array.from({ length: 10 }, () => "done"));
});

/** In which order calls under a rate limit go, and who is refused when too many wait. */

import { expect, test } from "vitest";
import { rateLimit, type EventDetails, type RateLimitOptions } from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

/** How five calls end that come one after the other, each 10 ms later, to a limit of one each second. */
async function endsOf(options: RateLimitOptions): Promise<unknown> {
  const clock = new VirtualClock();
  const limit = rateLimit(1, { ...options, clock });
  const calls = [0, 10, 20, 30, 40].map(async (atMs) => {
    await clock.sleep(atMs);
    return limit
      .run(() => clock.elapsed())
      .catch(({ retryAfterMs }) => ({ retryAfterMs, atMs: clock.elapsed() }));
  });
  return clock.settle(() => Promise.all(calls));
}

const refused = (retryAfterMs: number, atMs: number) => ({ retryAfterMs, atMs });

test.for<[name: string, options: RateLimitOptions, ends: unknown[]]>([
  ["the oldest goes first by default", {}, [0, 1_000, 2_000, 3_000, 4_000]],
  ["the newest goes first", { order: "newest first" }, [0, 4_000, 3_000, 2_000, 1_000]],
  [
    "the newest is refused by default when two wait",
    { queue: 2 },
    [0, 1_000, 2_000, refused(2_970, 30), refused(2_960, 40)],
  ],
  [
    "the oldest is refused where that is said",
    { queue: 2, whenFull: "refuse oldest" },
    [0, refused(970, 30), refused(960, 40), 1_000, 2_000],
  ],
  [
    "the oldest is refused where the newest goes first",
    { queue: 2, order: "newest first" },
    [0, refused(970, 30), refused(960, 40), 2_000, 1_000],
  ],
  [
    "the newest is refused though it would go first, where that is said",
    { queue: 2, order: "newest first", whenFull: "refuse newest" },
    [0, 2_000, 1_000, refused(970, 30), refused(960, 40)],
  ],
  [
    "nobody waits where nobody may, whoever is refused",
    { queue: 0, whenFull: "refuse oldest" },
    [0, refused(990, 10), refused(980, 20), refused(970, 30), refused(960, 40)],
  ],
  [
    "who would wait too long behind newer ones is refused as soon as that is so",
    { order: "newest first", wait: "2s" },
    [0, refused(2_970, 30), refused(2_960, 40), 2_000, 1_000],
  ],
  [
    "nobody makes room for a call whose turn would come too late",
    { queue: 2, whenFull: "refuse oldest", wait: "1500ms" },
    [0, 1_000, refused(1_980, 20), refused(1_970, 30), refused(1_960, 40)],
  ],
])("%s", async ([, options, ends]) => {
  expect(await endsOf(options)).toEqual(ends);
});

test("where the newest goes first, it also goes before one that waits for more permits", async () => {
  const clock = new VirtualClock();
  const limit = rateLimit(3, { order: "newest first", clock });
  const heavy = limit.with({ permits: 3 });
  limit.tryTake();
  await clock.advance(100);
  const waiting = heavy.run(() => clock.elapsed());
  await clock.advance(100);

  const taken = limit.tryTake();
  const begun = await limit.run(() => clock.elapsed());

  expect([taken, begun, limit.tryTake()]).toEqual([true, 200, false]);
  expect(await clock.settle(() => waiting)).toBe(1_200);
});

test("who makes room is told of once, and hears of it when all is in order", async () => {
  const clock = new VirtualClock();
  const told: unknown[] = [];
  const limit = rateLimit(1, {
    name: "search",
    queue: 1,
    whenFull: "refuse oldest",
    clock,
    on: (event: EventDetails) => told.push([event, limit.waiting]),
  });
  limit.tryTake();

  const first = limit.run(() => "first").catch(({ code }) => code as string);
  const second = limit.run(() => "second");

  const rejected = { type: "rate_limit.rejected", policy: "search", retryAfterMs: 1_000 };
  expect(told).toEqual([[rejected, 1]]);
  expect(await clock.settle(() => Promise.all([first, second]))).toEqual([
    "RATE_LIMITED",
    "second",
  ]);
});

/** In which order those go that wait for a slot, and who makes room when too many do. */

import { expect, test } from "vitest";
import { bulkhead, type BulkheadOptions } from "../index.ts";

test.for<[name: string, options: BulkheadOptions, order: string, refused: string]>([
  ["the oldest goes first, and the newest is refused", {}, "Aab", "Bcd"],
  ["the newest goes first, and the oldest is refused", { order: "newest first" }, "Adc", "Bab"],
  ["the oldest is refused where that is said", { whenFull: "refuse oldest" }, "Acd", "Bab"],
  [
    "the newest is refused though it would go first",
    { order: "newest first", whenFull: "refuse newest" },
    "Aba",
    "Bcd",
  ],
])("when its queue is full, by default or as it is told: %s", async ([, options, ...ends]) => {
  const told: unknown[] = [];
  const slots = bulkhead(1, { ...options, queue: 3, on: (event) => told.push(event) });
  const begun: string[] = [];
  const refused: string[] = [];
  const held = Promise.withResolvers<void>();
  void slots.run(() => held.promise);
  // First one of lower priority, then one of higher: they are no equals of the others.
  const calls = ["B-1", "A1", "a0", "b0", "c0", "d0"].map(async ([name = "", ...priority]) => {
    const policy = slots.at(Number(priority.join("")));
    await policy.run(() => begun.push(name)).catch(() => refused.push(name));
  });

  held.resolve();
  await Promise.all(calls);

  expect([begun.join(""), refused.toSorted().join("")]).toEqual(ends);
  expect(told).toHaveLength(3);
});

test("who makes room for a newer call is told so", async () => {
  const slots = bulkhead(1, { name: "db", queue: 1, whenFull: "refuse oldest" });
  const held = Promise.withResolvers<void>();
  void slots.run(() => held.promise);
  const first = slots.run(() => "first").catch((error: unknown) => error);
  const second = slots.run(() => "second");
  held.resolve();

  expect([String(await first), await second]).toEqual([
    'BulkheadFullError: Bulkhead "db" is full: a newer call took its place in the queue',
    "second",
  ]);
});

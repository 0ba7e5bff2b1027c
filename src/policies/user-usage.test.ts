import fc from "fast-check";
import { expect, test } from "vitest";
import { UserUsage } from "./user-usage.ts";

test("what was used counts half after each half-life", () => {
  const usage = new UserUsage(1_000, 10);
  usage.add("ann", 80, 5_000);
  usage.add("ann", 10, 6_000);

  expect([6_000, 7_000, 9_000].map((nowMs) => usage.of("ann", nowMs))).toEqual([50, 25, 6.25]);
  expect(usage.of("bob", 6_000)).toBe(0);
});

test("who has used as much as is usual should have a half, who has used nothing all", () => {
  const usage = new UserUsage(1_000, 10);
  const before = usage.fairnessOf("ann", 0);
  usage.add("ann", 80, 0);
  usage.add("bob", 80, 0);
  usage.add("eve", 0, 0);

  expect([before, ...["ann", "bob", "eve"].map((user) => usage.fairnessOf(user, 500))]).toEqual([
    1,
    expect.closeTo(0.5),
    expect.closeTo(0.5),
    1,
  ]);
});

test("what is usual decays as what it is made of does", () => {
  const usage = new UserUsage(1_000, 10);
  usage.add("ann", 80, 0);
  usage.add("bob", 80, 1_000);

  // (40² + 80²) / (40 + 80) is 66.7.
  expect([usage.fairnessOf("ann", 3_000), usage.fairnessOf("bob", 3_000)]).toEqual([
    expect.closeTo(0.625),
    expect.closeTo(0.4545, 4),
  ]);
});

test("those who use next to nothing do not change what is usual, however many they are", () => {
  const usage = new UserUsage(60_000, 10_000);
  for (let user = 0; user < 5_000; user++) usage.add(`idle ${user}`, 0.001, 0);
  usage.add("ann", 100, 0);
  usage.add("bob", 300, 0);

  expect([usage.fairnessOf("ann", 0), usage.fairnessOf("bob", 0)]).toEqual([
    expect.closeTo(0.714, 2),
    expect.closeTo(0.455, 2),
  ]);
});

test("past the bound the user who was looked at longest ago goes", () => {
  const usage = new UserUsage(1_000, 2);
  for (const user of ["ann", "bob"]) usage.add(user, 10, 0);
  usage.of("ann", 0);
  usage.add("eve", 10, 0);

  expect(["ann", "bob", "eve"].map((user) => usage.of(user, 0))).toEqual([10, 0, 10]);
});

test("whoever has used more should have less, after any history", () => {
  const step = fc.tuple(
    fc.constantFrom("a", "b", "c", "d"),
    fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })),
    fc.oneof(fc.nat(5_000), fc.constant(1e6)),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      // One of the four is let go of now and then.
      const usage = new UserUsage(1_000, 3);
      let nowMs = 0;
      for (const [user, ms, pauseMs] of steps) usage.add(user, ms, (nowMs += pauseMs));
      const users = ["a", "b", "c", "d"].toSorted(
        (one, other) => usage.of(one, nowMs) - usage.of(other, nowMs),
      );

      const fair = users.map((user) => usage.fairnessOf(user, nowMs));
      expect(fair).toEqual(fair.toSorted((one, other) => other - one));
      expect(fair.every((one) => one >= 0 && one <= 1)).toBe(true);
    }),
    {
      numRuns: 10_000,
      examples: [
        // Numbers so small that their sum is lost while one of them is still there.
        [
          [
            ["a", 3.5e-323, 0],
            ["d", 0, 1_001],
            ["a", 0, 2_585],
          ],
        ],
      ],
    },
  );
});

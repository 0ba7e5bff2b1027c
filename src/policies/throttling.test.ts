import fc from "fast-check";
import { expect, test } from "vitest";
import { rejectionChance, RequestWindow } from "./throttling.ts";

const BOOK = { ratio: 2, slack: 0, maxRejection: 1 };

test.for([
  [0, 0, 0],
  [1, 0, 1 / 2],
  [10, 5, 0],
  [10, 4, 2 / 11],
  [99, 0, 99 / 100],
])(
  "with %d requests and %d accepts, the chance of the book is %d",
  ([requests, accepts, chance]) => {
    const counts = { requests: requests as number, accepts: accepts as number };

    expect(rejectionChance(counts, BOOK)).toBeCloseTo(chance as number);
  },
);

test.for([
  [{ ratio: 1.1 }, 12 / 101],
  [{ ratio: 1 }, 20 / 101],
  [{ ratio: 1, slack: 15 }, 5 / 101],
  [{ ratio: 1, slack: 20 }, 0],
  [{ ratio: 1, maxRejection: 0.1 }, 0.1],
] as const)(
  "with %o, a hundred requests and eighty accepts make a chance of %d",
  ([given, chance]) => {
    const counts = { requests: 100, accepts: 80 };

    expect(rejectionChance(counts, { ...BOOK, ...given })).toBeCloseTo(chance);
  },
);

test("the chance is never below 0 nor above the greatest, grows with requests, falls with accepts", () => {
  const rules = fc.record({
    ratio: fc.double({ min: 1, max: 100, noNaN: true }),
    slack: fc.nat(),
    maxRejection: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(rules, fc.nat(), fc.nat(), (given, requests, accepts) => {
      const chanceOf = (more: number, taken: number) =>
        rejectionChance({ requests: requests + more, accepts: accepts + taken }, given);

      const chance = chanceOf(0, 0);

      expect(chance >= 0 && chance <= given.maxRejection).toBe(true);
      expect(chanceOf(1, 0)).toBeGreaterThanOrEqual(chance);
      expect(chanceOf(0, 1)).toBeLessThanOrEqual(chance);
    }),
    { numRuns: 10_000 },
  );
});

/** What happens to a window of 20 parts of 10 ms each; `pick` chooses among the calls made. */
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant("request" as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constantFrom("accept" as const, "withdraw"),
        pick: fc.nat({ max: 30 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant("pass" as const),
        ms: fc.constantFrom(1, 9, 10, 55, 190, 200, 1_000),
      }),
    },
  ),
  { maxLength: 40 },
);

test("it counts the calls of its parts, each accept where its call began", () => {
  fc.assert(
    fc.property(fc.nat({ max: 1e6 }), steps, (startMs, given) => {
      const window = new RequestWindow(200);
      const calls: { part: number; place: number; state: string }[] = [];
      let nowMs = startMs;
      window.moveTo(nowMs);

      for (const step of given) {
        if (step.type === "request") {
          calls.push({ part: Math.floor(nowMs / 10), place: window.request(), state: "open" });
        } else if (step.type === "pass") {
          nowMs += step.ms;
          window.moveTo(nowMs);
        } else {
          const open = calls.filter(({ state }) => state === "open");
          const call = open[step.pick % open.length];
          if (call === undefined) continue;
          window[step.type](call.place);
          call.state = step.type;
        }
        const inWindow = calls.filter(({ part }) => part > Math.floor(nowMs / 10) - 20);
        expect([window.requests, window.accepts]).toEqual([
          inWindow.filter(({ state }) => state !== "withdraw").length,
          inWindow.filter(({ state }) => state === "accept").length,
        ]);
      }
    }),
    { numRuns: 10_000 },
  );
});

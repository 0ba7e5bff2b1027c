import * as fc from "fast-check";
import { expect, test } from "vitest";
import { judge, NONE_TAKEN, type ServerRules, type Taken, type Verdict } from "./verdict.ts";

const OUTAGE = { fromMs: 1_000, untilMs: 2_000 };
const LIMIT = { calls: 2, windowMs: 1_500 };

/** What is said to calls at these moments, one after the other. */
function verdictsAt(moments: readonly number[], rules: ServerRules): Verdict[] {
  let taken = NONE_TAKEN;
  return moments.map((atMs) => {
    const judged = judge(taken, atMs, rules);
    ({ taken } = judged);
    return judged.verdict;
  });
}

test("an outage begins and ends in its own millisecond", () => {
  const verdicts = verdictsAt([999, 1_000, 1_999, 2_000], { outage: OUTAGE, limit: undefined });

  expect(verdicts).toEqual([200, 503, 503, 200].map((status) => ({ status })));
});

test("past the limit who comes is told when the next window begins, in whole seconds", () => {
  const verdicts = verdictsAt([0, 100, 200, 501, 1_499, 1_500, 1_500, 1_500], {
    outage: undefined,
    limit: LIMIT,
  });

  expect(verdicts).toEqual([
    { status: 200 },
    { status: 200 },
    { status: 429, retryAfterSeconds: 2 },
    { status: 429, retryAfterSeconds: 1 },
    { status: 429, retryAfterSeconds: 1 },
    { status: 200 },
    { status: 200 },
    { status: 429, retryAfterSeconds: 2 },
  ]);
});

test("who comes during the outage takes nothing of the limit", () => {
  const rules = { outage: { fromMs: 0, untilMs: 100 }, limit: LIMIT };

  const verdicts = verdictsAt([0, 50, 99, 100, 100, 100], rules);

  expect(verdicts.map(({ status }) => status)).toEqual([503, 503, 503, 200, 200, 429]);
});

test("a refused call changes nothing, and a window that nobody came in leaves nothing behind", () => {
  const full: Taken = { windowIndex: 3, calls: 2 };
  const rules = { outage: undefined, limit: LIMIT };

  expect(judge(full, 4_600, rules).taken).toEqual(full);
  expect(judge(full, 9_000, rules).taken).toEqual({ windowIndex: 6, calls: 1 });
});

test("no window lets in more than the limit, and whoever does as told comes to another window", () => {
  const moments = fc.array(fc.nat({ max: 20_000 }), { maxLength: 60 });
  const limits = fc.record({
    calls: fc.integer({ min: 1, max: 5 }),
    windowMs: fc.integer({ min: 1, max: 4_000 }),
  });
  fc.assert(
    fc.property(moments, limits, (atMs, limit) => {
      const windowOf = (moment: number): number => Math.floor(moment / limit.windowMs);
      const inOrder = atMs.toSorted((a, b) => a - b);
      const letIn = new Map<number, number>();
      const verdicts = verdictsAt(inOrder, { outage: undefined, limit });
      for (const [index, verdict] of verdicts.entries()) {
        const moment = inOrder[index] ?? expect.unreachable();
        const window = windowOf(moment);
        const before = letIn.get(window) ?? 0;
        expect(verdict.status).toBe(before < limit.calls ? 200 : 429);
        if (verdict.status === 200) letIn.set(window, before + 1);
        if (verdict.status === 429)
          expect(windowOf(moment + verdict.retryAfterSeconds * 1_000)).toBeGreaterThan(window);
      }
    }),
  );
});

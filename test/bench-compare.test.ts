import fc from "fast-check";
import { expect, test } from "vitest";
import { compare, type Case } from "../bench/measure/compare.ts";
import { seededDice } from "../src/core/dice.ts";

/** A case that costs these, one after the other, and writes down its turns. */
function costing(name: string, turns: string[], costs: (turn: number) => number): Case {
  let turn = 0;
  return {
    name,
    cost: () => {
      turns.push(name);
      return costs(turn++);
    },
  };
}

const steady = () => 1;

test("a ratio is to the batch of the baseline right before, whatever the machine does", async () => {
  // The machine is slower from batch to batch; the case always takes three times the baseline.
  let slowness = 1;
  const baseline: Case = { name: "baseline", cost: () => (slowness *= 2) };
  const triple: Case = { name: "triple", cost: () => 3 * slowness };

  const measured = await compare(baseline, [triple], { rounds: 3, random: seededDice("a") });

  expect(measured.get(triple)?.ratio).toEqual({ low: 3, median: 3, high: 3 });
  // Two rounds to warm up went before.
  expect(measured.get(triple)?.cost.median).toBe(3 * 2 ** 4);
  expect(measured.get(baseline)).toEqual({
    cost: { low: expect.any(Number) as number, median: 2 ** 4, high: expect.any(Number) as number },
    ratio: { low: 1, median: 1, high: 1 },
  });
});

test("every case has its turn in every round, each after the baseline", () => {
  const sizes = { cases: fc.integer({ min: 1, max: 6 }), rounds: fc.integer({ min: 1, max: 8 }) };
  return fc.assert(
    fc.asyncProperty(sizes.cases, sizes.rounds, fc.string(), async (count, rounds, seed) => {
      const turns: string[] = [];
      const baseline = costing("baseline", turns, steady);
      const cases = Array.from({ length: count }, (_, index) =>
        costing(`case ${index}`, turns, steady),
      );

      await compare(baseline, cases, { rounds, random: seededDice(seed) });

      const pairs = Array.from({ length: turns.length / 2 }, (_, index) =>
        turns.slice(2 * index, 2 * index + 2),
      );
      expect(pairs.filter(([first]) => first !== "baseline")).toEqual([]);
      for (let round = 0; round < rounds + 2; round++) {
        const own = pairs.slice(round * count, (round + 1) * count).map(([, second]) => second);
        expect(new Set(own)).toEqual(new Set(cases.map(({ name }) => name)));
      }
    }),
    { numRuns: 300 },
  );
});

test("the order is another one from round to round, and the same from run to run", async () => {
  const orders = async (): Promise<string[]> => {
    const turns: string[] = [];
    const cases = ["a", "b", "c", "d", "e", "f"].map((name) => costing(name, turns, steady));
    const baseline = costing("baseline", [], steady);
    await compare(baseline, cases, { rounds: 8, random: seededDice("orders") });
    return Array.from({ length: 10 }, (_, round) => turns.slice(round * 6, round * 6 + 6).join(""));
  };

  const first = await orders();

  expect(new Set(first).size).toBeGreaterThan(5);
  expect(await orders()).toEqual(first);
});

test("what takes long is not warmed up, and left out after its rounds", async () => {
  const turns: string[] = [];
  const baseline = costing("baseline", [], steady);
  const quick = costing("quick", turns, steady);
  const slow = { ...costing("slow", turns, (turn) => turn + 1), rounds: 2 };

  const measured = await compare(baseline, [quick, slow], { rounds: 5, random: seededDice("a") });

  expect(turns.slice(0, 2)).toEqual(["quick", "quick"]);
  expect(turns.filter((name) => name === "slow").length).toBe(2);
  expect(turns.filter((name) => name === "quick").length).toBe(7);
  expect(measured.get(slow)?.cost.median).toBe(1.5);
});

/** A hundred agents meet one rate limit and one outage: what docs/policies/herd.md says of it is so. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { playHerd, type Play } from "../src/simulate/herd.ts";
import { figuresOf, type Counts, type Figures } from "./herd/figures.ts";
import { withFigures } from "./herd/page.ts";
import { pictureOf, type Column } from "./herd/picture.ts";
import { SCENARIOS } from "./herd/scenarios.ts";
import { RETRIES, threeLayers } from "./herd/strategies.ts";

const PAGE = join(import.meta.dirname, "../docs/policies/herd.md");

const columns: Column[] = [];
for (const scenario of SCENARIOS) columns.push({ scenario, figures: await figuresOf(scenario) });

const figures = (id: string): readonly Figures[] =>
  columns.find(({ scenario }) => scenario.id === id)?.figures ?? expect.unreachable(id);
const counts = (id: string, name: string): Counts =>
  figures(id).find((row) => row.name === name)?.counts ?? expect.unreachable(name);

// What is meant is written down by: npm test -- test/herd.test.ts --update
test("the page and its picture show what is played", async () => {
  const page = columns.reduce(
    (text, column) => withFigures(text, column.scenario.id, column.figures),
    readFileSync(PAGE, "utf8"),
  );

  await expect(page).toMatchFileSnapshot(PAGE);
  await expect(pictureOf(columns)).toMatchFileSnapshot(PAGE.replace(/md$/, "svg"));
});

test("a page without a place for the figures is refused", () => {
  expect(() => withFigures("<!-- played: a -->\n", "a", [])).toThrow('The page has no place "a"');
  expect(() => withFigures("", "a", [])).toThrow('The page has no place "a"');
});

test("every agent is done, whatever it met and however it tried again", () => {
  const ends = columns.flatMap((column) => column.figures.map((row) => row.counts.allMs));

  expect(ends).toHaveLength(22);
  expect(ends.filter((ms) => ms > 0 && ms < 60_000)).toEqual(ends);
});

test("what the plays depend on is in them: they are the same each time", async () => {
  const [scenario = expect.unreachable()] = SCENARIOS;

  expect(await figuresOf(scenario)).toEqual(figures("outage"));
});

describe("an outage", () => {
  test("without jitter all come back in the same moment, with any jitter at most a third", () => {
    const [bare, ...spread] = figures("outage").map((row) => row.counts.tenthLater);

    expect(bare).toBe(100);
    expect(Math.max(...spread)).toBeLessThan(34);
  });

  test("full jitter from zero has the highest peak of all in the first second", () => {
    const peaks = figures("outage").map((row) => row.counts.firstSecond);
    const full = counts("outage", "full").firstSecond;

    expect(full).toBe(Math.max(...peaks));
    expect(full).toBeGreaterThan(2 * counts("outage", "no jitter").firstSecond);
  });

  test("under a shared budget the first second sees the calls, and retries as the budget says", () => {
    const { firstSecond } = counts("outage", "full, shared budget");

    // A fifth of 100 calls and one for each of ten seconds; one less where a retry was drawn later.
    expect(firstSecond).toBeGreaterThan(100);
    expect(firstSecond).toBeLessThanOrEqual(100 + 20 + 10);
  });

  test("a service that stays down gets 130 calls of 100 agents with a budget, without it 800", async () => {
    const forGood = { latencyMs: 50, outage: { fromMs: 0, untilMs: Infinity }, limit: undefined };
    const called = async (name: string): Promise<number> => {
      const { guard } = RETRIES.find((row) => row.name === name) ?? expect.unreachable(name);
      const { arrivals } = await playHerd({ ...ONCE, server: forGood, guard });
      return arrivals.length;
    };

    expect(await called("full, shared budget")).toBe(130);
    expect(await called("full")).toBe(800);
  });

  test("three layers of three attempts call three times, and 27 times where each is for itself", async () => {
    const forGood = { latencyMs: 50, outage: { fromMs: 0, untilMs: Infinity }, limit: undefined };
    const called = async (nested: "shared" | "independent"): Promise<number> => {
      const guard = threeLayers(nested);
      const { arrivals } = await playHerd({ ...ONCE, server: forGood, guard });
      return arrivals.length;
    };

    expect(await called("shared")).toBe(300);
    expect(await called("independent")).toBe(2_700);
  });
});

describe("a rate limit", () => {
  test("a Retry-After in whole seconds brings back together whom jitter would spread", () => {
    const names = ["no jitter", "equal", "full"];

    const together = names.map((name) => counts("limit", name).tenthLater);

    expect(together.filter((calls) => calls > 100)).toEqual(together);
    expect(counts("limit", "decorrelated").tenthLater).toBeLessThan(34);
  });

  test("behind a gate nearly half of the refusals are spared", () => {
    const alone = counts("limit", "full").refused;

    expect(counts("limit", "full, shared gate").refused).toBeLessThan(0.6 * alone);
  });

  test("behind a limit of one's own nobody is refused, and no second sees more", () => {
    const { refused, firstSecond, secondLater } = counts("limit", "full, shared rate limit");

    expect({ refused, firstSecond, secondLater }).toEqual({
      refused: 0,
      firstSecond: 20,
      secondLater: 20,
    });
  });

  test("after an outage it takes without jitter four times as long as with full", () => {
    const bare = counts("both", "no jitter").allMs;

    expect(bare).toBeGreaterThan(4 * counts("both", "full").allMs);
  });
});

const ONCE: Omit<Play, "server" | "guard"> = {
  agents: 100,
  calls: 1,
  againMs: Infinity,
  seed: 1,
};

/**
 * How everything here is measured.
 *
 * A machine that others use as well is twice as slow one minute and as fast as ever the next. So no
 * time stands alone: each batch of a case is preceded by a batch of the baseline, and what counts is
 * the ratio of the two neighbours. The order of the cases is drawn anew every round, and of all
 * rounds the median is told, with the 10th and the 90th percentile. One process measures one table, so
 * that what one has compiled and collected does not weigh on another.
 */

import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { seededDice } from "../src/index.ts";
import { shuffled, spreadOf, type Spread } from "./statistics.ts";
import { textTable, type Cell } from "./text-table.ts";

/** Something that is measured again and again. */
export interface Case {
  readonly name: string;
  /** Does it as often as makes a batch, and answers what doing it once cost. */
  readonly cost: () => number | Promise<number>;
  /** More cells of its line, made of what it cost. Default: none. */
  readonly cells?: ((cost: Spread) => readonly Cell[]) | undefined;
}

/** One table, as it is asked for. */
export interface Table {
  readonly title: string;
  /** What every other case is divided by. */
  readonly baseline: Case;
  readonly cases: readonly Case[];
  /** How a cost is told for people; it is the baseline's alone that is. */
  readonly unit: (cost: number) => string;
  /** The heads of the cells that the cases have besides. Default: none. */
  readonly heads?: readonly string[] | undefined;
  /** How many rounds, unless `--rounds N` says otherwise. Default 41. */
  readonly rounds?: number | undefined;
}

/** As many as give steady medians in a minute or two. */
const ROUNDS = 41;

/** Rounds before the first that counts: the compiler has settled by then. */
const WARM_UP_ROUNDS = 2;

/** Where the order of the cases comes from; the same in each run, so that runs can be compared. */
const SEED = "bench";

/** Measures the table and prints it as Markdown. */
export async function printTable(table: Table): Promise<void> {
  const { title, baseline, cases, unit, heads = [] } = table;
  const rounds = readRounds(table.rounds);
  const measured = await compare(table, rounds);
  const rows = [baseline, ...cases].map((item) => {
    const { cost, ratio } = measured.get(item.name) ?? NOTHING;
    const isBaseline = item === baseline;
    const ratios = isBaseline ? [1, ""] : [ratio.median, [ratio.low, ratio.high] as const];
    return [item.name, ...ratios, ...(item.cells?.(cost) ?? [])];
  });
  const { median, low, high } = measured.get(baseline.name)?.cost ?? NOTHING.cost;
  print(
    `## ${title}`,
    textTable(["case", "ratio", "10th to 90th percentile", ...heads], rows),
    `1 is ${unit(median)} (${unit(low)} to ${unit(high)}); ${rounds} rounds; ${machine()}`,
  );
}

/** Prints paragraphs. */
export function print(...paragraphs: readonly string[]): void {
  process.stdout.write(paragraphs.map((paragraph) => `${paragraph}\n\n`).join(""));
}

interface Measured {
  readonly cost: Spread;
  /** To the baseline's neighbouring batch. */
  readonly ratio: Spread;
}

const NOTHING: Measured = { cost: spreadOf([]), ratio: spreadOf([]) };

/** Measures all cases, and the baseline as often as all of them together. */
async function compare(table: Table, rounds: number): Promise<ReadonlyMap<string, Measured>> {
  const random = seededDice(SEED);
  const batches: { name: string; cost: number; ratio: number }[] = [];
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
    for (const { name, cost: measure } of shuffled(table.cases, random)) {
      const neighbour = await table.baseline.cost();
      const cost = await measure();
      if (round < 1) continue;
      batches.push({ name: table.baseline.name, cost: neighbour, ratio: 1 });
      batches.push({ name, cost, ratio: cost / neighbour });
    }
  }
  return new Map(
    Map.groupBy(batches, ({ name }) => name)
      .entries()
      .map(([name, own]) => [
        name,
        {
          cost: spreadOf(own.map(({ cost }) => cost)),
          ratio: spreadOf(own.map(({ ratio }) => ratio)),
        },
      ]),
  );
}

function readRounds(usual = ROUNDS): number {
  const { values } = parseArgs({ options: { rounds: { type: "string" } } });
  return values.rounds === undefined ? usual : Number(values.rounds);
}

function machine(): string {
  const [first, ...others] = cpus();
  const processors = `${others.length + 1} × ${first?.model.trim() ?? "unknown processor"}`;
  return `Node ${process.versions.node}, ${process.platform} ${release()}, ${processors}`;
}

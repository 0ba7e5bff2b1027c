/**
 * Prints tables, and keeps their figures for the aims. One process measures one table, so that what
 * one has compiled and collected does not weigh on another.
 */

import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { seededDice } from "../../src/index.ts";
import { compare, type Case, type Measured } from "./compare.ts";
import { keepFigures, type Line } from "./figures.ts";
import { spreadOf } from "./statistics.ts";
import { textTable, type Cell } from "./text-table.ts";

/** One table, as it is asked for. */
export interface Table {
  /** What aims call it. */
  readonly name: string;
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

/** Where the order of the cases comes from; the same in each run, so that runs can be compared. */
const SEED = "bench";

/** Measures the table, prints it as Markdown and keeps its figures. */
export async function printTable(table: Table): Promise<void> {
  const { name, title, baseline, cases, unit, heads = [] } = table;
  const rounds = readArguments().rounds ?? table.rounds ?? ROUNDS;
  const measured = await compare(baseline, cases, { rounds, random: seededDice(SEED) });
  const of = (item: Case): Measured => measured.get(item) ?? NOTHING;
  const lines = [
    lineOf(baseline, of(baseline), [1, ""]),
    ...cases.map((item) => lineOf(item, of(item), ratiosOf(of(item)))),
  ];
  const { median, low, high } = of(baseline).cost;
  printLines({ name, title, heads: ["ratio", "10th to 90th percentile", ...heads], lines });
  print(`1 is ${unit(median)} (${unit(low)} to ${unit(high)}); ${rounds} rounds; ${machine()}`);
}

/** A table whose lines are ready, as they are asked for. */
export interface ReadyTable {
  /** What aims call it. */
  readonly name: string;
  readonly title: string;
  /** The heads of all columns but the first. */
  readonly heads: readonly string[];
  readonly lines: readonly Line[];
}

/** Prints lines as Markdown, and keeps their figures. */
export function printLines({ name, title, heads, lines }: ReadyTable): void {
  const rows = lines.map(({ name: line, cells }) => [line, ...cells]);
  print(`## ${title}`, textTable(["case", ...heads], rows));
  const { figures } = readArguments();
  if (figures !== undefined) keepFigures(figures, { table: name, heads, lines });
}

/** Prints paragraphs. */
export function print(...paragraphs: readonly string[]): void {
  process.stdout.write(paragraphs.map((paragraph) => `${paragraph}\n\n`).join(""));
}

/** What the runner of all tables hands on: how many rounds, and the file that figures are kept in. */
export function readArguments(): { rounds: number | undefined; figures: string | undefined } {
  const { values } = parseArgs({
    options: { rounds: { type: "string" }, figures: { type: "string" } },
  });
  const { rounds, figures } = values;
  return { rounds: rounds === undefined ? undefined : Number(rounds), figures };
}

const NOTHING: Measured = { cost: spreadOf([]), ratio: spreadOf([]) };

function ratiosOf({ ratio }: Measured): Cell[] {
  return [ratio.median, [ratio.low, ratio.high]];
}

function lineOf({ name, cells }: Case, { cost }: Measured, ratios: readonly Cell[]): Line {
  return { name, cells: [...ratios, ...(cells?.(cost) ?? [])] };
}

function machine(): string {
  const [first, ...others] = cpus();
  const processors = `${others.length + 1} × ${first?.model.trim() ?? "unknown processor"}`;
  return `Node ${process.versions.node}, ${process.platform} ${release()}, ${processors}`;
}

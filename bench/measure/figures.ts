/** The figures of a run, in a file that each table appends to: one line of JSON for each table. */

import { appendFileSync, readFileSync } from "node:fs";
import type { Cell } from "./text-table.ts";

/** One line of a table. */
export interface Line {
  readonly name: string;
  /** Of all columns but the first. */
  readonly cells: readonly Cell[];
}

/** The numbers of one table; its columns are named by `heads`. */
export interface Figures {
  readonly table: string;
  /** Of all columns but the first. */
  readonly heads: readonly string[];
  readonly lines: readonly Line[];
}

/** Where one number stands. */
export interface Place {
  readonly table: string;
  readonly line: string;
  /** The head of its column. */
  readonly column: string;
}

/** Appends the figures of a table. */
export function keepFigures(file: string, figures: Figures): void {
  appendFileSync(file, `${JSON.stringify(figures)}\n`);
}

/** Reads what all tables have kept. */
export function readFigures(file: string): Figures[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Figures);
}

/** The number at a place; `undefined` where there is none. */
export function figureAt(
  figures: readonly Figures[],
  { table, line, column }: Place,
): number | undefined {
  const found = figures.find((each) => each.table === table);
  const cells = found?.lines.find(({ name }) => name === line)?.cells;
  const cell = cells?.[found?.heads.indexOf(column) ?? -1];
  // What is no finite number comes out of JSON as null.
  return typeof cell === "number" ? cell : undefined;
}

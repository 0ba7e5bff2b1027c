/** Whether an aim holds: a pure rule, tried in test/bench-aims.test.ts. */

import { figureAt, type Figures, type Place } from "./figures.ts";
import type { Cell } from "./text-table.ts";

/** A bound on a figure, or on the ratio of two. */
export interface Aim {
  /** What is aimed at, for people. */
  readonly name: string;
  readonly of: Place;
  /** What it is divided by. Default: nothing. */
  readonly against?: Place | undefined;
  /** The most that meets the aim. */
  readonly most: number;
}

/** What became of an aim: a number, or the place where one is missing. */
export type Judgement =
  | { readonly value: number; readonly isMet: boolean }
  | { readonly missing: Place };

/** Holds an aim against the figures of a run. */
export function judge({ of, against, most }: Aim, figures: readonly Figures[]): Judgement {
  const figure = figureAt(figures, of);
  if (figure === undefined) return { missing: of };
  const divisor = against === undefined ? 1 : figureAt(figures, against);
  if (divisor === undefined) return { missing: against ?? of };
  const value = figure / divisor;
  return { value, isMet: value <= most };
}

/** The judgement as cells: what was measured, the bound, and what became of it. */
export function judgedCells({ most }: Aim, judgement: Judgement): Cell[] {
  if ("missing" in judgement) {
    const { table, line } = judgement.missing;
    return ["", most, `not measured: ${table}, ${line}`];
  }
  const { value, isMet } = judgement;
  // Rounded up: what is missed never reads as 1.00 times.
  const times = Math.ceil((value / most) * 100) / 100;
  return [value, most, isMet ? "met" : `missed: ${times.toFixed(2)} times the aim`];
}

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AIMS } from "../bench/aim-list.ts";
import { figureAt, keepFigures, readFigures, type Figures } from "../bench/measure/figures.ts";
import { judge, judgedCells, type Aim } from "../bench/measure/judge.ts";

const FIGURES: readonly Figures[] = [
  {
    table: "policies",
    heads: ["ratio", "range", "bytes"],
    lines: [
      { name: "floor", cells: [2, [1, 3], 345] },
      { name: "retry", cells: [2.5, [2, 3], 600] },
      { name: "timeout", cells: [3.6, [3, 4], NaN] },
    ],
  },
  { table: "keyed", heads: ["bytes", "timers"], lines: [{ name: "retry", cells: [251, 0] }] },
];

const ratio = (line: string) => ({ table: "policies", line, column: "ratio" });

test.for<[what: string, aim: Omit<Aim, "name">, cells: unknown[]]>([
  [
    "a ratio below its bound is met",
    { of: ratio("retry"), against: ratio("floor"), most: 1.5 },
    [1.25, 1.5, "met"],
  ],
  ["a figure at its bound is met", { of: ratio("retry"), most: 2.5 }, [2.5, 2.5, "met"]],
  [
    "of a ratio above its bound is told by how much",
    { of: ratio("timeout"), against: ratio("floor"), most: 1.5 },
    [1.8, 1.5, "missed: 1.20 times the aim"],
  ],
  [
    "a bound of 0 can be met",
    { of: { table: "keyed", line: "retry", column: "timers" }, most: 0 },
    [0, 0, "met"],
  ],
  [
    "a figure is taken from its column, in its table",
    { of: { table: "keyed", line: "retry", column: "bytes" }, most: 250 },
    [251, 250, "missed: 1.01 times the aim"],
  ],
  [
    "without its table nothing is said",
    { of: { table: "bundle", line: "retry", column: "gzip" }, most: 1 },
    ["", 1, "not measured: bundle, retry"],
  ],
  [
    "without its line nothing is said",
    { of: ratio("hedge"), against: ratio("floor"), most: 1 },
    ["", 1, "not measured: policies, hedge"],
  ],
  [
    "without its column nothing is said",
    { of: { table: "keyed", line: "retry", column: "ratio" }, most: 1 },
    ["", 1, "not measured: keyed, retry"],
  ],
  [
    "without what it is divided by nothing is said",
    { of: ratio("retry"), against: ratio("best"), most: 1 },
    ["", 1, "not measured: policies, best"],
  ],
  [
    "a range is no figure",
    { of: { table: "policies", line: "retry", column: "range" }, most: 9 },
    ["", 9, "not measured: policies, retry"],
  ],
])("%s", ([what, given, cells]) => {
  const aim = { name: what, ...given };

  expect(judgedCells(aim, judge(aim, FIGURES))).toEqual(cells);
});

test("figures come out of their file as they were kept, and what was no number is none", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-figures-"));
  const file = join(folder, "figures.jsonl");
  try {
    for (const figures of FIGURES) keepFigures(file, figures);

    const read = readFigures(file);

    expect(read.map(({ table }) => table)).toEqual(["policies", "keyed"]);
    expect(figureAt(read, ratio("retry"))).toBe(2.5);
    expect(figureAt(read, { ...ratio("timeout"), column: "bytes" })).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("every aim stands on a table that is there", () => {
  const places = AIMS.flatMap(({ of, against }) => (against === undefined ? [of] : [of, against]));
  const files = new Set(places.map(({ table }) => table.replace(/-\d+$/, "")));

  const missing = [...files].filter(
    (name) => !existsSync(join(import.meta.dirname, "../bench", `${name}.ts`)),
  );
  expect(missing).toEqual([]);
});

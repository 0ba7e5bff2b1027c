/** The figures as they stand in the page. */

import type { Counts, Figures } from "./figures.ts";

const COLUMNS: readonly (readonly [head: string, cell: (counts: Counts) => string])[] = [
  ["calls", ({ calls }) => String(calls)],
  ["refused", ({ refused }) => String(refused)],
  ["given up", ({ failures }) => String(failures)],
  ["in the first second", ({ firstSecond }) => String(firstSecond)],
  ["most in a later second", ({ secondLater }) => String(secondLater)],
  ["most in a later 0.1 s", ({ tenthLater }) => String(tenthLater)],
  ["half done after", ({ halfMs }) => seconds(halfMs)],
  ["all done after", ({ allMs }) => seconds(allMs)],
];

/** The page with these figures where it has those of the scenario. @throws {Error} When it has no place for them. */
export function withFigures(page: string, id: string, figures: readonly Figures[]): string {
  const begin = `<!-- played: ${id} -->\n`;
  const end = `<!-- end: ${id} -->`;
  const [before, rest] = page.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined) throw new Error(`The page has no place "${id}"`);
  return `${before}${begin}\n${tableOf(figures)}\n\n${listOf(figures)}\n\n${end}${after}`;
}

function tableOf(figures: readonly Figures[]): string {
  const heads = ["", ...COLUMNS.map(([head]) => head)];
  const rules = heads.map((_, index) => (index === 0 ? "---" : "---:"));
  const rows = figures.map(({ name, counts }) => [
    name,
    ...COLUMNS.map(([, cell]) => cell(counts)),
  ]);
  const lines = [heads, rules, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return ["<!-- prettier-ignore -->", ...lines].join("\n");
}

/** Calls in each second. */
function listOf(figures: readonly Figures[]): string {
  const width = Math.max(...figures.map(({ name }) => name.length));
  const line = (name: string, cells: readonly number[]): string =>
    [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(3))].join(" ").trimEnd();
  const count = figures[0]?.perSecond.length ?? 0;
  const head = Array.from({ length: count }, (_, index) => index + 1);
  const lines = figures.map(({ name, perSecond }) => line(name, perSecond));
  return ["```text", line("second", head), ...lines, "```"].join("\n");
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

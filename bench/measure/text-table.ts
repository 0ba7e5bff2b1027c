/** A table as Markdown, wide enough to be read as it is. */

import { formatNumber } from "./statistics.ts";

/** Text, a number, or a range from one number to another. */
export type Cell = string | number | readonly [from: number, to: number];

/** Lays out a table; all but the first column lean to the right. */
export function textTable(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = [heads, ...rows.map((row) => row.map(cellText))];
  const widths = heads.map((_, column) =>
    Math.max(3, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  const [head = [], ...body] = texts.map((row) =>
    widths.map((width, column) => {
      const text = row[column] ?? "";
      return column === 0 ? text.padEnd(width) : text.padStart(width);
    }),
  );
  return [head, rule, ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function cellText(cell: Cell): string {
  if (typeof cell === "string") return cell;
  if (typeof cell === "number") return formatNumber(cell);
  return cell.map(formatNumber).join(" to ");
}

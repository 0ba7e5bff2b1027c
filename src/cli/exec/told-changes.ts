/** What a command would change in files, as text. */

import type { Redactor } from "../../core/redact.ts";
import { changeLine, linesOf, type FileChange } from "../../process/overlay-changes.ts";
import { printable } from "../printable.ts";

/** More files than this are counted only. */
const MOST_TOLD = 200;

/** Lines, each with its newline; the lines of text files that differ stand below their file. */
export async function toldChanges(
  changes: readonly FileChange[],
  cwd: string,
  secrets: Redactor,
): Promise<string> {
  if (changes.length === 0) return "holdfast: dry run: it would change no files\n";
  const count = `${changes.length} ${changes.length === 1 ? "change" : "changes"} in files`;
  const lines = [`holdfast: dry run: it would make ${count}:`];
  for (const change of changes.slice(0, MOST_TOLD)) {
    lines.push(`  ${changeLine(change, cwd)}`);
    const differing = change.change === "deleted" ? undefined : await linesOf(change);
    lines.push(
      ...(differing ?? "")
        .split("\n")
        .filter(Boolean)
        .map((line) => `      ${line}`),
    );
  }
  const more = changes.length - MOST_TOLD;
  if (more > 0) lines.push(`  … and ${more} more`);
  return `${printable(secrets.text(lines.join("\n")))}\n`;
}

/** What a command would change in files, as text. */

import type { Redactor } from "../../core/redact.ts";
import { changeLine, linesOf, type FileChange } from "../../process/overlay-changes.ts";
import { printable } from "../printable.ts";
import type { SweptLayers } from "./overlaid.ts";

/** More files than this are counted only. */
const MOST_TOLD = 200;

/** What became of a transaction that was killed, in a line; empty where there is nothing to tell. */
export function toldSwept({ runId, isFinished, stages, kept }: SweptLayers): string {
  const others = kept.length === 0 ? "" : `; ${toldKept(kept)}`;
  if (isFinished) {
    return `holdfast: the transaction of run ${runId} was cut off while its changes were put in place; that is done now${others}\n`;
  }
  if (stages === 0) return "";
  return `holdfast: the transaction of run ${runId} was cut off before its changes were put in place; its copies are removed, and all is as it was\n`;
}

/** What others had put where a change was put in place. */
export function toldKept(kept: readonly string[]): string {
  return `others changed files in the last moment, and theirs are kept: ${printable(kept.join(", "))}`;
}

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

/** `holdfast prune`: deletes old runs, and gives their space back. */

import { formatMs, findMs } from "../core/duration.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { Journal } from "../core/journal.ts";
import { formatBytes } from "../core/size.ts";
import type { Compaction } from "../journal/sqlite-space.ts";
import type { SqliteJournal } from "../journal/sqlite.ts";
import { UsageError, type Arguments, type Command, type World } from "./command.ts";
import { DEFAULT_KEPT, pruneAll, retentionOf, type Kept } from "./prune-runs.ts";

/** See the header. */
export const prune: Command = {
  name: "prune",
  usage: "[--older-than AGE] [--keep N] [--dry-run] [--json]",
  details: `
A run is deleted when it ended longer ago than AGE and is not among the N newest finished
runs of its automation. What is unfinished, or held by a process, stays. Others go on
writing meanwhile. holdfast run deletes a few by the same defaults at its end, unless
HOLDFAST_PRUNE=off is set.`,
  positionals: { min: 0, max: 0, words: [] },
  flags: {
    "older-than": { type: "string", value: "AGE", summary: "As 90d, the default, or 12h" },
    keep: {
      type: "string",
      value: "N",
      summary: "Keep so many of each automation, whatever their age; default 20",
    },
    "dry-run": { type: "boolean", summary: "Delete nothing, and tell what would be" },
    json: { type: "boolean", summary: "Print the outcome as JSON" },
  },
  examples: [
    { line: "holdfast prune --dry-run", does: "See what would be deleted" },
    { line: "holdfast prune --older-than 30d --keep 5", does: "Keep a month" },
  ],

  async run(args, world) {
    const kept = readKept(args);
    const journal = await world.openJournal();
    try {
      const outcome = args.has("dry-run")
        ? { count: await countPrunable(journal, kept, world), isDry: true }
        : { count: await pruneAll(journal, kept, world), space: await compact(journal) };
      world.print(args.has("json") ? asJson(outcome) : asText(outcome, kept));
      return EXIT.ok;
    } finally {
      await journal.close();
    }
  },
};

interface Outcome {
  readonly count: number;
  readonly isDry?: boolean;
  readonly space?: Compaction | undefined;
}

function asJson({ count, isDry = false, space }: Outcome): string {
  const document = { schema: 1, dryRun: isDry, runs: count, ...space };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function asText({ count, isDry = false, space }: Outcome, { olderThanMs, keep }: Kept): string {
  const runs = `${count} run${count === 1 ? "" : "s"}`;
  const rule = `older than ${formatMs(olderThanMs)}, beside the newest ${keep} of each automation`;
  if (isDry) return `${runs} would be deleted: ${rule}\n`;
  const freed =
    space === undefined
      ? ""
      : `; ${formatBytes(space.freedBytes)} given back, the journal takes ${formatBytes(space.bytes)}${
          space.freeBytes > 0 ? `, ${formatBytes(space.freeBytes)} of it free` : ""
        }`;
  return `${runs} deleted: ${rule}${freed}\n`;
}

/** A journal on a server gives space back by itself. */
function inFile(journal: Journal): SqliteJournal | undefined {
  return "compact" in journal ? (journal as SqliteJournal) : undefined;
}

async function compact(journal: Journal): Promise<Compaction | undefined> {
  return inFile(journal)?.compact();
}

async function countPrunable(journal: Journal, kept: Kept, world: World): Promise<number> {
  const file = inFile(journal);
  if (file === undefined)
    throw new UsageError(
      "--dry-run takes a journal in a file, and HOLDFAST_JOURNAL names a database",
    );
  const found = await file.findPrunable(retentionOf(kept, world, Infinity));
  return found.length;
}

function readKept(args: Arguments): Kept {
  const age = args.text("older-than");
  const keep = args.text("keep");
  return {
    olderThanMs: age === undefined ? DEFAULT_KEPT.olderThanMs : readAge(age),
    keep: keep === undefined ? DEFAULT_KEPT.keep : readCount(keep),
  };
}

function readAge(text: string): number {
  const ms = findMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new UsageError(
    `--older-than: expected an age such as 90d or 12h, received ${JSON.stringify(text)}`,
  );
}

function readCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new UsageError(`--keep: expected a whole number from 0, received ${JSON.stringify(text)}`);
}

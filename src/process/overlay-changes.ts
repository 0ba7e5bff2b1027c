/** What a layer holds that the directory below it does not, file by file. */

import { lstat, open, readdir, readFile, readlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { textDiff } from "./text-diff.ts";

/** A directory, and where the layer above it lies. */
export interface Layer {
  readonly lower: string;
  /** Holds `upper`, and `entries` once the command has ended. */
  readonly home: string;
}

/** One file, link or directory that is another one now. */
export interface FileChange {
  /** Absolute, where it is or will be. */
  readonly path: string;
  /** `touched`: nothing but when it was last written. */
  readonly change: "added" | "changed" | "touched" | "deleted";
  readonly kind: "file" | "directory" | "link" | "other";
  /** Whether something of another kind was there: a file where a directory is now. Default false. */
  readonly replaces?: boolean | undefined;
  /** Of files; missing where there was, or is, none. */
  readonly sizeBefore?: number | undefined;
  readonly sizeAfter?: number | undefined;
  /** Where the new one lies until it is put in place; missing when it is deleted. */
  readonly source?: string | undefined;
}

type Stats = Awaited<ReturnType<typeof lstat>>;

/** All changes, directories before what is in them. */
export async function changesIn({ lower, home }: Layer): Promise<readonly FileChange[]> {
  const upper = join(home, "upper");
  const listed = (await readFile(join(home, "entries"), "utf8")).split("\0").filter(Boolean);
  const present = new Set(listed.map((entry) => join("/", entry)));
  return changesBelow("/", { upper, lower, present });
}

interface Trees {
  readonly upper: string;
  readonly lower: string;
  /** What is there in the end, in the directories that were touched. */
  readonly present: ReadonlySet<string>;
}

async function changesBelow(at: string, trees: Trees): Promise<FileChange[]> {
  const above = await readdir(join(trees.upper, at));
  const below = await namesIn(join(trees.lower, at));
  const names = [...new Set([...above, ...below])].toSorted();
  const changes: FileChange[] = [];
  for (const name of names) {
    const place = join(at, name);
    const isThere = trees.present.has(place);
    if (isThere ? above.includes(name) && isMangled(name) : isMangled(name)) {
      // What cannot be named cannot be put in place either, and nobody is to believe that it was.
      const change = isThere ? "changed" : "deleted";
      changes.push({ path: join(trees.lower, place), change, kind: "other" });
    } else if (!isThere) changes.push(...(await deleted(join(trees.lower, place))));
    else if (above.includes(name)) changes.push(...(await compared(place, trees)));
  }
  return changes;
}

/** Whether its bytes are no UTF-8, so that Node shows it by another name. */
function isMangled(name: string): boolean {
  return name.includes("\uFFFD");
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const stats = await find(directory);
  return stats?.isDirectory() === true ? readdir(directory) : [];
}

/** What was made and removed again was never there. */
async function deleted(path: string): Promise<FileChange[]> {
  const before = await find(path);
  if (before === undefined) return [];
  return [{ path, change: "deleted", kind: kindOf(before), sizeBefore: sizeOf(before) }];
}

async function compared(place: string, trees: Trees): Promise<FileChange[]> {
  const [source, path] = [join(trees.upper, place), join(trees.lower, place)];
  const [after, before] = [await lstat(source), await find(path)];
  const isOther = before === undefined || kindOf(before) !== kindOf(after);
  const replaces = before !== undefined && isOther;
  const inside = after.isDirectory() ? await changesBelow(place, trees) : [];
  const isUnchanged =
    !isOther && (await isSame({ path, stats: before }, { path: source, stats: after }));
  const isTouched = isUnchanged && after.isFile() && before.mtimeMs !== after.mtimeMs;
  if (isUnchanged && !isTouched) return inside;
  const own: FileChange = {
    path,
    change: before === undefined ? "added" : isTouched ? "touched" : "changed",
    kind: kindOf(after),
    ...(replaces ? { replaces } : {}),
    sizeBefore: sizeOf(before),
    sizeAfter: sizeOf(after),
    source,
  };
  return [own, ...inside];
}

interface Entry {
  readonly path: string;
  readonly stats: Stats;
}

async function isSame(before: Entry, after: Entry): Promise<boolean> {
  const { mode, uid, gid, size } = before.stats;
  const { stats } = after;
  if (mode !== stats.mode || uid !== stats.uid || gid !== stats.gid) return false;
  if (stats.isSymbolicLink()) return (await readlink(before.path)) === (await readlink(after.path));
  if (!stats.isFile()) return stats.isDirectory();
  return size === stats.size && (await isSameContent(before.path, after.path));
}

const CHUNK_BYTES = 1 << 20;

async function isSameContent(one: string, other: string): Promise<boolean> {
  await using first = await open(one);
  await using second = await open(other);
  const [a, b] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
  for (;;) {
    const { bytesRead } = await first.read(a, 0, CHUNK_BYTES);
    const { bytesRead: others } = await second.read(b, 0, CHUNK_BYTES);
    if (bytesRead !== others || !a.subarray(0, bytesRead).equals(b.subarray(0, others)))
      return false;
    if (bytesRead === 0) return true;
  }
}

async function find(path: string): Promise<Stats | undefined> {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
}

function kindOf(stats: Stats): FileChange["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "link" : "other";
}

function sizeOf(stats: Stats | undefined): number | undefined {
  return stats?.isFile() === true ? Number(stats.size) : undefined;
}

/** The longest file whose lines are shown. */
const MAX_TEXT_BYTES = 256 * 1_024;

/**
 * The lines of a file that differ, at most 40; `undefined` for what is no text, or longer than 256 KiB.
 */
export async function linesOf(change: FileChange): Promise<string | undefined> {
  const { path, source, kind, sizeBefore = 0, sizeAfter = 0 } = change;
  if (kind !== "file" || Math.max(sizeBefore, sizeAfter) > MAX_TEXT_BYTES) return undefined;
  const before = change.change === "added" ? "" : await readFile(path, "utf8").catch(() => "");
  const after = source === undefined ? "" : await readFile(source, "utf8");
  const isText = !/[\0\uFFFD]/.test(before) && !/[\0\uFFFD]/.test(after);
  return isText ? textDiff(before, after) : undefined;
}

/** A change in a line: `changed  etc/a.conf  120 → 131 bytes`. @param from Where paths are shown from. */
export function changeLine(change: FileChange, from: string): string {
  const { path, kind, sizeBefore, sizeAfter } = change;
  const name = `${relative(from, path) || "."}${kind === "directory" ? "/" : ""}`;
  const sizes = [sizeBefore, sizeAfter].filter((size) => size !== undefined).join(" → ");
  return `${change.change.padEnd(7)}  ${name}${sizes === "" ? "" : `  ${sizes} bytes`}`;
}

/**
 * Puts a file in its place so that it can be taken back: what was there before is kept beside it,
 * under a name made from a key, and a note says which contents are ours.
 *
 *   .<key>.partial   the new content, until it is renamed
 *   .<key>.before    the former file: a hard link, or a copy where there are none
 *   .<key>.note      whether there was one, and the sums of what was put in its place
 *
 * The note is on the disk before the rename. So whoever comes after a kill can tell a file of ours
 * from one that somebody else put there.
 */

import { createReadStream } from "node:fs";
import { link, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { contentSum } from "./content-sum.ts";
import type { FileContent } from "./file-content.ts";
import {
  findPlain,
  flushDirectory,
  putInPlace,
  replaceBy,
  unlessMissing,
  writePartial,
  type WrittenFile,
} from "./replace-file.ts";

interface Note {
  /** Whether there was a file before the first attempt. */
  readonly existed: boolean;
  /** Of every content that an attempt put there. */
  readonly ours: readonly string[];
}

/** Says that a file system has no hard links, or takes no more of them. */
const NO_LINK = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);

/** Everything that is made beside `path` for the key; all of it may be removed when it is final. */
export function keptPaths(path: string, key: string): readonly string[] {
  return Object.values(placesOf(path, key));
}

function placesOf(path: string, key: string) {
  const at = (what: string) => join(dirname(path), `.${key}.${what}`);
  return {
    partial: at("partial"),
    before: at("before"),
    beforePartial: at("before.partial"),
    note: at("note"),
    notePartial: at("note.partial"),
  };
}

/** How it is written. */
export interface Keeping {
  readonly key: string;
  readonly mode?: number | undefined;
  readonly signal: AbortSignal;
}

/** Replaces the file at `path`, and keeps what was there. Bears that an attempt was cut off anywhere. */
export async function replaceKept(
  path: string,
  content: FileContent,
  { key, mode, signal }: Keeping,
): Promise<WrittenFile> {
  const places = placesOf(path, key);
  const partial = { partial: places.partial, path };
  const { written, inode } = await writePartial(partial, content, { mode, signal });
  const note = (await findNote(places.note)) ?? { existed: await keep(path, places), ours: [] };
  await writeNote(places, { ...note, ours: [...note.ours, written.sha256] });
  await putInPlace(partial, { inode, signal });
  return written;
}

/** What became of the file: it is as before, or somebody else put another one there. */
export type PutBack = "as before" | "not ours";

/** Puts back what was there before, or removes the file, when it is one that was put there by the key. */
export async function putBack(path: string, key: string): Promise<PutBack> {
  const places = placesOf(path, key);
  const note = await findNote(places.note);
  const outcome = note === undefined ? "as before" : await takeBack(path, places, note);
  const { partial, beforePartial, note: noteFile, notePartial } = places;
  // The note goes last: without it nothing is taken back any more.
  for (const rest of [partial, beforePartial, notePartial, noteFile])
    await rm(rest, { force: true });
  return outcome;
}

async function takeBack(
  path: string,
  { before }: ReturnType<typeof placesOf>,
  { existed, ours }: Note,
): Promise<PutBack> {
  const kept = await findPlain(before);
  const sum = await contentSum(path);
  const isOurs = sum !== undefined && ours.includes(sum);
  if (existed && kept === undefined) {
    // It was put back, and the process died before the note was removed.
    if (!isOurs) return "as before";
    throw new Error(`what was at ${path} before is gone from ${before}`);
  }
  if (!existed) {
    if (sum !== undefined && !isOurs) return "not ours";
    await rm(path, { force: true });
  } else if (sum === undefined || isOurs) {
    await rename(before, path);
  } else {
    const isFormer = sum === (await contentSum(before));
    await rm(before);
    return isFormer ? "as before" : "not ours";
  }
  await flushDirectory(dirname(path));
  return "as before";
}

/** Answers whether there was a file. */
async function keep(path: string, places: ReturnType<typeof placesOf>): Promise<boolean> {
  if ((await findPlain(path)) === undefined) return false;
  // Of an attempt that was cut off before its note.
  await rm(places.before, { force: true });
  try {
    await link(path, places.before);
  } catch (error) {
    if (!NO_LINK.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    const copy = { partial: places.beforePartial, path: places.before };
    await replaceBy(copy, createReadStream(path), { mode: (await findPlain(path))?.mode });
  }
  return true;
}

async function findNote(path: string): Promise<Note | undefined> {
  const text = await readFile(path, "utf8").catch(unlessMissing);
  return text === undefined ? undefined : (JSON.parse(text) as Note);
}

async function writeNote(places: ReturnType<typeof placesOf>, note: Note): Promise<void> {
  const { note: path, notePartial: partial } = places;
  await replaceBy({ partial, path }, JSON.stringify(note), { mode: 0o600 });
}

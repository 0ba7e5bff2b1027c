/**
 * The second half of putting an overlay's changes in place: what stands ready beside its place is
 * renamed, and what is deleted is moved aside. Each part of it may be done again, so that whoever was
 * killed in it can be followed by another one.
 */

import { chmod, lchown, lstat, open, readFile, rename, rm, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** What is left to do, as it is written down. */
export interface Ready {
  /** The directories in which all new things lie, each in the one that they are for. */
  readonly stages: readonly string[];
  readonly moves: readonly Move[];
  readonly attributes: readonly Attributes[];
}

/** One thing that is put in place, or goes. */
export interface Move {
  /** Missing when it goes. */
  readonly from?: string | undefined;
  readonly to: string;
  /** Where the old one is moved to. */
  readonly aside: string;
  /** What the old one looked like, as `lookOf` tells it: what looks otherwise is somebody else's. */
  readonly look: string;
}

/** What a file or directory that stays is given. */
export interface Attributes {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Milliseconds since the Unix epoch; directories have the time of what was done in them. */
  readonly modifiedAtMs?: number | undefined;
}

/** The name of the file in the layers' directory that holds it. */
export const READY = "ready";

/**
 * Does what is left of a commit that was cut off; nothing when none had come that far. Answers where
 * that which others put there meanwhile lies now. Rejects where the system does: then it can be called
 * again.
 */
export async function finishCommit(spool: string): Promise<readonly string[]> {
  const file = join(spool, READY);
  const text = await readFile(file, "utf8").catch(unlessMissing);
  if (text === undefined) return [];
  const { stages, moves, attributes } = JSON.parse(text) as Ready;
  const kept: string[] = [];
  for (const move of moves) kept.push(...(await perform(move)));
  for (const place of stages.map((stage) => dirname(stage))) {
    await flush(place).catch(unlessMissing);
  }
  for (const stage of stages) await rm(stage, { recursive: true, force: true, maxRetries: 3 });
  for (const each of attributes) await give(each).catch(unlessMissing);
  await rm(file);
  return kept;
}

/** What was done before is not done again: its stage is gone, or what is to be put in place is. */
async function perform({ from, to, aside, look }: Move): Promise<string[]> {
  const isDone = await isMissing(from ?? dirname(aside));
  if (isDone || (from === undefined && !(await isMissing(aside)))) return [];
  const there = await lookOf(to);
  const isOthers = there !== "" && there !== look;
  // What others made is not thrown away: only they know what it is for.
  const place = isOthers ? `${to}${basename(dirname(aside))}` : aside;
  if (
    there !== "" &&
    (isOthers || from === undefined || isEitherDirectory(there, await lookOf(from)))
  ) {
    await rename(to, place);
  }
  if (from !== undefined) await rename(from, to);
  return isOthers ? [place] : [];
}

async function give({ path, mode, uid, gid, modifiedAtMs }: Attributes): Promise<void> {
  await lchown(path, uid, gid);
  await chmod(path, mode);
  if (modifiedAtMs !== undefined) await utimes(path, modifiedAtMs / 1_000, modifiedAtMs / 1_000);
}

/** By what a thing is known again; empty when there is none. Not by its ctime, which others' links change. */
export async function lookOf(path: string): Promise<string> {
  const stats = await lstat(path).catch(unlessMissing);
  if (stats === undefined) return "";
  const { ino, size, mode, uid, gid, mtimeMs } = stats;
  const kind = stats.isDirectory() ? "directory" : "other";
  // A directory is another one with whatever is made in it, which says nothing.
  return [kind, ino, mode, uid, gid, ...(kind === "directory" ? [] : [size, mtimeMs])].join(" ");
}

/** One is never renamed over by something else. */
function isEitherDirectory(...looks: readonly string[]): boolean {
  return looks.some((look) => look.startsWith("directory"));
}

async function isMissing(path: string): Promise<boolean> {
  return (await lstat(path).catch(unlessMissing)) === undefined;
}

/** @internal */
export async function flush(path: string): Promise<void> {
  await using handle = await open(path);
  await handle.sync();
}

/** For `catch`: what is not there is no error. */
export function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}

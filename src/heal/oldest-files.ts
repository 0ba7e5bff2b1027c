/**
 * The files that match a glob, and deleting them one by one. Nothing outside of the glob's root is ever
 * touched: no link is followed out of it, no other file system entered, nothing deleted but regular
 * files.
 */

import { glob, lstat, open, realpath, statfs, unlink } from "node:fs/promises";
import { constants, existsSync, readlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isWithin } from "../core/permissions.ts";
import type { Candidate, Resource } from "./room.ts";

/** More files than this do not go into memory. */
const MOST_FILES = 500_000;

/** Where blocks are counted, they are counted in so many bytes. Source: stat(2). */
const BLOCK_BYTES = 512;

/** The directory of a glob, as it really is. */
export interface Root {
  readonly path: string;
  readonly device: number;
}

/** The directory itself may be a link: it was named by whoever wrote the glob. */
export async function openRoot(path: string): Promise<Root> {
  const real = await realpath(path);
  if (real === "/") throw new Error(`${path} is the whole machine`);
  return { path: real, device: (await lstat(real)).dev };
}

/**
 * The regular files that match, within the root and on its file system. Rejects where there are too
 * many: of a part of them nobody knows which are the newest.
 */
export async function findCandidates(
  pattern: string,
  root: Root,
  signal: AbortSignal,
): Promise<Candidate[]> {
  // By their real places: two ways may lead to one file, which is to be kept as one.
  const found = new Map<string, Candidate>();
  const folders = new Map<string, Promise<string>>();
  for await (const path of glob(pattern)) {
    signal.throwIfAborted();
    const name = dirname(path);
    const folder = folders.get(name) ?? realpath(name);
    folders.set(name, folder);
    const candidate = await examine(folder, basename(path), root);
    if (candidate !== undefined) found.set(candidate.path, candidate);
    if (found.size > MOST_FILES) throw new Error(`more than ${MOST_FILES} files match ${pattern}`);
  }
  return [...found.values()];
}

async function examine(
  folder: Promise<string>,
  name: string,
  root: Root,
): Promise<Candidate | undefined> {
  try {
    const real = await folder;
    if (!isWithin(real, [root.path])) return undefined;
    const path = join(real, name);
    const stats = await lstat(path);
    if (!stats.isFile() || stats.dev !== root.device) return undefined;
    const { ino: inode, mtimeMs: modifiedMs, blocks, nlink: links } = stats;
    return { path, inode, modifiedMs, bytes: blocks * BLOCK_BYTES, links };
  } catch {
    return undefined; // Gone meanwhile, or not for us to see.
  }
}

/** A file that cannot be deleted stays; others may go. It is immutable, a mount point, or not ours. */
const STAYS: ReadonlySet<unknown> = new Set(["EPERM", "EACCES", "EBUSY"]);

/**
 * Deletes a file, by way of its opened directory: whoever puts a link in that one's place meanwhile
 * leads nobody out of the root. Answers why the file stays: it is another one by now, gone, or cannot be
 * deleted. Rejects where the directory is no longer where it was.
 */
export async function deleteFile(file: Candidate, root: Root): Promise<string | undefined> {
  try {
    return await deleteWithin(file, root);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "it is gone";
    if (STAYS.has(code)) return String(code);
    throw error;
  }
}

async function deleteWithin(
  { path, inode, modifiedMs }: Candidate,
  root: Root,
): Promise<string | undefined> {
  const folder = await open(
    dirname(path),
    constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
  );
  try {
    const { dev } = await folder.stat();
    const way = `/proc/self/fd/${folder.fd}`;
    // Without /proc the way by names is all that there is.
    const [place, real] = existsSync(way)
      ? [way, readlinkSync(way)]
      : [dirname(path), await realpath(dirname(path))];
    if (dev !== root.device || !isWithin(real, [root.path])) {
      throw new Error(`${dirname(path)} no longer lies within ${root.path}`);
    }
    const file = join(place, basename(path));
    const found = await lstat(file);
    if (found.ino !== inode || found.mtimeMs !== modifiedMs) return "it is another one by now";
    await unlink(file);
    return undefined;
  } finally {
    await folder.close();
  }
}

/** What is free where the root lies, of what there is in all. */
export interface Room {
  /** For those without privileges. */
  readonly free: number;
  /** With what is kept for root: where that is used up, deleting fills it first. */
  readonly unused: number;
  readonly total: number;
}

/** Measures a file system. */
export async function measureRoom(path: string, resource: Resource): Promise<Room> {
  const { bsize, bavail, bfree, blocks, ffree, files } = await statfs(path);
  return resource === "bytes"
    ? { free: bavail * bsize, unused: bfree * bsize, total: blocks * bsize }
    : { free: ffree, unused: ffree, total: files };
}

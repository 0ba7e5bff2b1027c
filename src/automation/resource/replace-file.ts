/**
 * Files that are replaced as a whole or not at all.
 *
 * The content goes to a partial file beside the target, is flushed to the disk and measured, and is
 * then renamed over the target, whose directory is flushed too. Killed or cut from its power at any
 * moment, the target is the old file or the new one.
 */

import { createHash, randomUUID } from "node:crypto";
import { lstat, open, rename, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FileRefusedError } from "../../core/errors.ts";
import { integer, part, readOptions, type Reader } from "../../core/options.ts";
import { bytesOf, type FileContent } from "./file-content.ts";

/** What was written. */
export interface WrittenFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** How a file is replaced. */
export interface ReplaceFileOptions {
  /** The permissions, as `0o640`. Default: those of the file that it replaces, else 0o666 less the umask. */
  readonly mode?: number | undefined;
  /** Ends the writing: nothing is replaced then. */
  readonly signal?: AbortSignal | undefined;
}

/** Reads a file's permissions. */
export const fileMode = integer({ min: 0, max: 0o7777, default: undefined });

const READERS = {
  mode: fileMode,
  signal: part<AbortSignal, undefined>({ methods: ["addEventListener"], default: undefined }),
} satisfies Record<keyof ReplaceFileOptions, Reader<unknown>>;

/** Of the target's name in that of the partial file, in bytes: a name may have 255 in all. */
const NAMED_BYTES = 100;

/**
 * Replaces the file at `path`, or makes it, in one step: whoever reads it finds the old content or
 * the new one. It is on the disk when the promise resolves. Needs no run.
 *
 * Rejects with `FileRefusedError` when a directory, a link or anything else that is no plain file is
 * there, and otherwise as the file system or the content's stream does; nothing is replaced then, and
 * nothing half-written stays. Killed in the middle, it leaves `.<name>.<uuid>.partial`.
 */
export async function replaceFile(
  path: string,
  content: FileContent,
  options: ReplaceFileOptions = {},
): Promise<WrittenFile> {
  const settled = readOptions("replaceFile", options, READERS);
  const named = Buffer.from(basename(path)).subarray(0, NAMED_BYTES).toString();
  // Not by the process: in containers that share a directory, and in threads, they have one id.
  const name = `.${named}.${randomUUID()}.partial`;
  const partial = join(dirname(path), name);
  return replaceBy({ partial, path }, content, settled);
}

/** Where a new file is written, and where it belongs. */
export interface Places {
  readonly partial: string;
  readonly path: string;
}

/** How it is written. */
type Writing = Pick<ReplaceFileOptions, "mode" | "signal">;

/** `replaceFile`, by way of a partial file of a given name. */
export async function replaceBy(
  { partial, path }: Places,
  content: FileContent,
  writing: Writing,
): Promise<WrittenFile> {
  const { written, inode } = await writePartial({ partial, path }, content, writing);
  await putInPlace({ partial, path }, { inode, signal: writing.signal });
  return written;
}

/** What was written, and by which number the file system knows it. */
interface Partly {
  readonly written: WrittenFile;
  readonly inode: bigint;
}

/** Writes the partial file. What fails leaves none. */
export async function writePartial(
  { partial, path }: Places,
  content: FileContent,
  { mode, signal }: Writing,
): Promise<Partly> {
  const former = await findPlain(path);
  // Of an attempt that was killed; what a link there leads to is nobody's business.
  await rm(partial, { force: true });
  const wanted = mode ?? (former === undefined ? undefined : former.mode & 0o7777);
  try {
    await using file = await open(partial, "wx", wanted);
    // What is given to `open` is cut by the umask.
    if (wanted !== undefined) await file.chmod(wanted);
    const written = { path: resolve(path), ...(await writeContent(file, content, signal)) };
    return { written, inode: (await file.stat({ bigint: true })).ino };
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Renames a partial file, and makes sure that the rename outlives a power cut. */
export async function putInPlace(
  { partial, path }: Places,
  { inode, signal }: Pick<Partly, "inode"> & Pick<Writing, "signal">,
): Promise<void> {
  const found = await lstat(partial, { bigint: true }).catch(unlessMissing);
  // Who took this process for dead, when it was only frozen, writes under the same name.
  const isOwn = found?.ino === inode;
  try {
    // An attempt that was given up must not rename what the next one is writing.
    signal?.throwIfAborted();
    if (!isOwn) throw new Error(`${partial} is being written by another attempt`);
    await rename(partial, path);
  } catch (error) {
    if (isOwn) await rm(partial, { force: true });
    throw error;
  }
  await flushDirectory(dirname(path));
}

/** What is at `path`, if anything is. @throws {FileRefusedError} When it is no plain file. */
export async function findPlain(path: string): Promise<{ readonly mode: number } | undefined> {
  const found = await lstat(path).catch(unlessMissing);
  if (found === undefined || found.isFile()) return found;
  if (found.isDirectory()) throw new FileRefusedError(path, "is a directory");
  if (found.isSymbolicLink()) throw new FileRefusedError(path, "is a symbolic link");
  throw new FileRefusedError(path, "is no plain file");
}

/** For `catch`: that there is nothing is an answer. */
export function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return undefined;
}

/** Makes sure that what was made, renamed or removed in a directory outlives a power cut. */
export async function flushDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync();
}

async function writeContent(
  file: FileHandle,
  content: FileContent,
  signal: AbortSignal | undefined,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const data of bytesOf(content, signal)) {
    await writeAll(file, data);
    hash.update(data);
    bytes += data.length;
  }
  await file.sync();
  const { size } = await file.stat();
  if (size !== bytes) throw new Error(`${size} of ${bytes} bytes are in the file`);
  return { bytes, sha256: hash.digest("hex") };
}

/** The part of a file handle that writing needs. */
export interface ByteSink {
  write(
    data: Uint8Array,
    offset: number,
    length: number,
  ): Promise<{ readonly bytesWritten: number }>;
}

/** Writes all of `data`: a write may be short, on a disk that is nearly full for one. @internal */
export async function writeAll(sink: ByteSink, data: Uint8Array): Promise<void> {
  let done = 0;
  while (done < data.length) {
    const { bytesWritten } = await sink.write(data, done, data.length - done);
    if (bytesWritten === 0) throw new Error("the disk takes no more bytes, and does not say why");
    done += bytesWritten;
  }
}

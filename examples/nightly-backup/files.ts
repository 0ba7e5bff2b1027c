/** Files that are replaced as a whole or not at all, and removed by the key that they are named by. */

import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

/** What a file holds, in short. */
export interface Content {
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/**
 * Writes `source` to `path`: under another name first, flushed to the disk, its length compared,
 * and then renamed. Killed at any moment, it leaves the old file or the new one, and perhaps
 * `<path>.partial`, which the next attempt overwrites and `removeByKey` removes.
 */
export async function replaceFile(
  path: string,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Content> {
  const partial = `${path}.partial`;
  const meter = new Meter();
  await mkdir(dirname(path), { recursive: true });
  // The stream writes on after a short write; `flush` is an fsync before it closes.
  const file = createWriteStream(partial, { flush: true });
  await pipeline(source, (chunks) => meter.pass(chunks), file, { signal });
  const { size } = await stat(partial);
  if (size !== meter.bytes) throw new Error(`${partial} has ${size} of ${meter.bytes} bytes`);
  await rename(partial, path);
  await flushDirectory(dirname(path));
  return meter.content();
}

/** Reads a file to its end, to know what is really on the disk. */
export async function contentOf(path: string, signal: AbortSignal): Promise<Content> {
  return contentIn(createReadStream(path, { signal }));
}

/** Takes everything in, and keeps only what it was in short. */
export async function contentIn(source: AsyncIterable<Uint8Array>): Promise<Content> {
  const meter = new Meter();
  for await (const _ of meter.pass(source));
  return meter.content();
}

/** Removes whatever in `directory` is named by `key`, and the directory when nothing else is in it. */
export async function removeByKey(directory: string, key: string): Promise<void> {
  // Nothing begins with a key that is empty; everything would.
  if (key === "") throw new Error("no key");
  for (const name of await namesIn(directory)) {
    if (name.startsWith(key)) await rm(join(directory, name), { recursive: true, force: true });
  }
  await removeEmpty(directory);
}

/** What is in a directory; nothing when there is none. */
export async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(unless("ENOENT", []));
}

/** Removes a directory that nothing is in; leaves any other. */
export async function removeEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch(unless("ENOENT")).catch(unless("ENOTEMPTY"));
}

/** Makes sure that a rename outlives a power cut. */
export async function flushDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync();
}

/** For `catch`: takes `instead` for one kind of error, and throws any other on. */
export function unless<Instead = undefined>(code: string, instead?: Instead) {
  return (error: unknown): Instead => {
    if ((error as NodeJS.ErrnoException).code === code) return instead as Instead;
    throw error;
  };
}

/** Counts and sums what passes. */
class Meter {
  bytes = 0;
  readonly #hash = createHash("sha256");

  async *pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.bytes += chunk.length;
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  content(): Content {
    return { bytes: this.bytes, sha256: this.#hash.digest("hex") };
  }
}

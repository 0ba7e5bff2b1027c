/** Reads the log of a run as it grows, from its beginning on. */

import { closeSync, openSync, readSync } from "node:fs";
import { findParts, partFile } from "./log-parts.ts";

/** What was read at once. */
export interface LogLines {
  /** Whole lines, without their ends. */
  readonly lines: readonly string[];
  /** Whether lines before these are gone, for the log had grown too large. */
  readonly isGap: boolean;
}

const CHUNK_BYTES = 256 * 1_024;
const LINE_END = 10;

/** See the header. */
export class LogReader {
  readonly #directory: string;
  readonly #runId: string;
  #part = 1;
  #offset = 0;
  /** The beginning of a line whose end was not read yet. */
  #rest = Buffer.alloc(0);

  constructor(directory: string, runId: string) {
    this.#directory = directory;
    this.#runId = runId;
  }

  /** Whether there is a log at all. */
  exists(): boolean {
    return findParts(this.#directory, this.#runId).length > 0;
  }

  /** The next lines; none when nothing has come since. */
  read(): LogLines {
    // Looked for first: a part that has a later one is never written again.
    const later = findParts(this.#directory, this.#runId).find((part) => part > this.#part);
    const chunk = this.#readChunk();
    if (chunk.length > 0) return { lines: this.#split(chunk), isGap: false };
    if (later === undefined) return { lines: [], isGap: false };
    const isGap = later > this.#part + 1;
    this.#part = later;
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
    return { lines: this.read().lines, isGap };
  }

  #readChunk(): Buffer {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    const path = partFile(this.#directory, this.#runId, this.#part);
    try {
      const file = openSync(path, "r");
      try {
        const length = readSync(file, buffer, 0, CHUNK_BYTES, this.#offset);
        this.#offset += length;
        return buffer.subarray(0, length);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      // Not begun yet, or deleted meanwhile: then a later one is there.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
      throw error;
    }
  }

  #split(chunk: Buffer): string[] {
    const all = Buffer.concat([this.#rest, chunk]);
    const end = all.lastIndexOf(LINE_END) + 1;
    this.#rest = all.subarray(end);
    return all.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
  }
}

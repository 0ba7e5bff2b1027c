/** Writes the log of each run beside the journal. */

import { mkdirSync, rmSync, statSync } from "node:fs";
import type { Level, Sink } from "../core/events.ts";
import { fileSink, type FileSink } from "../observe/file-sink.ts";
import { jsonLines } from "../observe/json-lines.ts";
import { levelOf } from "../observe/level.ts";
import type { Service } from "../observe/record.ts";
import { findParts, PART_BYTES, partFile, partsToDelete } from "./log-parts.ts";

/** The log of the runs whose events come. */
export interface RunLog {
  readonly sink: Sink;
  close(): void;
}

/** What such a log is written for. */
export interface RunLogOptions {
  /** Made when it is not there. */
  readonly directory: string;
  /** Whose log it is, for its records. */
  readonly service: Service;
  /** Is told once when something could not be written. */
  readonly onFailure: (error: Error) => void;
  /** How large a part may grow, in bytes. Default `PART_BYTES`. */
  readonly partBytes?: number;
}

/** What is not written while the room that is left on a full disk is the journal's. */
const LESS_THAN_WARNINGS: readonly Level[] = ["DEBUG", "INFO"];

/**
 * Appends to `<run id>.jsonl` in the directory: everything, and only warnings and what is worse while
 * the journal's ballast is given up. It never throws: a log is not worth a run.
 */
export function runLog({
  directory,
  service,
  onFailure,
  partBytes = PART_BYTES,
}: RunLogOptions): RunLog {
  let parts: Parts | undefined;
  let isBroken = false;
  let isBallastGone = false;
  const guarded = (work: () => void) => {
    if (isBroken) return;
    try {
      work();
    } catch (error) {
      isBroken = true;
      onFailure(error as Error);
    }
  };
  const toFile = jsonLines((line) => parts?.write(line), service);
  return {
    sink(event) {
      const { type, where } = event;
      if (type === "ballast.released" || type === "ballast.restored") {
        isBallastGone = type === "ballast.released";
      }
      const { runId } = where;
      if (runId === undefined) return;
      if (isBallastGone && LESS_THAN_WARNINGS.includes(levelOf(event))) return;
      guarded(() => {
        parts ??= new Parts(directory, runId, partBytes);
        toFile(event);
      });
    },
    close: () => guarded(() => parts?.close()),
  };
}

class Parts {
  readonly #directory: string;
  readonly #runId: string;
  readonly #partBytes: number;
  #part: number;
  #file: FileSink;
  #bytes: number;

  constructor(directory: string, runId: string, partBytes: number) {
    this.#directory = directory;
    this.#runId = runId;
    this.#partBytes = partBytes;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#part = findParts(directory, runId).at(-1) ?? 1;
    this.#file = fileSink(this.#path());
    this.#bytes = statSync(this.#path()).size;
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#bytes > 0 && this.#bytes + bytes > this.#partBytes) this.#beginNext();
    this.#bytes += bytes;
    this.#file.write(line);
  }

  close(): void {
    this.#file.close();
  }

  #beginNext(): void {
    this.#file.close();
    this.#part++;
    this.#bytes = 0;
    this.#file = fileSink(this.#path());
    for (const part of partsToDelete(findParts(this.#directory, this.#runId), this.#part)) {
      rmSync(partFile(this.#directory, this.#runId, part), { force: true });
    }
  }

  #path(): string {
    return partFile(this.#directory, this.#runId, this.#part);
  }
}

/** A file that lines are appended to. */

import * as fs from "node:fs";
import { OptionsError } from "../core/errors.ts";

/** An open file. */
export interface FileSink {
  /**
   * Appends `text`. When it returns, the system has all of it: killing the process loses nothing.
   *
   * @throws When the system refuses, such as ENOSPC. What was written then stands on a line of its own.
   */
  write(text: string): void;
  /** Closes the file. */
  close(): void;
}

/** The calls to the system that are made; handed in by tests. */
export type FileCalls = Pick<typeof fs, "openSync" | "writeSync" | "closeSync">;

/** Only its owner may read it, for what an automation does is nobody else's business. */
const MODE = 0o600;

/**
 * Opens a file to append to, and makes it when it is not there.
 *
 * Several processes may append to one file. It may be rotated by copying and truncating it.
 *
 * @throws {OptionsError} At once, when it cannot be opened.
 */
export function fileSink(path: string, calls: FileCalls = fs): FileSink {
  const file = open(path, calls);
  let isLineOpen = false;
  return {
    write(text) {
      // A line that was cut off must not swallow the next one.
      const bytes = Buffer.from(isLineOpen ? `\n${text}` : text);
      // The system may take only a part, on a nearly full disk without any error.
      for (let written = 0; written < bytes.length;) {
        written += calls.writeSync(file, bytes, written);
        isLineOpen = written < bytes.length;
      }
    },
    close: () => calls.closeSync(file),
  };
}

function open(path: string, calls: FileCalls): number {
  try {
    return calls.openSync(path, "a", MODE);
  } catch (error) {
    const { message } = error as Error;
    const failure = new OptionsError("log file", `"${path}" cannot be opened: ${message}`);
    failure.cause = error;
    throw failure;
  }
}

/** Hands a command its input, no faster than it reads. */

import { Readable, pipeline, type Writable } from "node:stream";
import type { CommandInput } from "./command-options.ts";

/**
 * Writes `input` and ends it. A command that reads no more is no failure: `head` never reads all.
 * `failed` is called when the input itself breaks off: the command would take what it got for the whole.
 */
export function feed(stdin: Writable, input: CommandInput, failed: (error: unknown) => void): void {
  stdin.on("error", () => undefined);
  if (typeof input === "string" || input instanceof Uint8Array) {
    stdin.end(input);
    return;
  }
  const source = input instanceof Readable ? input : Readable.from(input);
  const breakOff = (error?: unknown): void => {
    if (source.readableEnded || stdin.destroyed) return;
    failed(error ?? new Error("The input of a command broke off before its end"));
  };
  // Before those of the pipeline, which destroys the one when the other has failed.
  source.once("error", breakOff).once("close", () => breakOff());
  pipeline(source, stdin, () => undefined);
}

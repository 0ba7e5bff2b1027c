/** Hands a command its input, no faster than it reads. */

import { Readable, type Writable } from "node:stream";
import type { CommandInput } from "./command-options.ts";

/**
 * Writes `input` and ends it. A command that reads no more is no failure: `head` never reads all. When
 * the input itself breaks off, `failed` is called, and stdin is left open: the command would take an
 * end for the end of the whole.
 */
export function feed(stdin: Writable, input: CommandInput, failed: (error: unknown) => void): void {
  stdin.on("error", () => undefined);
  if (typeof input === "string" || input instanceof Uint8Array) {
    stdin.end(input);
    return;
  }
  const source = input instanceof Readable ? input : Readable.from(input);
  source.on("error", failed).once("close", () => {
    if (!source.readableEnded && !stdin.destroyed) {
      failed(source.errored ?? new Error("The input of a command broke off before its end"));
    }
  });
  stdin.once("close", () => source.destroy());
  source.pipe(stdin);
}

/** What a file holds, in short. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { findPlain } from "./replace-file.ts";

/** The SHA-256 of a file's content, in hexadecimal; `undefined` when there is no file. */
export async function contentSum(path: string): Promise<string | undefined> {
  if ((await findPlain(path)) === undefined) return undefined;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

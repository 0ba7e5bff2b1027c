/**
 * Arguments that are no UTF-8. Node hands each byte of theirs that it cannot read on as U+FFFD, so the
 * command would get other names than it was given, and act on other files.
 */

import { readFileSync } from "node:fs";
import { UsageError } from "../command.ts";

/** What stands for bytes that are no text. */
const REPLACED = "\uFFFD";

/**
 * @param words The last arguments of this process.
 * @param read Reads how this process was called. Default: asks the system, where it tells.
 * @throws {UsageError} For one that the command would not get as it is.
 */
export function checkArgumentBytes(
  words: readonly string[],
  read: () => Buffer | undefined = readOwnCall,
): void {
  if (!words.some((word) => word.includes(REPLACED))) return;
  // Each one ends with a zero byte; latin1 keeps every byte apart.
  const given = read()?.toString("latin1").split("\0").slice(0, -1).slice(-words.length);
  if (given === undefined) return;
  const changed = words.findIndex((word, at) => Buffer.from(word).toString("latin1") !== given[at]);
  if (changed === -1) return;
  const shown = JSON.stringify(words[changed]);
  throw new UsageError(
    `argument ${changed + 1}, ${shown}, is no UTF-8, and would reach the command as other bytes; let a shell make it: --shell -- 'command "$(printf "\\377")"'`,
  );
}

function readOwnCall(): Buffer | undefined {
  try {
    return readFileSync("/proc/self/cmdline");
  } catch {
    return undefined;
  }
}

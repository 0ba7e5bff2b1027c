/** What is below a directory, byte by byte. */

import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Paths, and what stands there: the sum of a file, where a link leads, or `directory`. */
export type Tree = Readonly<Record<string, string>>;

/** Reads everything below `directory`; nothing when there is none. */
export function readTree(directory: string): Tree {
  if (!existsSync(directory)) return {};
  const paths = readdirSync(directory, { recursive: true, encoding: "utf8" }).toSorted();
  return Object.fromEntries(paths.map((path) => [path, describe(join(directory, path))]));
}

function describe(path: string): string {
  const stats = lstatSync(path);
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  return sha256Of(readFileSync(path));
}

/** In hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What differs between two records, in lines. */
export function differences(
  what: string,
  expected: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].toSorted();
  return names
    .filter((name) => expected[name] !== found[name])
    .map((name) => {
      if (found[name] === undefined) return `${what}: ${name} is missing`;
      if (expected[name] === undefined) return `${what}: ${name} should not be there`;
      return `${what}: ${name} is ${found[name]}, not ${expected[name]}`;
    });
}

/** Where compiled code is kept between starts. Imported before all else, so it imports nothing of ours. */

import { lstatSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The directory of what is kept of compiled code: `$NODE_COMPILE_CACHE`, else `cache` in
 * `$HOLDFAST_HOME`, else `holdfast` in `$XDG_CACHE_HOME` or `~/.cache`. It is made where it is missing,
 * and the user's own is there.
 *
 * `undefined` where it cannot be made, or somebody else may write in it, for what is kept there is run.
 * So it is not Node's own choice, below the directory for temporary files: whoever comes first makes that
 * one. With `NODE_DISABLE_COMPILE_CACHE` nothing is kept.
 */
export function codeHome(env: Environment): string | undefined {
  if ((env["NODE_DISABLE_COMPILE_CACHE"] ?? "") !== "") return undefined;
  try {
    const chain = chainOf(env);
    const directory = chain.at(-1) ?? "";
    if (!isAbsolute(directory)) return undefined;
    for (const each of chain) makeIfMissing(each);
    return isOurs(directory) ? directory : undefined;
  } catch {
    return undefined;
  }
}

/** What is made, one in the other. */
function chainOf(env: Environment): string[] {
  const nodes = env["NODE_COMPILE_CACHE"] ?? "";
  if (nodes !== "") return [nodes];
  const own = env["HOLDFAST_HOME"] ?? "";
  if (own !== "") return [join(own, "cache")];
  const xdg = env["XDG_CACHE_HOME"] ?? "";
  const caches = isAbsolute(xdg) ? xdg : join(homedir(), ".cache");
  return [caches, join(caches, "holdfast")];
}

function makeIfMissing(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Whether nobody else may write in it. Windows keeps each user's own directories to that user. */
function isOurs(directory: string): boolean {
  if (process.geteuid === undefined) return true;
  const { uid, mode } = lstatSync(directory);
  return uid === process.geteuid() && (mode & WRITABLE_BY_OTHERS) === 0;
}

const WRITABLE_BY_OTHERS = 0o022;

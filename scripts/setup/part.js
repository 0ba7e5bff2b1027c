/**
 * Whole or not at all: what is brought is made in a folder of its own beside its place and moved in
 * by one rename. So whatever is killed half-way is never taken for the whole, and starts that run at
 * once do not see each other's halves.
 */

import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { SetupError } from "./say.js";

const PREFIX = "part-";

/** What is left by a start that was killed; nothing that is brought takes this long. */
const LEFT_OVER_MS = 3_600_000;

/** Each round loses to one other start that has just put the same in place. */
const MAX_ROUNDS = 5;

/**
 * Calls `make` with an empty folder on the file system of `root`, and removes it afterwards.
 *
 * @param {string} root
 * @param {(folder: string) => Promise<void>} make
 */
export async function withPart(root, make) {
  const home = join(root, ".node");
  const folder = makeFolder(home);
  try {
    await make(folder);
  } catch (error) {
    if (isFileError(error, "ENOSPC", "EDQUOT")) {
      throw new SetupError(`cannot write to ${home}`, "the disk is full", "Free some space.");
    }
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} home */
function makeFolder(home) {
  try {
    mkdirSync(home, { recursive: true });
    removeLeftOvers(home);
    return mkdtempSync(join(home, PREFIX));
  } catch (error) {
    throw new SetupError(
      `cannot write to ${home}`,
      error instanceof Error ? error.message : String(error),
      "Make the checkout writable, with some 400 MB free.",
    );
  }
}

/** @param {string} home */
function removeLeftOvers(home) {
  for (const name of readdirSync(home)) {
    const path = join(home, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!name.startsWith(PREFIX) || stat === undefined) continue;
    if (stat.mtimeMs < Date.now() - LEFT_OVER_MS) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Moves `fresh` to `place` unless the right thing is there already. What stood there before is moved
 * to `aside` and removed with it.
 *
 * @param {{ fresh: string, place: string, aside: string, isThere: () => boolean }} move
 */
export function putInPlace({ fresh, place, aside, isThere }) {
  for (let round = 1; !isThere(); round++) {
    try {
      renameSync(place, `${aside}-${round}`);
    } catch (error) {
      if (!isFileError(error, "ENOENT")) throw error;
    }
    try {
      renameSync(fresh, place);
    } catch (error) {
      const isTaken = isFileError(error, "ENOTEMPTY", "EEXIST", "EPERM");
      if (!isTaken || round === MAX_ROUNDS) throw error;
    }
  }
}

/**
 * @param {unknown} error
 * @param {...string} codes
 */
function isFileError(error, ...codes) {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

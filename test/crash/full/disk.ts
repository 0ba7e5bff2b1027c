/**
 * A small disk for one journal, which can be filled: a tmpfs. To mount one takes root, or a user
 * namespace: `unshare -Urm node …`.
 */

import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Room for a run's journal and its ballast, several times. */
const DISK_BYTES = 8 * 2 ** 20;

const CHUNK = Buffer.alloc(2 ** 16, 1);

/** Makes a directory that is a disk of its own. Throws where nothing may be mounted. */
export function mountDisk(directory: string): void {
  mkdirSync(directory);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "none", directory]);
  } catch (error) {
    throw new Error('No disk can be mounted: start it by "unshare -Urm"', { cause: error });
  }
}

/** Ends the disk with all that is on it. */
export function unmountDisk(directory: string): void {
  execFileSync("umount", [directory]);
}

/** Fills the disk that `directory` is on, but for so many bytes. Again, it takes what has become free. */
export function fillDisk(directory: string, leftBytes = 0): void {
  const descriptor = openSync(fillerOf(directory), "a");
  try {
    const { bavail, bsize } = statfsSync(directory);
    for (let left = bavail * bsize - leftBytes; left > 0;) {
      left -= writeSync(descriptor, CHUNK, 0, Math.min(left, CHUNK.length));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Removes what filled it. */
export function makeRoom(directory: string): void {
  rmSync(fillerOf(directory), { force: true });
}

function fillerOf(directory: string): string {
  return join(directory, "filler");
}

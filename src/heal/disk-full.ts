/** Remedies for a full disk, and for one without inodes. */

import { OptionsError } from "../core/errors.ts";
import { integer, readOptions, type Reader } from "../core/options.ts";
import type { Remedy } from "../core/remedy.ts";
import { show } from "../core/show.ts";
import { findBytes, type Size } from "../core/size.ts";
import type { RemedyLimits } from "./limits.ts";
import { CLEARING_READERS, makeRoom } from "./make-room.ts";

interface ClearOptions extends RemedyLimits {
  /** The files that may be deleted: an absolute glob below a directory, as `/var/backups/*.tar.gz`. */
  readonly clear: string;
  /** How many of the newest stay, whatever happens. */
  readonly keep: number;
}

/** What may be deleted when a disk is full. */
export interface DiskFullOptions extends ClearOptions {
  /**
   * How much must be free then: give what the step needs. Default: a twentieth of the file system, at
   * most 1 GB.
   */
  readonly free?: Size | undefined;
}

/** What may be deleted when a file system has no inodes left. */
export interface InodesOptions extends ClearOptions {
  /** How many inodes must be free then. Default: a twentieth of all, at most 10,000. */
  readonly free?: number | undefined;
}

const readSize: Reader<number | undefined> = (value, path) => {
  if (value === undefined) return undefined;
  const bytes = findBytes(value);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw new OptionsError(path, `expected a size such as "2GB", received ${show(value)}`);
};

const DISK_READERS = {
  ...CLEARING_READERS,
  free: readSize,
} satisfies Record<keyof DiskFullOptions, Reader<unknown>>;

const INODE_READERS = {
  ...CLEARING_READERS,
  free: integer({ min: 1, default: undefined }),
} satisfies Record<keyof InodesOptions, Reader<unknown>>;

/**
 * Deletes the oldest files of a glob until enough room is free, measured after each. Only regular files
 * below the glob's directory and on its file system; no link is followed out of it. What somebody has
 * open stays, as far as that can be seen. When deleting a file frees nothing, it stops.
 *
 * Defaults: 3 times an hour, no cool-down, 5 minutes.
 *
 * @throws {OptionsError} At once, for a glob that is relative or has no directory, or without `keep`.
 */
export function diskFull(options: DiskFullOptions): Remedy {
  return makeRoom("bytes", readOptions("diskFull", options, DISK_READERS));
}

/** Does what `diskFull` does, for a file system that has room and no inodes. Empty files count too. */
export function inodes(options: InodesOptions): Remedy {
  return makeRoom("inodes", readOptions("inodes", options, INODE_READERS));
}

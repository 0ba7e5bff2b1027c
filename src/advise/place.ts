/** The place that a journal lies in: its disk, its file system, its permissions. Pure rules. */

import { formatBytes } from "../core/size.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";

/** A file system, as statfs(2) tells it. */
export interface FileSystem {
  readonly type: number;
  readonly freeBytes: number;
  /** Files that can still be made; `undefined` where the file system has no such bound. */
  readonly freeFiles: number | undefined;
}

/** Below this a run may not come to its end. */
const LITTLE_BYTES = 100e6;
/** Below this a run hardly begins: the journal's log alone grows to four megabytes. */
const NO_BYTES = 8e6;
const FEW_FILES = 1_000;

/** Room for bytes and for files. */
export function judgeDisk(directory: string, { freeBytes, freeFiles }: FileSystem): Finding {
  const files = freeFiles === undefined ? "" : `, and ${freeFiles} files`;
  const says = `room for ${formatBytes(freeBytes)}${files} where ${directory} lies`;
  const todo = `free some space there: df -h ${directory}; df -i ${directory}`;
  if (freeBytes < NO_BYTES || freeFiles === 0) return problem("disk", says, todo);
  const isLow = freeBytes < LITTLE_BYTES || (freeFiles ?? Infinity) < FEW_FILES;
  return isLow ? warning("disk", says, todo) : ok("disk", says);
}

/** Magic numbers of statfs(2), on Linux, of file systems whose locks or flushes are another's affair. */
const FOREIGN: ReadonlyMap<number, readonly [name: string, state: "warning" | "problem"]> = new Map(
  [
    [0x6969, ["NFS", "problem"]],
    [0x517b, ["SMB", "problem"]],
    [0xff534d42, ["SMB (CIFS)", "problem"]],
    [0xfe534d42, ["SMB 2", "problem"]],
    [0x01021997, ["9P", "problem"]],
    [0x65735546, ["FUSE", "warning"]],
  ],
);

/** Whether locks and flushes can be trusted. */
export function judgeFileSystem(directory: string, { type }: FileSystem): Finding {
  const check = "file system";
  const known = FOREIGN.get(type >>> 0);
  if (known === undefined) return ok(check, `type 0x${(type >>> 0).toString(16)}, a local one`);
  const [name, state] = known;
  const says =
    state === "problem"
      ? `${directory} lies on ${name}, where the locks of two machines do not see each other`
      : `${directory} lies on ${name}: whether its locks and flushes hold depends on what is behind it`;
  return { check, state, says, todo: "set HOLDFAST_HOME to a directory on a local disk" };
}

/** Who else may read or write. */
export function judgePermissions(
  paths: readonly { readonly path: string; readonly mode: number; readonly wanted: number }[],
): Finding {
  const open = paths.filter(({ mode, wanted }) => (mode & 0o777 & ~wanted) !== 0);
  if (open.length === 0) return ok("permissions", "for this user alone");
  const says = open.map(({ path, mode }) => `${path} is ${octal(mode)}`).join(", ");
  const todo = open.map(({ path, wanted }) => `chmod ${octal(wanted)} ${path}`).join(" && ");
  return warning("permissions", `others may see what runs work on: ${says}`, todo);
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}

/** What is kept for a full disk. */
export function judgeBallast(file: string, bytes: number): Finding {
  if (bytes > 0) return ok("ballast", `${formatBytes(bytes)} are kept for a full disk`);
  return warning(
    "ballast",
    `there is no ${file}: it was given up to a full disk, or no run has begun yet`,
    "free some space: the next run makes it again",
  );
}

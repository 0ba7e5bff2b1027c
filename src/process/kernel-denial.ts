/**
 * What the sandbox around this process has refused, told by the words in which the system says so: Node
 * and the guards know nothing of it. Pure. Sources: docs/permissions.md, strerror(3), sqlite.org/rescode.html.
 */

import { findProperty, findText } from "../classify/property.ts";
import type { Denial } from "../core/denial.ts";
import { isWithin } from "../core/permissions.ts";

/** What the kernel keeps of the permissions, and what is there to be seen. */
export interface Kept {
  readonly write: readonly string[];
  readonly net: readonly string[];
  /** All that can be read, what nobody has to name included; missing where files are not kept. */
  readonly seen?: readonly string[] | undefined;
  /** Whether the network is cut off where no address is named. */
  readonly cutsNet: boolean;
}

/** Which permission lacks, where `error` comes of that; `undefined` where it may have come of something else. */
export function findKernelDenial(error: unknown, kept: Kept): Denial | undefined {
  const stderr = stderrOf(error);
  const file = kept.seen === undefined ? undefined : findFileDenial(error, stderr, kept);
  if (file !== undefined) return file;
  if (kept.cutsNet && kept.net.length === 0 && NO_NETWORK.test(stderr)) {
    return { permission: "net" };
  }
  return undefined;
}

function findFileDenial(
  error: unknown,
  stderr: string,
  { write, seen = [] }: Kept,
): Denial | undefined {
  if (findText(error, "code") === "EROFS") return writing(findText(error, "path"), write);
  const database = DATABASE.exec(findText(error, "message") ?? "")?.[1];
  if (findProperty(error, "errcode") === CANNOT_OPEN && database !== undefined) {
    return writing(database, write);
  }
  if (stderr.includes("Read-only file system")) return writing(READ_ONLY.exec(stderr)?.[1], write);
  const program = NOT_FOUND.exec(stderr)?.[1];
  if (program !== undefined) return { permission: "run", value: program };
  // As Node's own model has it: what was not named is refused, be it there or not.
  const missing = MISSING.exec(stderr)?.[1];
  const isUnseen = missing !== undefined && !isWithin(missing, [...seen, ...write]);
  return isUnseen ? { permission: "read", value: missing } : undefined;
}

const CANNOT_OPEN = 14;
const DATABASE = /unable to open database: (\/.*)$/;
/** A path by itself, and not the end of one that is told from the current directory. */
const PATH = String.raw`(?<=^|[\s'"\`‘])(\/[^:'"’\n]*)['"’]?:(?: Cannot \w+:)?`;
const READ_ONLY = new RegExp(`${PATH} Read-only file system`, "m");
const MISSING = new RegExp(`${PATH} No such file(?: or directory)?$`, "m");
const NO_NETWORK =
  /Network is unreachable|Could not resolve host|Temporary failure in name resolution/;
/** As sh and bash have it. */
const NOT_FOUND = /^[^\n]*: (?:line )?\d+: ([\w.+-]+): (?:command )?not found$/m;

/** What may be written is refused by something else: the disk itself can only be read. */
function writing(value: string | undefined, write: readonly string[]): Denial | undefined {
  if (value === undefined) return { permission: "write" };
  return isWithin(value, write) ? undefined : { permission: "write", value };
}

/** Of `CommandError`, and of what `execFile` and its like are rejected with. */
function stderrOf(error: unknown): string {
  const text = findProperty(findProperty(error, "end"), "stderr") ?? findProperty(error, "stderr");
  return typeof text === "string" || text instanceof Uint8Array ? String(text) : "";
}

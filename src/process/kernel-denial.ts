/**
 * What the sandbox around this process has refused, told by the words in which the system says so: Node
 * and the guards know nothing of it. Pure. Sources: docs/permissions.md, strerror(3), sqlite.org/rescode.html.
 */

import { findProperty, findText } from "../classify/property.ts";
import type { Denial } from "../core/denial.ts";
import { isWithin, type SettledPermissions } from "../core/permissions.ts";

/** Which permission lacks, where `error` comes of that; `undefined` where it may have come of something else. */
export function findKernelDenial(
  error: unknown,
  { write, net }: Pick<SettledPermissions, "write" | "net">,
): Denial | undefined {
  if (findText(error, "code") === "EROFS") return writing(findText(error, "path"));
  const database = DATABASE.exec(findText(error, "message") ?? "")?.[1];
  if (findProperty(error, "errcode") === CANNOT_OPEN && database !== undefined) {
    return isWithin(database, write) ? undefined : writing(database);
  }
  const stderr = stderrOf(error);
  if (stderr.includes("Read-only file system")) return writing(READ_ONLY.exec(stderr)?.[1]);
  if (net.length === 0 && NO_NETWORK.test(stderr)) return { permission: "net" };
  const program = NOT_FOUND.exec(stderr)?.[1];
  return program === undefined ? undefined : { permission: "run", value: program };
}

const CANNOT_OPEN = 14;
const DATABASE = /unable to open database: (\/.*)$/;
const READ_ONLY = /(\/[^:'"\n]*)['"]?: Read-only file system/;
const NO_NETWORK =
  /Network is unreachable|Could not resolve host|Temporary failure in name resolution/;
/** As sh and bash have it. */
const NOT_FOUND = /^[^\n]*: (?:line )?\d+: ([\w.+-]+): (?:command )?not found$/m;

function writing(value: string | undefined): Denial {
  return { permission: "write", ...(value === undefined ? {} : { value }) };
}

/** Of `CommandError`, and of what `execFile` and its like are rejected with. */
function stderrOf(error: unknown): string {
  const text = findProperty(findProperty(error, "end"), "stderr") ?? findProperty(error, "stderr");
  return typeof text === "string" || text instanceof Uint8Array ? String(text) : "";
}

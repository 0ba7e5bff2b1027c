/**
 * A mark that cannot be shaken off by leaving parents, session and environment: a limit of the kernel,
 * which every descendant inherits. The limit is RLIMIT_LOCKS, which Linux has not enforced since 2.4.25:
 * setrlimit(2). Only the soft one is set, so no right is needed, and none is lost. Who sets it anew
 * is marked no more.
 */

import { spawnSync } from "node:child_process";
import { OWN_PROGRAM } from "./own-program.ts";

/** The limit that stands for a command's mark: 48 bits of it. */
export function limitOf(mark: string): string {
  return String(Number.parseInt(mark.replaceAll("-", "").slice(0, 12), 16));
}

/** dash and busybox call it -w, bash and ksh -x. The pid stays, for the shell is replaced. */
const SCRIPT = `{ ulimit -S -w "$1" || ulimit -S -x "$1"; } 2>/dev/null
shift
exec "$@"`;

/** What is started in place of a command, so that it carries the limit; `undefined` where that does not work. */
export function withLimit(
  command: readonly string[],
  limit: string,
): readonly string[] | undefined {
  isKept ??= tries();
  return isKept ? [SHELL, ...wordsOf(limit, command)] : undefined;
}

let isKept: boolean | undefined;

const SHELL = "/bin/sh";

function wordsOf(limit: string, command: readonly string[]): readonly string[] {
  return ["-c", SCRIPT, "sh", limit, ...command];
}

/** Tried once: not every shell knows the limit, and not every kernel shows it. */
function tries(): boolean {
  const limit = "123456789";
  const args = wordsOf(limit, ["cat", "/proc/self/limits"]);
  const { stdout } = spawnSync(SHELL, args, { encoding: "utf8", ...OWN_PROGRAM });
  return hasLimit(stdout ?? "", limit);
}

/** Whether the text of a /proc/<pid>/limits has `limit` as the soft limit of locks. */
export function hasLimit(limits: string, limit: string): boolean {
  return new RegExp(`^Max file locks +${limit} `, "m").test(limits);
}

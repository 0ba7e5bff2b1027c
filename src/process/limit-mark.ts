/**
 * A mark that cannot be shaken off by leaving parents, session and environment: a limit of the kernel,
 * which every descendant inherits. The limit is RLIMIT_LOCKS, which Linux has not enforced since 2.4.25:
 * setrlimit(2). Only the soft one is set, so no right is needed, and none is lost. Who sets it anew
 * is marked no more.
 *
 * prlimit(1) of util-linux sets it, and becomes the command: it changes nothing else. A shell would drop
 * variables that are no names of its own, and set some (PWD, IFS).
 */

import { spawnSync } from "node:child_process";
import { isExecutable } from "./is-executable.ts";
import { OWN_PROGRAM } from "./own-program.ts";

const PRLIMIT = "/usr/bin/prlimit";

/** So many hexadecimal digits of the mark fit into a number of JavaScript's. */
const DIGITS = 12;

/** The limit that stands for a command's mark: 48 bits of it. */
export function limitOf(mark: string): string {
  return String(Number.parseInt(mark.replaceAll("-", "").slice(0, DIGITS), 16));
}

/** What is started in place of a command, so that it carries the limit; `undefined` where that does not work. */
export function withLimit(
  command: readonly string[],
  limit: string,
): readonly string[] | undefined {
  isKept ??= isExecutable(PRLIMIT) && tries();
  return isKept ? limited(command, limit) : undefined;
}

let isKept: boolean | undefined;

function limited(command: readonly string[], limit: string): readonly string[] {
  return [PRLIMIT, `--locks=${limit}:`, "--", ...command];
}

/** Tried once, with the largest one: we may be limited ourselves, and not every kernel shows it. */
function tries(): boolean {
  const limit = limitOf("f".repeat(DIGITS));
  const [program = "", ...args] = limited(["cat", "/proc/self/limits"], limit);
  const { stdout } = spawnSync(program, args, { encoding: "utf8", ...OWN_PROGRAM });
  return hasLimit(stdout ?? "", limit);
}

/** Whether the text of a /proc/<pid>/limits has `limit` as the soft limit of locks. */
export function hasLimit(limits: string, limit: string): boolean {
  return new RegExp(`^Max file locks +${limit} `, "m").test(limits);
}

/** Running a command as another user. Only root may. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { OptionsError } from "../core/errors.ts";

/** A user of the machine. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/**
 * Looks `name` up: in /etc/passwd, then wherever else the machine knows users from.
 *
 * @throws {OptionsError} When there is no such user, or this process may not become it.
 */
export function readUser(name: string, path: string): User {
  const user = parsePasswd(readPasswd(), name) ?? parsePasswd(askMachine(name), name);
  if (user === undefined) throw new OptionsError(path, `there is no user "${name}" here`);
  const own = process.getuid?.();
  if (own !== 0 && own !== user.uid) {
    throw new OptionsError(path, `only root may run a command as "${name}"`);
  }
  return user;
}

/** The line of `name` in a file of the form passwd(5). @internal */
export function parsePasswd(text: string, name: string): User | undefined {
  for (const line of text.split("\n")) {
    const [found, , uid, gid, , home = "/"] = line.split(":");
    if (found === name && /^\d+$/.test(uid ?? "") && /^\d+$/.test(gid ?? "")) {
      return { name, uid: Number(uid), gid: Number(gid), home };
    }
  }
  return undefined;
}

function readPasswd(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}

/** A directory service, where the machine has one. */
function askMachine(name: string): string {
  return spawnSync("getent", ["--", "passwd", name], { encoding: "utf8" }).stdout ?? "";
}

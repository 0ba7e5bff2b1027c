/**
 * Who has a file open, as far as /proc shows: other users' processes only to root. Elsewhere, and for a
 * file that is mapped into memory alone, nobody is seen. Source: proc_pid_fd(5).
 */

import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";
import { readPids } from "../process/process-table.ts";

/** One process that has a file open. */
export interface FileUser {
  readonly pid: number;
  /** The short name of what runs. */
  readonly name: string;
}

/** The users of each of these files, by path; those that nobody uses are left out. */
export function findUsers(paths: readonly string[]): ReadonlyMap<string, FileUser> {
  const byIdentity = new Map<string, string>();
  for (const path of paths) {
    const identity = identityOf(path);
    if (identity !== undefined) byIdentity.set(identity, path);
  }
  const names = new Set(paths.map((path) => basename(path)));
  const users = new Map<string, FileUser>();
  for (const pid of readPids()) {
    for (const path of openFilesOf(pid, names, byIdentity)) {
      users.set(path, { pid, name: commandName(pid) });
    }
  }
  return users;
}

/** Which of these files the process has open. Only links with one of the names are followed further. */
function openFilesOf(
  pid: number,
  names: ReadonlySet<string>,
  byIdentity: ReadonlyMap<string, string>,
): string[] {
  const folder = `/proc/${pid}/fd`;
  return listOf(folder).flatMap((descriptor) => {
    const link = `${folder}/${descriptor}`;
    // A name alone says little: it may be seen from another mount namespace, or be renamed since.
    if (!names.has(basename(targetOf(link)))) return [];
    const path = byIdentity.get(identityOf(link) ?? "");
    return path === undefined ? [] : [path];
  });
}

/** The short name of what runs as this pid; empty when that is not told. No arguments: they may be secret. */
export function commandName(pid: number): string {
  try {
    const [program = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return nameIn(program) || readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return ""; // It has just ended.
  }
}

/**
 * The name in a path, whose directories may have spaces in them, or in what a process has written over it:
 * `redis-server *:6379`, `sshd: root@pts/0`. Pure. @internal
 */
export function nameIn(program: string): string {
  const words = program.startsWith("/") ? basename(program) : program;
  return basename(words.split(" ")[0] ?? "");
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // It has ended, belongs to another user, or there is no such thing here.
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ""; // Closed meanwhile.
  }
}

function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined; // Gone meanwhile.
  }
}

/**
 * Who listens on a TCP port of this machine: the socket from /proc/net, and the process that has it open.
 * Other users' processes are seen by root only. Source: proc_pid_net(5).
 */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readPids } from "../process/process-table.ts";

/** As the kernel calls the state of a socket that listens. */
const LISTEN = "0A";

/** The inodes of the sockets in this table that listen on the port. Pure. @internal */
export function listeningInodes(table: string, port: number): string[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , , , inode = "0"] = line.trim().split(/\s+/);
    const isIt = state === LISTEN && Number.parseInt(local.split(":").at(-1) ?? "", 16) === port;
    return isIt ? [inode] : [];
  });
}

/** Whether anybody listens on the port, and the pids of those whom it can see. */
export function findListeners(port: number): {
  readonly isTaken: boolean;
  readonly pids: number[];
} {
  const inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    listeningInodes(read(file), port),
  );
  if (inodes.length === 0) return { isTaken: false, pids: [] };
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  return { isTaken: true, pids: readPids().filter((pid) => hasOneOf(pid, links)) };
}

function hasOneOf(pid: number, links: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => links.has(linkOf(`${folder}/${name}`)));
  } catch {
    return false; // It has ended, or belongs to another user.
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // Closed meanwhile.
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // No IPv6, or no /proc.
  }
}

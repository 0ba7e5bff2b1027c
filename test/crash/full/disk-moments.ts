/**
 * Loaded by a process that is to die: tells of the moments at which its journal's files change, below
 * what the journal itself tells. These are commits, those that the full disk refuses, and the ballast
 * that is given up and made again.
 */

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { reach } from "../moments.ts";
import type { Window, Written } from "../windows.ts";

function at(written: Written, side: Window["side"]): void {
  reach({ subject: "disk", written, side });
}

/** Tells of both sides of what is done, and of nothing after it when that fails. */
function around<Value>(written: Written | undefined, does: () => Value): Value {
  if (written === undefined) return does();
  at(written, "before");
  const value = does();
  at(written, "after");
  return value;
}

const SQL: Readonly<Record<string, Written>> = {
  COMMIT: "commit",
  "PRAGMA wal_checkpoint(PASSIVE)": "checkpoint",
};

// oxlint-disable-next-line typescript/unbound-method -- called with `call` below
const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
  try {
    around(SQL[sql], () => exec.call(this, sql));
  } catch (error) {
    at("refusal", "after");
    throw error;
  }
};

const { openSync, renameSync, rmSync, writeSync } = fs;
const drafts = new Set<number>();

function isBallast(path: unknown): boolean {
  return String(path).endsWith(".ballast");
}

/** What is not there is not given up. */
function isLying(path: unknown): boolean {
  return isBallast(path) && fs.existsSync(String(path));
}

Object.assign(fs, {
  rmSync(...args: Parameters<typeof rmSync>): void {
    around(isLying(args[0]) ? "ballast's removal" : undefined, () => rmSync(...args));
  },
  renameSync(...args: Parameters<typeof renameSync>): void {
    around(isBallast(args[1]) ? "ballast's place" : undefined, () => renameSync(...args));
  },
  openSync(...args: Parameters<typeof openSync>): number {
    const descriptor = openSync(...args);
    if (String(args[0]).includes(".ballast.draft-") && args[1] === "wx") drafts.add(descriptor);
    else drafts.delete(descriptor);
    return descriptor;
  },
  /** A draft is written in two parts, so that there is a moment at which half of it is there. */
  writeSync(descriptor: number, content: Buffer, offset = 0, length?: number): number {
    if (!drafts.delete(descriptor)) return writeSync(descriptor, content, offset, length);
    const half = Math.ceil(content.length / 2);
    return around("ballast's draft", () => writeSync(descriptor, content, offset, half));
  },
});
syncBuiltinESMExports();

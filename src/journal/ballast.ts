/**
 * Ballast: a file beside the journal that only takes up room, and is given up when the disk is full.
 * So a run whose disk is full can still write how it ended.
 */

import { randomBytes } from "node:crypto";
import { closeSync, openSync, renameSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { format, parse } from "node:path";
import { draftOf, removeDraft } from "./drafts.ts";
import { flush } from "./sqlite-create.ts";

/** Room is only taken when so many times as much is left. */
const ROOM = 2;

/** Where the ballast of a journal is: `holdfast.ballast` beside `holdfast.db`. */
export function ballastFile(file: string): string {
  const { dir, name } = parse(file);
  return format({ dir, name, ext: ".ballast" });
}

/** How many bytes of ballast there are. */
export function ballastBytes(file: string): number {
  return statSync(ballastFile(file), { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Makes the ballast, when it is missing or too small and there is room. Answers whether it did. Its
 * bytes are random: a file system that compresses, or leaves holes, would keep none of others.
 *
 * Never throws: a journal without ballast is as good as one that has given it up.
 */
export function makeBallast(file: string, bytes: number): boolean {
  if (bytes === 0 || ballastBytes(file) >= bytes) return false;
  const ballast = ballastFile(file);
  const draft = draftOf(ballast);
  try {
    if (roomFor(ballast) < bytes * ROOM) return false;
    fill(draft, randomBytes(bytes));
    renameSync(draft, ballast);
    return true;
  } catch {
    return false;
  } finally {
    removeDraft(draft);
  }
}

/** Gives the ballast up, and answers how many bytes that were. */
export function giveUpBallast(file: string): number {
  try {
    const bytes = ballastBytes(file);
    rmSync(ballastFile(file), { force: true });
    return bytes;
  } catch {
    return 0;
  }
}

function roomFor(ballast: string): number {
  const { bavail, bsize } = statfsSync(parse(ballast).dir);
  return bavail * bsize;
}

function fill(draft: string, content: Buffer): void {
  const descriptor = openSync(draft, "wx", 0o600);
  try {
    // A disk that is nearly full takes a part of it, without an error.
    for (let at = 0; at < content.length;) at += writeSync(descriptor, content, at);
  } finally {
    closeSync(descriptor);
  }
  // Some file systems give blocks to a file only when it is flushed.
  flush(draft);
}

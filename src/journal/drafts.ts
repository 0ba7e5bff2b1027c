/**
 * Drafts: files are made whole under a name of their own before they take their place. Whoever is killed
 * meanwhile leaves one behind, so its name tells which process makes it, and the next one that opens
 * the journal removes those of processes that are gone.
 */

import { createHash, randomBytes } from "node:crypto";
import { readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, parse } from "node:path";
import type { Owner } from "../core/journal.ts";
import { isGone, thisProcess } from "./owner.ts";

/** How old a draft of another machine, container or boot is when it is given up, in milliseconds. */
const OLD_MS = 24 * 3_600_000;

const NAME = /\.draft-(?<place>[0-9a-f]{12})-(?<pid>\d+)-(?<startTime>\d*)-[0-9a-f]{8}(?:-\w+)?$/;

/** What SQLite keeps beside a file. */
const BESIDE = ["", "-journal", "-wal", "-shm"] as const;

/** A new name for what is to become `file`. */
export function draftOf(file: string): string {
  const me = thisProcess();
  const name = [placeOf(me), me.pid, me.startTime, randomBytes(4).toString("hex")].join("-");
  return `${file}.draft-${name}`;
}

/** Removes a draft, and what SQLite kept beside it. */
export function removeDraft(draft: string): void {
  for (const end of BESIDE) rmSync(`${draft}${end}`, { force: true });
}

/**
 * Removes the drafts that killed processes left beside the journal `file`, its ballast's among them.
 * What cannot be removed stays: it is in nobody's way.
 */
export function sweepDrafts(file: string, nowMs: number): void {
  const directory = dirname(file);
  const { name: journal } = parse(file);
  try {
    const names = readdirSync(directory).filter((name) => name.startsWith(`${journal}.`));
    for (const name of names.filter((each) => isAbandoned(join(directory, each), nowMs))) {
      rmSync(join(directory, name), { force: true });
    }
  } catch {
    // A directory that may be written and not be listed.
  }
}

function isAbandoned(path: string, nowMs: number): boolean {
  const found = NAME.exec(basename(path))?.groups;
  if (found === undefined) return false;
  const me = thisProcess();
  const { place, pid, startTime = "" } = found;
  if (place !== placeOf(me)) return nowMs - statSync(path).mtimeMs > OLD_MS;
  return isGone({ ...me, pid: Number(pid), startTime }) === true;
}

/** Where a pid means the same process. */
function placeOf({ host, bootId, pidNamespace }: Owner): string {
  const text = JSON.stringify([host, bootId, pidNamespace]);
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

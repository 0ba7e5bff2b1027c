/**
 * What is measured beside a command, because what it says of itself can mean several things: 137 is a
 * kill by the kernel for lack of memory, or by a person; "No space left on device" is a full disk, no
 * inode left, or a limit of another kind. And whether a script goes on after a failure, its text tells.
 *
 * Sources: proc_vmstat(5), statvfs(3).
 */

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statfsSync,
  type StatsFs,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { scriptHabits, shellScript } from "../classify/shell-script.ts";
import type { ScriptHabits, Symptoms } from "../core/command-end.ts";

/** How many processes the kernel has killed for lack of memory since it started, where it tells. */
export function countOomKills(): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "utf8"))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined; // No /proc here.
  }
}

/** Where a command may have written. */
export interface Places {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly temporary: string | undefined;
}

/** What is found out after a command failed. */
export function readSymptoms(places: Places, oomKillsBefore: number | undefined): Symptoms {
  const oomKills = countOomKills();
  const script = readScriptHabits(places);
  return {
    full: findFull(places),
    ...(script === undefined ? {} : { script }),
    ...(oomKills === undefined || oomKillsBefore === undefined
      ? {}
      : { oomKills: oomKills - oomKillsBefore }),
  };
}

/** Of a longer script the beginning tells. */
const MOST_SCRIPT_BYTES = 65_536;

/** What the script that was run says of itself; `undefined` when it is none, or is gone. */
export function readScriptHabits({
  argv,
  cwd,
}: Pick<Places, "argv" | "cwd">): ScriptHabits | undefined {
  const script = shellScript(argv);
  if (script === undefined) return undefined;
  const text = script.text ?? (script.file && readHead(resolve(cwd, script.file)));
  return text === undefined ? undefined : scriptHabits(text, script);
}

function readHead(file: string): string | undefined {
  let opened: number | undefined;
  try {
    // Without waiting for a pipe's other end.
    opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(opened).isFile()) return undefined;
    const head = Buffer.alloc(MOST_SCRIPT_BYTES);
    return head.toString("utf8", 0, readSync(opened, head, 0, head.length, 0));
  } catch {
    return undefined; // Then the last known line counts, as for any program.
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

/** No more than this many places are looked at: the arguments may be a thousand files. */
const MOST_PLACES = 16;

/** Of all places, whether one has run out; `undefined` when none could be measured. */
function findFull(places: Places): Symptoms["full"] {
  const measured = placesOf(places)
    .flatMap((place) => measure(place) ?? [])
    .map(fullness);
  return (
    measured.find((full) => full === "bytes") ??
    measured.find((full) => full === "inodes") ??
    measured.find((full) => full === "neither")
  );
}

/** The directories that a command names, or works in. @internal */
export function placesOf({ argv, cwd, temporary }: Places): string[] {
  const named = argv
    .slice(1)
    // Of `--output=/x/y` and `of=/x/y` the part that may be a path.
    .map((argument) => argument.slice(argument.indexOf("=") + 1))
    .filter((argument) => argument.includes("/") && !argument.includes("://"));
  return [...new Set([cwd, temporary ?? "/tmp", ...named.map((name) => resolve(cwd, name))])].slice(
    0,
    MOST_PLACES,
  );
}

/** Of what is not there yet, the directory is measured. A device of zeros has no room, and needs none. */
function measure(path: string): StatsFs | undefined {
  for (let place = path; ; place = dirname(place)) {
    try {
      return statfsSync(place);
    } catch {
      if (place === dirname(place)) return undefined;
    }
  }
}

/** Less than this, or a hundredth of the whole, is full: the failed write has freed nothing or little. */
const LEAST_BYTES = 2 ** 20;

/** Whether a file system has run out. Some have no blocks or no inodes to count. @internal */
export function fullness(
  stats: Pick<StatsFs, "bsize" | "blocks" | "bavail" | "files" | "ffree">,
): "bytes" | "inodes" | "neither" {
  const least = Math.min(LEAST_BYTES, (stats.blocks * stats.bsize) / 100);
  if (stats.blocks > 0 && stats.bavail * stats.bsize < least) return "bytes";
  return stats.files > 0 && stats.ffree === 0 ? "inodes" : "neither";
}

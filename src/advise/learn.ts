/**
 * The smallest permissions that allow what was seen. Pure, but for looks at files, which are handed in.
 *
 * Files are told one by one until there are many in a directory; to be written, a file is named only
 * where it was there and is the same one still, for what is replaced or made needs its directory.
 */

import { isWithin, type SettledPermissions } from "../core/permissions.ts";
import type { Before, Use } from "../process/uses.ts";

/** What is known beside the uses. */
export interface Surroundings {
  /** What may be read without being named: the project, and holdfast itself. */
  readonly ownReads: readonly string[];
  /** The same of what may be written. */
  readonly ownWrites: readonly string[];
  /** Never named as a whole for what is read in it: it holds what is nobody's business. */
  readonly home: string;
  /** How a file is now that all is over; `undefined` for none. */
  readonly look: (path: string) => Before | undefined;
}

/** So many entries of a directory that are read stand for all of it. */
const MANY_ENTRIES = 4;

/** To write is more than to read: so many files of a directory that are written stand for all of it. */
const MANY_WRITTEN = 20;

/** So many entries stand also for a directory at the top. */
const MANY_AT_TOP = 200;

/** So many ports of a host stand for all of them. */
const MANY_PORTS = 4;

/** What to declare. Every list is sorted. */
export function proposePermissions(
  uses: readonly Use[],
  surroundings: Surroundings,
): SettledPermissions {
  const { ownReads, ownWrites, home } = surroundings;
  const written = uses.flatMap((use) => writtenBy(use, surroundings));
  const notOwn = written.filter((path) => !isWithin(path, ownWrites));
  const write = foldPaths(notOwn, home, MANY_WRITTEN);
  const isNamed = (path: string) => isWithin(path, [...ownReads, ...ownWrites, ...write]);
  const seen = uses.flatMap((use) => readBy(use, surroundings));
  const read = foldPaths(
    seen.filter((path) => !isNamed(path)),
    home,
  );
  const values = (of: "run" | "net" | "env") =>
    uses.flatMap((use) => (use.of === of ? [use.value] : []));
  return {
    read,
    write,
    run: unique(values("run")),
    net: foldPorts(values("net")),
    env: unique(values("env")),
  };
}

/** What of a use has to be written: a file, or the directory in which it is made. */
function writtenBy(use: Use, { look }: Surroundings): string[] {
  if (use.of !== "write" && use.of !== "given") return [];
  const { path, place, before } = use;
  const after = look(path);
  if (use.of === "given" && isAsBefore(before, after)) return [];
  const isSame = before !== undefined && before.inode === after?.inode;
  return [isSame ? path : place];
}

/** What a program was told of, and left as it was, it may have read. */
function readBy(use: Use, { look }: Surroundings): string[] {
  if (use.of === "read") return [use.path];
  if (use.of !== "given" || use.before === undefined) return [];
  return isAsBefore(use.before, look(use.path)) ? [use.path] : [];
}

function isAsBefore(before: Before | undefined, after: Before | undefined): boolean {
  return before?.inode === after?.inode && before?.changedAtMs === after?.changedAtMs;
}

/**
 * The paths, where there are many in one directory that directory in their place. The home directory
 * does not stand for what is in it, and a directory at the top only where there are very many.
 */
export function foldPaths(
  paths: readonly string[],
  home: string,
  many: number = MANY_ENTRIES,
): readonly string[] {
  const left = outermost(paths);
  const entries = new Map<string, Set<string>>();
  for (const path of left) {
    let entry = path;
    for (const directory of around(path)) {
      entries.set(directory, (entries.get(directory) ?? new Set()).add(entry));
      entry = directory;
    }
  }
  const isFolded = (directory: string) =>
    (entries.get(directory)?.size ?? 0) >= (directory.lastIndexOf("/") > 0 ? many : MANY_AT_TOP) &&
    directory !== "/" &&
    !isWithin(home, [directory]);
  return unique(left.map((path) => around(path).findLast(isFolded) ?? path));
}

/** A directory that is proposed for many things in it. */
export interface Whole {
  readonly permission: "read" | "write";
  readonly path: string;
  /** How many different paths in it were used. */
  readonly count: number;
}

/** The directories among what is proposed that stand for many uses: whoever pastes them allows all in them. */
export function wholesOf(uses: readonly Use[], proposed: SettledPermissions): readonly Whole[] {
  const used = uses.flatMap((use) => ("path" in use ? [use.path] : []));
  const counts = new Map<string, number>();
  for (const directory of [...new Set(used)].flatMap(around)) {
    counts.set(directory, (counts.get(directory) ?? 0) + 1);
  }
  return (["read", "write"] as const).flatMap((permission) =>
    proposed[permission]
      .map((path): Whole => ({ permission, path, count: counts.get(path) ?? 0 }))
      .filter(({ count }) => count >= MANY_ENTRIES),
  );
}

/** Every directory around a path, the nearest first. */
function around(path: string): string[] {
  const found: string[] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    found.push(path.slice(0, end));
  }
  return path === "/" ? [] : [...found, "/"];
}

/** Without what lies in another one of them. */
function outermost(paths: readonly string[]): string[] {
  const known = new Set(paths);
  return unique(paths).filter((path) => !around(path).some((directory) => known.has(directory)));
}

function foldPorts(addresses: readonly string[]): string[] {
  const known = unique(addresses.map((address) => address.toLowerCase()));
  const hostOf = (address: string) => address.slice(0, address.lastIndexOf(":"));
  const folded = known.map((address) => {
    const host = hostOf(address);
    const isMany = known.filter((other) => hostOf(other) === host).length >= MANY_PORTS;
    return isMany ? `${host}:*` : address;
  });
  return unique(folded);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}

/** As it is pasted into the options of `automation()`; nothing is left out, for nothing is the default. */
export function permissionsBlock(permissions: SettledPermissions): string {
  const lines = Object.entries(permissions)
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `  ${name}: ${listText(values)},`);
  return lines.length === 0 ? "permissions: {}," : ["permissions: {", ...lines, "},"].join("\n");
}

/** As many letters as a line of the block has room for. */
const LINE_LENGTH = 90;

function listText(values: readonly string[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  const line = `[${texts.join(", ")}]`;
  return line.length <= LINE_LENGTH
    ? line
    : `[\n${texts.map((text) => `    ${text},\n`).join("")}  ]`;
}

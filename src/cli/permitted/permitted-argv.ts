/** The command line of Node for an automation with permissions, and what it needs to start at all. */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SettledPermissions } from "../../core/permissions.ts";

/** What nobody has to name to be read: the automation's project, and holdfast itself. */
export function ownReads(file: string): readonly string[] {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const croner = dirname(fileURLToPath(import.meta.resolve("croner")));
  return [...new Set([projectOf(realpathSync(file)), realpathSync(root), packageOf(croner)])];
}

/** The directory with the nearest package.json, else that of the file; not all that a user has. */
export function projectOf(file: string, home: string = homedir()): string {
  const own = dirname(file);
  for (let place = own; place !== dirname(place) && place !== home; place = dirname(place)) {
    if (existsSync(join(place, "package.json"))) return place;
  }
  return own === home || own === "/" ? file : own;
}

function packageOf(directory: string): string {
  const name = `${join("node_modules", "croner")}`;
  const end = directory.lastIndexOf(name);
  return end < 0 ? directory : directory.slice(0, end + name.length);
}

/**
 * Where Node keeps what it compiled for this file's processes. Node wants to write there, so nobody
 * else reads it: else one automation could change what another one runs.
 */
export function compileCacheOf(file: string, stateHome: string): string {
  return ownDirectory("compile-cache", file, stateHome);
}

function ownDirectory(kind: string, file: string, stateHome: string): string {
  const name = createHash("sha256").update(realpathSync(file)).digest("hex").slice(0, 32);
  const directory = join(stateHome, kind, name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

const CHILD = fileURLToPath(new URL(`permitted-child${extname(import.meta.url)}`, import.meta.url));

/** The same where everything is done, and told of. */
export function learnWords(): string[] {
  return [process.execPath, "--disable-warning=ExperimentalWarning", "--permission-audit", CHILD];
}

/**
 * The temporary directory of this file's processes, where the sandbox has none of its own: so nobody has
 * to name the one of all programs.
 */
export function temporaryOf(file: string, stateHome: string): string {
  return ownDirectory("temporary", file, stateHome);
}

/** The words of Node's command line, the program first. @param entry The file that it begins with. */
export function nodeWords(
  { read, write, run }: Pick<SettledPermissions, "read" | "write" | "run">,
  own: readonly string[],
  entry: string = CHILD,
): string[] {
  const readable = [...read, ...write, ...own].flatMap(withLinkTarget);
  const writable = write.flatMap(withLinkTarget);
  return [
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    // That programs may be run says what was declared.
    "--disable-warning=SecurityWarning",
    "--permission",
    ...readable.flatMap((path) => grants("read", path)),
    ...writable.flatMap((path) => grants("write", path)),
    ...(run.length > 0 ? ["--allow-child-process"] : []),
    entry,
  ];
}

/** A directory that is made later is known only by its pattern. */
function grants(kind: "read" | "write", path: string): string[] {
  const below = path === "/" ? "/*" : `${path}/*`;
  return [`--allow-fs-${kind}=${path}`, `--allow-fs-${kind}=${below}`];
}

/** A path that leads through a link is asked for by both of its names. */
function withLinkTarget(path: string): string[] {
  try {
    return [...new Set([path, realpathSync(path)])];
  } catch {
    return [path];
  }
}

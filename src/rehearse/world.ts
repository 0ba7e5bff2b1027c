/** The scratch world of one rehearsed run: its directories, and its environment. */

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import type { Root } from "./fingerprint.ts";
import type { FileFacts } from "./messages.ts";

/** Of the caller's own, only what programs need to be found and to speak. */
const HANDED_ON = ["PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ"];

/** See the header. */
export interface ScratchWorld {
  /** What leads from here to where the run is; empty unless it is on a disk of its own. */
  readonly reach: string;
  readonly root: string;
  /** Where the journal and what steers the rehearsal are: on another disk when this one is filled. */
  readonly own: string;
  /** Where the run stands. */
  readonly directory: string;
  /** Where programs are told how to fail. */
  readonly control: string;
  /** The file that fills the disk. */
  readonly ballast: string;
  readonly env: Readonly<Record<string, string>>;
  readonly roots: readonly Root[];
}

/** What all worlds have in common. */
export interface WorldParts {
  readonly base: string;
  readonly reach?: string | undefined;
  /** Where the journal goes. */
  readonly ownBase: string;
  readonly facts: Pick<FileFacts, "env" | "watch">;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where Node keeps what it has compiled, so that no run does it anew. */
  readonly compileCache: string;
}

/** Makes a new world below the two directories, which may be the same. */
export async function makeWorld(parts: WorldParts): Promise<ScratchWorld> {
  const { reach = "" } = parts;
  const made = await mkdtemp(join(`${reach}${parts.base}`, "world-"));
  const root = made.slice(reach.length);
  const own = await mkdtemp(join(parts.ownBase, "own-"));
  const [directory, temporary, home] = [join(root, "work"), join(root, "tmp"), join(root, "home")];
  const [state, control] = [join(own, "state"), join(own, "control")];
  for (const path of [directory, temporary, home]) await mkdir(`${reach}${path}`);
  for (const path of [state, control]) await mkdir(path);
  const env = {
    ...Object.fromEntries(HANDED_ON.flatMap((name) => entry(name, parts.env[name]))),
    ...parts.facts.env,
    HOME: home,
    XDG_STATE_HOME: join(home, ".local", "state"),
    TMPDIR: temporary,
    HOLDFAST_HOME: state,
    NODE_COMPILE_CACHE: parts.compileCache,
  };
  const roots = [
    { path: `${reach}${directory}`, name: "." },
    { path: `${reach}${temporary}`, name: "$TMPDIR" },
    { path: `${reach}${home}`, name: "~" },
    ...parts.facts.watch
      .filter((path) => isOutside(path, directory))
      .map((path) => ({ path: resolve(directory, path), name: path })),
  ];
  return { reach, root, own, directory, control, ballast: join(root, "ballast"), env, roots };
}

/** How a process of a rehearsal is started. */
export interface Way {
  readonly command: readonly string[];
  readonly enter?: readonly string[] | undefined;
}

/** The command line and the directory of a process in a world. */
export function wayInto(
  { command, enter }: Way,
  { directory }: Pick<ScratchWorld, "directory">,
): { readonly command: readonly string[]; readonly cwd: string } {
  if (enter === undefined) return { command, cwd: directory };
  // Its directory is not to be seen from here.
  const inside = ["sh", "-c", 'cd "$0" && exec "$@"', directory];
  return { command: [...enter, ...inside, ...command], cwd: "/" };
}

/** Whether it is not below a run's own directory, and so the same for all runs. */
export function isOutside(path: string, directory = "/rehearsal/work"): boolean {
  return isAbsolute(path) || !`${resolve(directory, path)}/`.startsWith(`${directory}/`);
}

/** Takes a world away. */
export async function removeWorld({ reach, root, own }: ScratchWorld): Promise<void> {
  for (const path of [`${reach}${root}`, own])
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

function entry(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]];
}

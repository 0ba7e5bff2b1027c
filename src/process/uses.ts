/**
 * Tells what the code of this process uses of what permissions are about, before it does. Files by
 * Node's `--permission-audit`, which lets everything pass and publishes what `--permission` would
 * refuse; the rest by the guards. Source: nodejs.org/api/permissions.html, diagnostics_channel.
 */

import { subscribe } from "node:diagnostics_channel";
import { realpathSync, statSync, type Stats } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { denialOf } from "../core/denial.ts";
import type { PermissionDeniedError } from "../core/errors.ts";
import { isWithin, type SettledPermissions } from "../core/permissions.ts";
import { findProgram } from "./find-program.ts";
import { setGuards, type StartedProgram } from "./guards.ts";
import { tellInstead } from "./refusal.ts";

/** How a file was before it was used. */
export interface Before {
  readonly inode: number;
  /** Milliseconds since the Unix epoch. */
  readonly changedAtMs: number;
  readonly isDirectory: boolean;
}

/** One use. */
export type Use =
  | { readonly of: "read"; readonly path: string }
  /** `given`: a program was told of the path, and nobody knows what it does there. */
  | {
      readonly of: "write" | "given";
      readonly path: string;
      /** The nearest directory around it that the automation has not made itself. */
      readonly place: string;
      /** Missing where nothing was there. */
      readonly before?: Before | undefined;
    }
  | { readonly of: "run" | "net" | "env"; readonly value: string };

const NOTHING: SettledPermissions = { read: [], write: [], run: [], net: [], env: [] };

/** As many different uses are told of; more would name no permission that a person reads. */
const MOST_USES = 100_000;

/** That there were more different uses than anybody is told of. */
export interface TooManyUses {
  readonly of: "more";
  /** So many were told of. */
  readonly most: number;
}

/** Tells `tell` of every use once, for as long as the process lives; of 100,000 at most, and then of that. */
export function watchUses(names: readonly string[], tell: (use: Use | TooManyUses) => void): void {
  const watcher = new UseWatcher(tell, MOST_USES);
  subscribe("node:permission-model:fs", (message) => watcher.heard(message));
  tellInstead((denial) => watcher.refused(denial));
  setGuards({
    permissions: NOTHING,
    heldBack: names,
    onProgram: (started) => watcher.started(started),
  });
}

/** @internal */
export class UseWatcher {
  readonly #tell: (use: Use | TooManyUses) => void;
  readonly #most: number;
  readonly #told = new Set<string>();
  /** What was not there before the automation made it. */
  readonly #made = new Set<string>();
  #isFull = false;
  /** Its own looks at files are published, too. */
  #isLooking = false;

  constructor(tell: (use: Use | TooManyUses) => void, most: number) {
    this.#tell = tell;
    this.#most = most;
  }

  /** By Node. */
  heard(message: unknown): void {
    if (this.#isLooking || this.#isFull) return;
    const { permission, value } =
      denialOf({ ...(message as object), code: "ERR_ACCESS_DENIED" }) ?? {};
    if (value === undefined) return;
    this.#looking(() => {
      if (permission === "read") this.#say({ of: "read", path: resolve(value) });
      if (permission === "write") this.#sayPlace("write", resolve(value));
    });
  }

  /** By the guards. */
  refused({ permission, value }: PermissionDeniedError): void {
    this.#looking(() => {
      if (permission === "net" || permission === "env") this.#say({ of: permission, value });
      // A database has files beside it, which Node does not know of; a socket has none.
      const isDatabase = permission === "write" && find(value)?.isSocket() !== true;
      if (isDatabase) this.#sayPlace("write", `${value}-journal`);
    });
  }

  started({ program, words, cwd }: StartedProgram): void {
    this.#looking(() => {
      this.#say({ of: "run", value: nameOf(program) });
      // Its own is there in a sandbox, too, be it empty.
      if (cwd !== undefined && resolve(cwd) !== process.cwd()) {
        this.#sayPlace("given", resolve(cwd));
      }
      for (const path of pathsIn(words, cwd ?? process.cwd())) this.#sayPlace("given", path);
    });
  }

  #sayPlace(of: "write" | "given", path: string): void {
    if (this.#isFull || this.#told.has(`${of} ${path}`)) return;
    const found = find(path);
    let place = found?.isDirectory() === true ? path : dirname(path);
    while (find(place) === undefined || this.#isMade(place)) place = dirname(place);
    if (found === undefined) this.#made.add(path);
    const before = found === undefined || this.#isMade(dirname(path)) ? undefined : stateOf(found);
    this.#say({ of, path, place, ...(before === undefined ? {} : { before }) });
  }

  #say(use: Use): void {
    const name = `${use.of} ${"path" in use ? use.path : use.value}`;
    if (this.#isFull || this.#told.has(name)) return;
    this.#isFull = this.#told.size >= this.#most;
    if (this.#isFull) return this.#tell({ of: "more", most: this.#most });
    this.#told.add(name);
    this.#tell(use);
  }

  /** Whether it, or what it lies in, was made by the automation. */
  #isMade(path: string): boolean {
    for (let place = path; place !== dirname(place); place = dirname(place)) {
      if (this.#made.has(place)) return true;
    }
    return false;
  }

  #looking(look: () => void): void {
    this.#isLooking = true;
    try {
      look();
    } finally {
      this.#isLooking = false;
    }
  }
}

function find(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** @internal */
export function stateOf(stats: Stats): Before {
  return { inode: stats.ino, changedAtMs: stats.ctimeMs, isDirectory: stats.isDirectory() };
}

/** By its name alone where that finds the same program. */
function nameOf(program: string): string {
  const place = { cwd: process.cwd(), path: process.env["PATH"] };
  const name = basename(program);
  const [asked, byName] = [program, name].map((each) => {
    const file = findProgram({ ...place, program: each });
    return file === undefined ? undefined : realpathSync(file);
  });
  return asked === undefined || asked === byName ? name : resolve(program);
}

/** What every program sees of the system: no paths that anybody names. */
const SYSTEM = "/bin /dev /lib /lib32 /lib64 /proc /sbin /sys /usr".split(" ");

/** An argument that is a path, or `--name=` and a path; and paths in a text for a shell. */
const WHOLE = /^(?:-{0,2}[\w-]+=)?(\/.*|\.{1,2}\/.*|[\w.][^\s:]*\/.*)$/s;
const IN_TEXT = /(?<=^|[\s"'`=(<>|&;])\/[^\s"'`$;|&<>(){}*?]+/g;

/**
 * The paths that may stand in arguments. Some are none, and some of a text for a shell are cut off: who
 * asks looks whether they are there. @internal
 */
export function pathsIn(words: readonly string[], cwd: string): string[] {
  const found = words.flatMap((word) => [WHOLE.exec(word)?.[1] ?? [], word.match(IN_TEXT) ?? []]);
  const paths = found.flat().map((path) => resolve(cwd, path));
  return [...new Set(paths)].filter((path) => path !== "/" && !isWithin(path, SYSTEM));
}

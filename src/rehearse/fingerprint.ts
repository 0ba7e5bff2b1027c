/**
 * A look at a world: what stands below its directories, byte by byte, in a form in which two worlds can
 * be compared. The world's own place and the keys of its run are replaced by words, in names and in
 * what files hold, for no two worlds have the same.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join, matchesGlob } from "node:path";
import { HoldfastError } from "../core/errors.ts";
import type { Fact, Facts } from "./differences.ts";

/** A world that is larger than this is no scratch world. */
const MAX_ENTRIES = 20_000;
const MAX_BYTES = 512 * 1024 * 1024;

/** What is larger is summed as it is: a text that names its own place is smaller. */
const MAX_REWRITTEN_BYTES = 4 * 1024 * 1024;

/** A world is too large to look at, or cannot be read. */
export class FingerprintError extends HoldfastError {
  override get name(): string {
    return "FingerprintError";
  }
  readonly code = "REHEARSAL_FAILED";
}

/** A directory or file that is looked at, and what it is called. */
export interface Root {
  readonly path: string;
  /** What stands for it in the report: `.`, `$TMPDIR`, `~`. */
  readonly name: string;
}

/** What is looked at, and what is left out. */
export interface View {
  readonly roots: readonly Root[];
  readonly ignore: readonly string[];
  readonly runId: string;
  /** The place of the whole world, which is never the same. */
  readonly place: string;
}

/** Looks at everything. Rejects with `FingerprintError` when there is too much. */
export async function fingerprint(view: View): Promise<Facts> {
  const look = new Look(view);
  for (const root of view.roots) await look.at(root.path, root.name);
  return look.facts();
}

class Look {
  readonly #view: View;
  readonly #found: [path: string, fact: Fact][] = [];
  #bytes = 0;

  constructor(view: View) {
    this.#view = view;
  }

  async at(path: string, name: string): Promise<void> {
    const stats = await lstat(path).catch(goneOr(undefined));
    if (stats === undefined || this.#isIgnored(name)) return;
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, "0");
    const owner = `${stats.uid}:${stats.gid}`;
    if (stats.isDirectory()) {
      this.#keep(name, { kind: "directory", mode, owner });
      for (const entry of await namesIn(path)) await this.at(join(path, entry), `${name}/${entry}`);
    } else if (stats.isSymbolicLink()) {
      const target = await readlink(path).catch(goneOr(""));
      this.#keep(name, { kind: "link", owner, content: this.#rewritten(target) });
    } else if (stats.isFile()) {
      this.#count(stats.size);
      const content = await this.#sumOf(path, stats.size).catch(goneOr(""));
      this.#keep(name, { kind: "file", mode, owner, bytes: stats.size, content });
    } else {
      this.#keep(name, { kind: "other", mode, owner });
    }
  }

  /** By name; where names are one without their keys, they are counted. */
  facts(): Facts {
    const facts = new Map<string, Fact>();
    for (const [path, fact] of this.#found) {
      const name = this.#rewritten(path);
      let free = name;
      for (let count = 2; facts.has(free); count++) free = `${name} (${count})`;
      facts.set(free, fact);
    }
    return Object.fromEntries(facts);
  }

  #isIgnored(name: string): boolean {
    const plain = name.replace(/^\.\//, "");
    return this.#view.ignore.some((glob) => matchesGlob(plain, glob) || matchesGlob(name, glob));
  }

  #keep(path: string, fact: Fact): void {
    this.#found.push([path, fact]);
    if (this.#found.length > MAX_ENTRIES) throw tooMuch(`more than ${MAX_ENTRIES} files`);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MAX_BYTES) throw tooMuch(`more than ${MAX_BYTES / 1024 / 1024} MB`);
  }

  async #sumOf(path: string, bytes: number): Promise<string> {
    const hash = createHash("sha256");
    if (bytes <= MAX_REWRITTEN_BYTES) {
      // One character for each byte, so that nothing is lost on the way.
      return hash.update(this.#rewritten(await readFile(path, "latin1")), "latin1").digest("hex");
    }
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest("hex");
  }

  #rewritten(text: string): string {
    return rewrite(text, this.#view);
  }
}

/** `text` with the world's place and the run's keys replaced: a key holds a count that a rollback raises. */
export function rewrite(text: string, { place, runId }: Pick<View, "place" | "runId">): string {
  const placed = text.includes(place) ? text.replaceAll(place, "WORLD") : text;
  if (!placed.includes(runId)) return placed;
  const key = new RegExp(`${runId}((?:-[a-z0-9]+)*?)-[0-9a-f]{16}(?![0-9a-f])`, "g");
  return placed.replaceAll(key, "KEY$1").replaceAll(runId, "RUN");
}

/** In the order of their characters, wherever it is. */
async function namesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(goneOr([]));
  return names.toSorted((a, b) => (a < b ? -1 : 1));
}

/** What goes while it is looked at was not there. */
function goneOr<Value>(instead: Value) {
  return (error: unknown): Value => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return instead;
    throw new FingerprintError(`The world cannot be looked at: ${message}`);
  };
}

function tooMuch(what: string): FingerprintError {
  return new FingerprintError(
    `There are ${what} to look at; watch less, or leave something out by rehearsal.ignore`,
  );
}

/** The archive: a list of what goes in, `tar`, and a restore that is compared with the list. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { lstat, mkdir, readdir, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { isDeepStrictEqual } from "node:util";
import { contentIn, contentOf, replaceFile, unless, type Content } from "./files.ts";

/** One line of the manifest. */
interface Entry {
  /** Below the directory, as `./a/b`. */
  readonly path: string;
  readonly kind: "file" | "link" | "directory";
  /** Of a file's bytes or a link's target; empty for directories. */
  readonly sha256: string;
}

/**
 * Writes down what is in `directory`, as one line of JSON for each thing. It is a file and not the
 * step's value because it may be large.
 *
 * What vanishes meanwhile is left out; sockets, pipes and devices hold nothing that could be kept.
 */
export function writeManifest(
  path: string,
  directory: string,
  options: {
    readonly leaveOut: (path: string, name: string) => boolean;
    readonly signal: AbortSignal;
  },
): Promise<Content> {
  const { leaveOut, signal } = options;
  async function* lines() {
    for await (const found of walk(directory, leaveOut)) {
      const entry = await findEntry(directory, found, signal);
      if (entry !== undefined) yield Buffer.from(`${toLine(entry)}\n`);
    }
  }
  return replaceFile(path, lines(), signal);
}

/** What `createArchive` puts together. */
export interface ArchiveParts {
  readonly directory: string;
  /** Tells what of `directory` goes in. */
  readonly manifest: string;
  /** A file that goes in beside it, in a directory of its own. */
  readonly extra: { readonly directory: string; readonly name: string };
}

/**
 * Archives what the manifest lists. The archive comes through this process, so that no `tar` goes
 * on writing when we are killed.
 */
export function createArchive(
  path: string,
  { directory, manifest, extra }: ArchiveParts,
  { signal, warn }: { readonly signal: AbortSignal; readonly warn: (message: string) => void },
): Promise<Content> {
  async function* names() {
    for await (const entry of readManifest(manifest)) {
      // tar fails for a name that is gone; the restore tells of it later.
      if ((await lstat(join(directory, entry.path)).catch(unless("ENOENT"))) === undefined)
        continue;
      yield `${entry.path}\0`;
    }
  }
  const list = ["--null", "--no-recursion", "--files-from=-"];
  const args = ["-cz", "-f-", "-C", extra.directory, `./${extra.name}`, "-C", directory, ...list];
  return replaceFile(path, tar(args, { input: names(), signal, warn }), signal);
}

/** What a restore found. */
export interface Restored {
  readonly entries: number;
  /** What changed in the directory while it was backed up; the archive holds some state of it. */
  readonly changed: readonly string[];
}

/**
 * Restores the archive into `place` and compares all of it with the manifest, and with the
 * directory where it differs: what changed there meanwhile is told apart from what was damaged.
 */
export async function rehearseRestore(
  archive: string,
  place: string,
  parts: ArchiveParts & { readonly extraSha256: string; readonly signal: AbortSignal },
): Promise<Restored> {
  const { directory, manifest, extra, extraSha256, signal } = parts;
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  // The archive goes through this process too: the `tar` of one that is killed comes to its end.
  const input = createReadStream(archive);
  await contentIn(tar(["-xz", "-f-", "-C", place], { input, signal }));

  const { sha256 } = await contentOf(join(place, extra.name), signal);
  if (sha256 !== extraSha256) throw new Error(`${extra.name} is damaged in ${archive}`);
  const changed: string[] = [];
  let entries = 0;
  for await (const entry of readManifest(manifest)) {
    entries += 1;
    if (isDeepStrictEqual(await findEntry(place, entry.path, signal), entry)) continue;
    if (isDeepStrictEqual(await findEntry(directory, entry.path, signal), entry)) {
      throw new Error(`${entry.path} is damaged or missing in ${archive}`);
    }
    changed.push(entry.path);
  }
  return { entries, changed };
}

async function* walk(
  directory: string,
  leaveOut: (path: string, name: string) => boolean,
  below = ".",
): AsyncGenerator<string> {
  const found = readdir(join(directory, below), { withFileTypes: true });
  for (const item of await (below === "." ? found : found.catch(unless("ENOENT", [])))) {
    const path = `${below}/${item.name}`;
    if (leaveOut(join(directory, path), item.name)) continue;
    // Node reads names as UTF-8: a file with any other name could not be opened again.
    if (item.name.includes("\uFFFD")) throw new Error(`the name of ${path} is not UTF-8`);
    yield path;
    if (item.isDirectory()) yield* walk(directory, leaveOut, path);
  }
}

async function findEntry(
  directory: string,
  path: string,
  signal: AbortSignal,
): Promise<Entry | undefined> {
  try {
    const place = join(directory, path);
    const stats = await lstat(place);
    if (stats.isDirectory()) return { path, kind: "directory", sha256: "" };
    if (stats.isFile())
      return { path, kind: "file", sha256: (await contentOf(place, signal)).sha256 };
    if (!stats.isSymbolicLink()) return undefined;
    const target = Readable.from([Buffer.from(await readlink(place))]);
    return { path, kind: "link", sha256: (await contentIn(target)).sha256 };
  } catch (error) {
    return unless("ENOENT")(error);
  }
}

/** Node's line reader takes these two for ends of lines as well, and names may have them. */
function toLine(entry: Entry): string {
  return JSON.stringify(entry).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

async function* readManifest(path: string): AsyncGenerator<Entry> {
  for await (const line of createInterface({ input: createReadStream(path) })) {
    yield JSON.parse(line) as Entry;
  }
}

interface TarOptions {
  readonly signal: AbortSignal;
  /** Goes to its standard input. */
  readonly input?: AsyncIterable<string | Uint8Array>;
  readonly warn?: (message: string) => void;
}

/**
 * Runs `tar`. Throws at the end when it failed, so that what it wrote until then is not taken for an
 * archive.
 *
 * @yields What it writes to its standard output.
 */
async function* tar(
  args: readonly string[],
  { signal, input = Readable.from([]), warn }: TarOptions,
): AsyncGenerator<Uint8Array> {
  const env = { ...process.env, LC_ALL: "C" };
  const child = spawn("tar", args, { env, signal });
  const fed = pipeline(input, child.stdin).catch(unless("EPIPE"));
  const complaints = text(child.stderr);
  const ended = once(child, "close") as Promise<[exitCode: number | null, signal: string | null]>;
  try {
    // All are awaited together: whichever fails first tells why.
    const end = Promise.all([ended, complaints, fed]);
    end.catch(() => undefined);
    yield* child.stdout;
    const [[exitCode, endedBy], message] = await end;
    // GNU tar's 1: some files differ from what they were when it began. The restore tells which.
    if (exitCode === 1 && warn !== undefined) warn(message.trim());
    else if (exitCode !== 0)
      throw new Error(`tar ended by ${exitCode ?? endedBy}: ${message.trim()}`);
  } finally {
    child.kill();
  }
}

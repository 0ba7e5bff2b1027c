/**
 * Puts the changes of an overlay in place. First everything is copied beside its place and written
 * down; then it is renamed, and what is deleted is removed. The second part may be done again from the
 * beginning, so that whoever was killed in it can be followed by another one.
 */

import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  lchown,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileRefusedError } from "../core/errors.ts";
import type { FileChange } from "./overlay-changes.ts";

/** What is left to do, as it is written down. */
interface Ready {
  readonly renames: readonly { readonly from: string; readonly to: string }[];
  readonly deletions: readonly string[];
}

/** See the header. Rejects before anything is changed when it cannot be done. */
export async function commitLayers(spool: string, changes: readonly FileChange[]): Promise<void> {
  const { ctimeMs: openedAtMs } = await stat(join(spool, "opened"));
  for (const change of changes) await checkUntouched(change, openedAtMs);
  const mark = basename(spool);
  const staged: { readonly from: string; readonly to: string }[] = [];
  const made: string[] = [];
  try {
    for (const change of changes.filter(({ source }) => source !== undefined)) {
      await stage(change, { mark, staged, made });
    }
    const deletions = changes.filter(({ change }) => change === "deleted").map(({ path }) => path);
    await writeReady(spool, { renames: staged, deletions });
  } catch (error) {
    for (const { from } of staged) await rm(from, { force: true });
    for (const directory of made.toReversed())
      await rm(directory, { recursive: true, force: true });
    throw error;
  }
  await finishCommit(spool);
}

/** Does what is left of a commit that was cut off. Does nothing when none had come that far. */
export async function finishCommit(spool: string): Promise<void> {
  const file = join(spool, "ready");
  const text = await readFile(file, "utf8").catch(unlessMissing);
  if (text === undefined) return;
  const { renames, deletions } = JSON.parse(text) as Ready;
  for (const { from, to } of renames) await rename(from, to).catch(unlessMissing);
  for (const path of deletions) await rm(path, { recursive: true, force: true });
  for (const place of new Set([...renames.map(({ to }) => to), ...deletions].map(dirname))) {
    await flush(place).catch(unlessMissing);
  }
  await rm(file);
}

/** What others changed meanwhile is not what the command has seen. */
async function checkUntouched(
  { path, change, kind }: FileChange,
  openedAtMs: number,
): Promise<void> {
  const found = await lstat(path).catch(unlessMissing);
  const isTouched =
    change === "added" ? found !== undefined : found === undefined || found.ctimeMs > openedAtMs;
  // A directory changes with whatever is made in it.
  if (isTouched && !(kind === "directory" && found?.isDirectory() === true)) {
    throw new FileRefusedError(path, "was changed by others while the command ran");
  }
  if (kind === "other")
    throw new FileRefusedError(path, "is neither a file, a directory nor a link");
}

interface Staging {
  readonly mark: string;
  readonly staged: { readonly from: string; readonly to: string }[];
  readonly made: string[];
}

async function stage(
  { path, source = "", kind, change }: FileChange,
  { mark, staged, made }: Staging,
): Promise<void> {
  const { mode, uid, gid } = await lstat(source);
  if (kind === "directory") {
    if (change === "added") {
      await mkdir(path);
      made.push(path);
    } else if (!(await lstat(path)).isDirectory()) {
      throw new FileRefusedError(path, "became a directory");
    }
    await lchown(path, uid, gid);
    return chmod(path, mode);
  }
  const found = await lstat(path).catch(unlessMissing);
  if (found?.isDirectory() === true) throw new FileRefusedError(path, "was a directory");
  const from = join(dirname(path), `.${basename(path)}.${mark}`);
  staged.push({ from, to: path });
  if (kind === "link") await symlink(await readlink(source), from);
  else await copyFile(source, from, constants.COPYFILE_EXCL);
  await lchown(from, uid, gid);
  if (kind === "link") return;
  await chmod(from, mode);
  await flush(from);
}

async function writeReady(spool: string, ready: Ready): Promise<void> {
  const file = join(spool, "ready");
  await using handle = await open(`${file}.new`, "wx");
  await handle.writeFile(JSON.stringify(ready));
  await handle.sync();
  await rename(`${file}.new`, file);
}

async function flush(path: string): Promise<void> {
  await using handle = await open(path);
  await handle.sync();
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

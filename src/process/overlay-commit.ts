/**
 * Puts the changes of an overlay in place. First everything is copied into directories beside its place,
 * and it is written down what is to be renamed; the rest is overlay-finish.ts. Until that is written
 * down nothing that was there before is another one.
 */

import { lstat, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileRefusedError } from "../core/errors.ts";
import type { FileChange, Layer } from "./overlay-changes.ts";
import { finishCommit, flush, lookOf, READY, unlessMissing } from "./overlay-finish.ts";
import type { Attributes, Move, Ready } from "./overlay-finish.ts";
import { planCommit, type CommitPlan } from "./overlay-plan.ts";
import { stageCopies } from "./overlay-stage.ts";

/** The name of the file in the layers' directory that says what stages there are. */
const STAGES = "stages";

/** See the header, and `Overlay.commit`. */
export async function commitLayers(
  spool: string,
  layers: readonly Layer[],
  changes: readonly FileChange[],
): Promise<readonly string[]> {
  const { ctimeMs: openedAtMs } = await stat(join(spool, "opened"));
  for (const change of changes) await checkUntouched(change, openedAtMs);
  const plan = planCommit(changes, basename(spool));
  for (const stage of plan.stages) await checkFileSystem(dirname(stage), layers);
  const moves: Move[] = [];
  for (const move of plan.moves) moves.push({ ...move, look: await lookOf(move.to) });
  const attributes: Attributes[] = [];
  for (const change of plan.kept) attributes.push(await attributesOf(change));
  await writeDown(spool, STAGES, plan.stages);
  try {
    await stageAll(spool, plan);
    const ready: Ready = { stages: plan.stages, moves, attributes };
    await writeDown(spool, READY, ready);
  } catch (error) {
    await removeStages(spool);
    throw error;
  }
  return finishCommit(spool);
}

/** Removes what was copied by a commit that did not come to be ready. Answers how many stages there were. */
export async function removeStages(spool: string): Promise<number> {
  const text = await readFile(join(spool, STAGES), "utf8").catch(unlessMissing);
  const stages = text === undefined ? [] : (JSON.parse(text) as readonly string[]);
  let removed = 0;
  for (const stage of stages) {
    if ((await lstat(stage).catch(unlessMissing)) !== undefined) removed++;
    await rm(stage, { recursive: true, force: true, maxRetries: 3 });
  }
  return removed;
}

async function stageAll(spool: string, { stages, copies }: CommitPlan): Promise<void> {
  for (const stage of stages) await mkdir(stage, { mode: 0o700 });
  for (const copy of copies) await stageCopies(copy, join(spool, "list"));
  for (const stage of stages) await flush(stage);
}

/** What others changed meanwhile is not what the command has seen. */
async function checkUntouched(change: FileChange, openedAtMs: number): Promise<void> {
  const { path, kind } = change;
  if (kind === "other") {
    throw new FileRefusedError(path, "is neither a file, a directory nor a link with a plain name");
  }
  const found = await lstat(path).catch(unlessMissing);
  const wasThere = change.change !== "added";
  const isThere = found !== undefined;
  // A directory that stays changes with whatever is made in it; one that goes must not.
  const mayChange = !wasThere || (found?.isDirectory() === true && !isGoing(change));
  if (wasThere === isThere && (mayChange || !(await isChangedSince(path, openedAtMs)))) return;
  throw new FileRefusedError(path, "was changed by others while the command ran");
}

function isGoing({ change, replaces }: FileChange): boolean {
  return change === "deleted" || replaces === true;
}

async function isChangedSince(path: string, openedAtMs: number): Promise<boolean> {
  const stats = await lstat(path);
  if (stats.ctimeMs > openedAtMs) return true;
  if (!stats.isDirectory()) return false;
  for (const name of await readdir(path)) {
    if (await isChangedSince(join(path, name), openedAtMs)) return true;
  }
  return false;
}

/** What is mounted below a directory is not seen through its layer. */
async function checkFileSystem(directory: string, layers: readonly Layer[]): Promise<void> {
  const tops = layers
    .map(({ lower }) => lower)
    .filter((lower) => `${directory}/`.startsWith(`${lower}/`));
  const top = tops.toSorted((one, other) => other.length - one.length)[0] ?? directory;
  const [inside, above] = [await stat(directory), await stat(top)];
  if (inside.dev === above.dev) return;
  throw new FileRefusedError(directory, "is on another file system, which was not seen");
}

async function attributesOf({ path, source = "", change }: FileChange): Promise<Attributes> {
  const { mode, uid, gid, mtimeMs } = await lstat(source);
  const own = { path, mode: mode & 0o7777, uid, gid };
  return change === "touched" ? { ...own, modifiedAtMs: mtimeMs } : own;
}

async function writeDown(spool: string, name: string, content: unknown): Promise<void> {
  const file = join(spool, name);
  {
    await using handle = await open(`${file}.new`, "w", 0o600);
    await handle.writeFile(JSON.stringify(content));
    await handle.sync();
  }
  await rename(`${file}.new`, file);
  await flush(spool);
}

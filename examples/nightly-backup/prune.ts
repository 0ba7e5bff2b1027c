/** Old backups, here and in the store: which they are, and how they go without being lost. */

import { mkdir, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import type { StepRetry, Task } from "holdfast/automation";
import { contentOf, namesIn, removeByKey, removeEmpty, unless } from "./files.ts";
import type { StoreClient, StoredObject } from "./store-client.ts";

/** Where backups are, and how many of them stay. */
export interface Pruning {
  readonly local: string;
  readonly store: StoreClient;
  /** What the names of the store's objects begin with. */
  readonly prefix: string;
  readonly keep: number;
  readonly retry: StepRetry;
}

/** Every file is named by the key of the step that made it, and that begins with the run. */
const NAME = /^[0-9a-z]{26}-/;
const TRASH = ".trash";

/**
 * Which of `names` are older than the oldest of the `keep` newest archives. Names that are none of
 * ours are never among them, and what an abandoned run left behind does not count as a backup.
 */
export function outdated(names: readonly string[], keep: number): string[] {
  const ours = names.filter((name) => NAME.test(name) && !name.endsWith(TRASH)).toSorted();
  const archives = ours.filter((name) => name.endsWith(".tar.gz"));
  const oldestKept = archives.at(-keep);
  return oldestKept === undefined ? [] : ours.filter((name) => runOf(name) < runOf(oldestKept));
}

/**
 * Removes what is outdated. Nothing is gone for good before the last step: files go to a trash, and
 * objects are downloaded into it before they are deleted. The next night's prune empties it.
 */
export async function prune(task: Task, pruning: Pruning): Promise<void> {
  const { retry } = pruning;
  const old = await task.read("list old backups", ({ signal }) => findOld(pruning, signal), {
    retry,
  });
  await trashFiles(task, pruning, old.files);
  for (const object of old.objects) await removeObject(task, pruning, object);
  await emptyTrash(task, pruning);
}

async function findOld({ local, store, prefix, keep }: Pruning, signal: AbortSignal) {
  const objects = await store.list(prefix, signal);
  const oldNames = outdated(
    objects.map(({ name }) => name.slice(prefix.length)),
    keep,
  );
  return {
    files: outdated(await namesIn(local), keep),
    objects: objects.filter(({ name }) => oldNames.includes(name.slice(prefix.length))),
  };
}

function trashFiles(task: Task, { local, retry }: Pruning, names: readonly string[]) {
  const trashOf = (key: string) => join(local, `${key}${TRASH}`);
  return task.step(
    "move old files to the trash",
    ({ key }) => moveAll(names, local, trashOf(key)),
    {
      undo: async ({ key }) => {
        await moveAll(names, trashOf(key), local);
        await removeEmpty(trashOf(key));
      },
      verify: async () => !(await namesIn(local)).some((name) => names.includes(name)),
      retry,
    },
  );
}

async function removeObject(task: Task, { local, store, retry }: Pruning, object: StoredObject) {
  const { name } = object;
  const copyOf = (key: string) => join(local, `${key}${TRASH}`, basename(name));
  const copy = await task.step(
    `copy ${name}`,
    async ({ key, signal }) => ({
      path: copyOf(key),
      ...(await store.download(object, copyOf(key), signal)),
    }),
    {
      undo: ({ key }) => removeByKey(local, key),
      verify: ({ sha256 }) => sha256 === object.sha256,
      retry,
    },
  );
  await task.step(`delete ${name}`, ({ signal }) => store.remove(name, signal), {
    undo: async ({ key, signal }) => {
      if ((await store.find(name, signal)) !== null) return;
      const { bytes, sha256 } = await contentOf(copy.path, signal);
      await store.put(name, { path: copy.path, bytes, sha256, key: `${key}-undo`, signal });
    },
    retry,
  });
}

function emptyTrash(task: Task, { local, retry }: Pruning) {
  return task.step(
    "empty the former trash",
    async ({ key }) => {
      const trash = (await namesIn(local)).filter(
        (name) => name.endsWith(TRASH) && NAME.test(name),
      );
      const former = trash.filter((name) => runOf(name) < runOf(key));
      for (const name of former) await removeByKey(local, name);
      return former;
    },
    // What was thrown away a night ago is not brought back.
    { undo: () => {}, retry },
  );
}

/** Moves what is there; done again, it finds nothing left to move. */
async function moveAll(names: readonly string[], from: string, to: string): Promise<void> {
  if (names.length > 0) await mkdir(to, { recursive: true });
  for (const name of names) await rename(join(from, name), join(to, name)).catch(unless("ENOENT"));
}

/** Run ids sort by the time of their start. */
function runOf(name: string): string {
  return name.slice(0, 26);
}

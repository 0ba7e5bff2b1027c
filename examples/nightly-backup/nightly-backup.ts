/**
 * Backs up a directory and a SQLite database: snapshot, archive, checksum, a restore that is
 * compared with the source, upload, a read of what was uploaded, and pruning.
 *
 *     holdfast run nightly-backup.ts --input '{"directory":"/srv/data","database":"/srv/data.db"}'
 *
 * settings.ts lists the input. Every file and object is named by the key of the step that makes it:
 * the same when it is attempted again, so that nothing is ever there twice, and enough to find it
 * again for taking it back. Steps are given `retry`, which also says that they may be repeated:
 * each replaces what it makes as a whole.
 *
 * Restore: fetch `<name>/<…>.tar.gz` and its `.sha256` from the store, `sha256sum -c` them, and
 * unpack with `tar -xzf`. The database is the `.sqlite` file at the top of the archive.
 */

import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { automation, type Run, type StepRetry } from "holdfast/automation";
import { createArchive, rehearseRestore, writeManifest } from "./archive.ts";
import { checkDatabase, snapshotDatabase } from "./database.ts";
import { contentOf, removeByKey, replaceFile, type Content } from "./files.ts";
import { prune } from "./prune.ts";
import { settings, type Settings } from "./settings.ts";
import { StoreClient } from "./store-client.ts";

/** A file that a step made. */
interface Made extends Content {
  readonly path: string;
}

export default automation(
  "nightly-backup",
  { requires: { commands: ["tar", "gzip"] }, input: settings },
  async (run) => {
    const { directory, exclude, name, workspace, attempts, keep } = run.input;
    const local = join(workspace, name);
    const prefix = `${name}/`;
    const retry = { attempts };
    const store = new StoreClient(run.input);

    run.log.info(
      `Backing up ${directory}${exclude.length > 0 ? ` without ${exclude.join(", ")}` : ""}`,
    );
    const archive = await makeArchive(run, local, retry);
    const checksum = await makeChecksum(run, local, archive, retry);
    await upload(run, "archive", archive, { store, prefix, retry });
    await upload(run, "checksum", checksum, { store, prefix, retry });

    const pruned = await run.task("prune", (task) =>
      prune(task, { local, store, prefix, keep, retry }),
    );
    if (!pruned.ok) run.log.warning("The backup is good, but old ones are still there");
  },
);

export { rehearsal } from "./rehearsal.ts";

/** Archives the directory as it is now, with a snapshot of the database, and restores it to try. */
async function makeArchive(run: Run<Settings>, local: string, retry: StepRetry): Promise<Made> {
  const { directory, database } = run.input;
  const undo = ({ key }: { key: string }) => removeByKey(local, key);

  const snapshot = await run.step(
    "snapshot database",
    async ({ key, signal }) => {
      const path = join(local, `${key}.sqlite`);
      return { path, ...(await snapshotDatabase(database, path, signal)) };
    },
    { undo, verify: ({ path }) => checkDatabase(path), retry },
  );

  const manifest = await run.step(
    "manifest",
    async ({ key, signal }) => {
      const path = join(local, `${key}.manifest.jsonl`);
      const leaveOut = leavesOut(run.input);
      return { path, ...(await writeManifest(path, directory, { leaveOut, signal })) };
    },
    { undo, retry, timeout: { attempt: "1h" } },
  );

  const parts = {
    directory,
    manifest: manifest.path,
    extra: { directory: local, name: basename(snapshot.path) },
  };
  const archive = await run.step(
    "archive",
    async ({ key, signal, log }) => {
      const path = join(local, `${key}.tar.gz`);
      const warn = (message: string) => log.warning("tar warns", { message });
      return { path, ...(await createArchive(path, parts, { signal, warn })) };
    },
    { undo, verify: ({ bytes }) => bytes > 0, retry, timeout: { attempt: "2h" } },
  );

  const { changed } = await run.step(
    "rehearse restore",
    async ({ key, signal }) => {
      const extraSha256 = snapshot.sha256;
      const place = join(local, `${key}.restored`);
      const found = await rehearseRestore(archive.path, place, { ...parts, extraSha256, signal });
      await removeByKey(local, key);
      return { ...found, changed: found.changed.slice(0, 100) };
    },
    { undo, retry, timeout: { attempt: "2h" } },
  );
  if (changed.length > 0) {
    run.log.warning(`Files changed while they were backed up: ${changed.join(", ")}`);
  }
  return archive;
}

/** Writes what `sha256sum -c` reads, from what is on the disk and not from what was meant to be. */
function makeChecksum(run: Run<Settings>, local: string, archive: Made, retry: StepRetry) {
  const name = basename(archive.path);
  const path = join(local, `${name}.sha256`);
  return run.step(
    "checksum",
    async ({ signal }) => {
      const { sha256 } = await contentOf(archive.path, signal);
      if (sha256 !== archive.sha256) throw new Error(`${archive.path} changed on the disk`);
      const line = Readable.from([Buffer.from(`${sha256}  ${name}\n`)]);
      return { path, ...(await replaceFile(path, line, signal)) };
    },
    { undo: () => removeByKey(local, basename(path)), retry },
  );
}

/** Uploads a file and reads it back. An upload whose answer got lost is looked up, not repeated. */
async function upload(
  run: Run<Settings>,
  label: string,
  { path, bytes, sha256 }: Made,
  { store, prefix, retry }: { store: StoreClient; prefix: string; retry: StepRetry },
): Promise<void> {
  const object = { name: `${prefix}${basename(path)}`, bytes, sha256 };
  await run.step(
    `upload ${label}`,
    async ({ key, signal }) => {
      await store.put(object.name, { path, bytes, sha256, key, signal });
      return object;
    },
    {
      undo: ({ signal }) => store.remove(object.name, signal),
      reconcile: async ({ signal }) => {
        const found = await store.find(object.name, signal);
        return found?.sha256 === sha256 ? { value: object } : "absent";
      },
      retry,
    },
  );
  await run.read(`read back ${label}`, ({ signal }) => store.read(object, signal), {
    verify: (found) => found.sha256 === sha256,
    retry,
  });
}

/** The backups themselves, what is excluded by name, and the live database: its snapshot goes in. */
function leavesOut({ workspace, exclude, database }: Settings) {
  return (path: string, name: string): boolean =>
    path === workspace ||
    exclude.includes(name) ||
    path === database ||
    path.startsWith(`${database}-`);
}

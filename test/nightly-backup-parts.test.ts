/** The parts of the main example that can be tried alone, with real files and the real `tar`. */

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createArchive,
  rehearseRestore,
  writeManifest,
} from "../examples/nightly-backup/archive.ts";
import { removeByKey } from "../examples/nightly-backup/files.ts";
import { outdated } from "../examples/nightly-backup/prune.ts";
import { settings } from "../examples/nightly-backup/settings.ts";
import { FILES, world } from "./nightly-backup-world.ts";

const SIGNAL = new AbortController().signal;

test("what changes while it is backed up is told, and what is damaged fails", async () => {
  const { source, root } = world();
  const [manifest, archive] = [join(root, "m"), join(root, "a")];
  writeFileSync(join(root, "extra"), "x");
  const parts = { directory: source, manifest, extra: { directory: root, name: "extra" } };
  const extraSha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
  const rehearse = () =>
    rehearseRestore(archive, join(root, "r"), { ...parts, extraSha256, signal: SIGNAL });

  await writeManifest(manifest, source, { leaveOut: () => false, signal: SIGNAL });
  writeFileSync(join(source, "plain.txt"), "changed");
  rmSync(join(source, "empty"));
  await createArchive(archive, parts, { signal: SIGNAL, warn: () => {} });
  const { changed } = await rehearse();
  writeFileSync(join(source, "plain.txt"), FILES["plain.txt"] ?? "");

  expect(changed.toSorted()).toEqual(["./empty", "./plain.txt"]);
  await expect(rehearse()).rejects.toThrow(`./plain.txt is damaged or missing in ${archive}`);
});

test("removing by key takes what is named by it, and nothing for a key that is empty", async () => {
  const { source } = world();
  writeFileSync(join(source, "key.tar.partial"), "x");
  const before = readdirSync(source);

  await removeByKey(source, "key");
  const after = readdirSync(source);
  await expect(removeByKey(source, "")).rejects.toThrow("no key");

  expect(after).toEqual(before.filter((name) => name !== "key.tar.partial"));
  expect(readdirSync(source)).toEqual(after);
});

test("a tar that fails makes no archive", async () => {
  const { source, root } = world();
  const manifest = join(root, "m");
  await writeManifest(manifest, source, { leaveOut: () => false, signal: SIGNAL });
  const parts = { directory: source, manifest, extra: { directory: root, name: "missing" } };

  const archiving = createArchive(join(root, "a"), parts, { signal: SIGNAL, warn: () => {} });

  await expect(archiving).rejects.toThrow("missing: Cannot stat: No such file");
  expect(readdirSync(root)).not.toContain("a");
});

test.for<[names: string[], keep: number, old: string[]]>([
  [[], 1, []],
  [["A.tar.gz", "A.sha"], 1, []],
  [["A.tar.gz", "A.sha", "B.tar.gz"], 1, ["A.sha", "A.tar.gz"]],
  [["A.tar.gz", "B.tar.gz", "C.tar.gz", "C.sha"], 2, ["A.tar.gz"]],
  // What an abandoned run left behind is no backup, and goes with those of its time.
  [["A.tar.gz", "B.partial", "C.partial", "D.partial"], 1, []],
  [["A.partial", "B.tar.gz"], 1, ["A.partial"]],
  // Trash is emptied by itself; other people's files are theirs.
  [["A.trash", "B.tar.gz", "C.tar.gz"], 1, ["B.tar.gz"]],
])("of %o, keeping %i, %o are outdated", ([names, keep, old]) => {
  const ofRun = (name: string) =>
    name.replace(/^([A-D])/, (run) => `${run.toLowerCase().repeat(26)}-`);

  expect(outdated([...names.map(ofRun), "notes.txt", "0.tar.gz"], keep)).toEqual(old.map(ofRun));
});

test("pruning leaves as many archives as it should, and the newest of them", () => {
  const run = fc.integer({ min: 0, max: 999 }).map((number) => String(number).padStart(26, "0"));
  const runs = fc.uniqueArray(run, { maxLength: 12 });
  fc.assert(
    fc.property(runs, fc.integer({ min: 1, max: 8 }), (ids, keep) => {
      const archives = ids.map((id) => `${id}-archive.tar.gz`);
      const old = outdated(archives, keep);

      const kept = archives.filter((name) => !old.includes(name)).toSorted();
      expect(kept).toEqual(archives.toSorted().slice(-keep));
    }),
    { numRuns: 2_000 },
  );
});

test.for<[input: object, problem: string]>([
  [{ keep: 0 }, "keep: expected a whole number from 1"],
  [{ attempts: "3" }, "attempts: expected a whole number from 1"],
  [{ directory: "" }, "directory: expected a path"],
  [{ name: "../up" }, "name: expected letters, digits, dots, dashes"],
  [{ store: "ftp://x" }, "store: expected an http(s) URL"],
  [{ exclude: "dist" }, "exclude: expected a list of names"],
  [{ timeout: "2 s" }, 'timeout: expected a duration such as "5s"'],
  [{ keeps: 1 }, "keeps: unknown; known are directory, name, database, store"],
])("the input %o is refused", ([input, problem]) => {
  const { issues = [] } = settings["~standard"].validate({ store: "http://s", ...input });

  expect(issues.map(({ message }) => message).join()).toContain(problem);
});

test("a backup without a store is refused", () => {
  const { issues } = settings["~standard"].validate({});

  expect(issues).toEqual([{ message: "store: is missing, and BACKUP_STORE_URL is not set" }]);
});

/** Directories laid over, on real mounts. */

import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { changeLine, linesOf } from "../../src/process/overlay-changes.ts";
import { finishCommit, isUnfinished, lookOf } from "../../src/process/overlay-finish.ts";
import { openOverlay, whyNoOverlay, type Overlay } from "../../src/process/overlay.ts";

const ROOT = mkdtempSync(join(tmpdir(), "holdfast overlay "));
afterAll(() => rmSync(ROOT, { recursive: true }));

/** A directory with a few files. */
function makeDirectory(): string {
  const directory = mkdtempSync(join(ROOT, "lower-"));
  mkdirSync(join(directory, "sub/deep"), { recursive: true });
  mkdirSync(join(directory, "gone"));
  writeFileSync(join(directory, "a.txt"), "one\ntwo\nthree\n");
  writeFileSync(join(directory, "b"), "bb");
  writeFileSync(join(directory, "same"), "s");
  writeFileSync(join(directory, "gone/x"), "x");
  writeFileSync(join(directory, "sub/c"), "c");
  return directory;
}

const SCRIPT = `sed -i s/two/2/ a.txt; rm b; mkdir new; echo n > new/f; rm -r sub; mkdir sub; echo z > sub/z
  rm -r gone; touch same; ln -s a.txt link; echo t > made; rm made; exit 3`;

function runOver(overlay: Overlay, cwd: string, script: string) {
  const [program = "", ...words] = overlay.wrap(["sh", "-c", script], { cwd });
  return spawnSync(program, words, { encoding: "utf8" });
}

test("this machine has overlays", async () => {
  expect(await whyNoOverlay()).toBe("");
});

test("what a command would change is told, and nothing is changed", async () => {
  const directory = makeDirectory();
  const overlay = await openOverlay({ directories: [directory] });

  const { status } = runOver(overlay, directory, SCRIPT);
  const changes = await overlay.changes();
  const [first] = changes;
  const lines = first === undefined ? undefined : await linesOf(first);
  await overlay.remove();

  expect({
    status,
    lines,
    changes: changes.map((change) => changeLine(change, directory)),
  }).toEqual({
    status: 3,
    lines: "-two\n+2",
    changes: [
      "changed  a.txt  14 → 12 bytes",
      "deleted  b  2 bytes",
      "deleted  gone/",
      "added    link",
      "added    new/",
      "added    new/f  2 bytes",
      "touched  same  1 → 1 bytes",
      "deleted  sub/c  1 bytes",
      "deleted  sub/deep/",
      "added    sub/z  2 bytes",
    ],
  });
  expect([readFileSync(join(directory, "a.txt"), "utf8"), existsSync(overlay.spool)]).toEqual([
    "one\ntwo\nthree\n",
    false,
  ]);
});

test("of a pipe and of a link that are files now, nothing is read", async () => {
  const directory = makeDirectory();
  const lines = "mkfifo pipe; echo old > target; ln -s target link";
  spawnSync("sh", ["-c", lines], { cwd: directory });
  const overlay = await openOverlay({ directories: [directory] });

  runOver(overlay, directory, "rm pipe link; echo new > pipe; echo new > link");
  const changes = await overlay.changes();
  const told = await Promise.all(changes.map(linesOf));
  await overlay.commit();
  await overlay.remove();

  expect([told, readFileSync(join(directory, "pipe"), "utf8")]).toEqual([
    ["+new", "+new"],
    "new\n",
  ]);
});

test("a commit puts it in place, and leaves nothing else behind", async () => {
  const directory = makeDirectory();
  const overlay = await openOverlay({ directories: [directory] });
  runOver(overlay, directory, SCRIPT);

  await overlay.commit();
  await overlay.remove();

  expect(readdirSync(directory, { recursive: true }).map(String).toSorted()).toEqual([
    "a.txt",
    "link",
    "new",
    "new/f",
    "same",
    "sub",
    "sub/z",
  ]);
  expect([
    readFileSync(join(directory, "a.txt"), "utf8"),
    readlinkSync(join(directory, "link")),
  ]).toEqual(["one\n2\nthree\n", "a.txt"]);
});

test("it writes nowhere else, and has no network", async () => {
  const directory = makeDirectory();
  const overlay = await openOverlay({ directories: [directory] });

  const { stderr, stdout } = runOver(
    overlay,
    directory,
    "echo x > /var/tmp/holdfast-outside; grep -c eth /proc/net/dev",
  );
  await overlay.remove();

  expect([stdout, stderr]).toEqual(["0\n", expect.stringContaining("Read-only file system")]);
});

test("a commit is refused as a whole where somebody else changed a file meanwhile", async () => {
  const directory = makeDirectory();
  const overlay = await openOverlay({ directories: [directory] });
  runOver(overlay, directory, "echo mine > a.txt; mkdir made; echo mine > made/b");
  writeFileSync(join(directory, "a.txt"), "theirs");

  await expect(overlay.commit()).rejects.toThrow(
    "a.txt was changed by others while the command ran, and is left as it is",
  );
  await overlay.remove();

  expect([readFileSync(join(directory, "a.txt"), "utf8"), readdirSync(directory).length]).toEqual([
    "theirs",
    5,
  ]);
});

test("a commit is refused as a whole where something cannot be copied", async () => {
  const directory = makeDirectory();
  const overlay = await openOverlay({ directories: [directory] });
  runOver(overlay, directory, "mkdir made; echo 1 > made/b; mkfifo pipe");

  await expect(overlay.commit()).rejects.toThrow("pipe is neither a file, a directory nor a link");
  await overlay.remove();

  expect([lstatSync(join(directory, "gone")).isDirectory(), readdirSync(directory).length]).toEqual(
    [true, 5],
  );
});

test("a commit that was killed among its renames is done to its end by another process", async () => {
  const directory = makeDirectory();
  const spool = mkdtempSync(join(ROOT, "spool-"));
  const stage = join(directory, ".holdfast-overlay-x");
  mkdirSync(join(stage, "new"), { recursive: true });
  writeFileSync(join(stage, "new/two"), "2");
  const into = (name: string, index: number) => ({
    to: join(directory, name),
    aside: join(stage, `gone-${index}`),
    look: "",
  });
  const gone = { ...into("gone", 2), look: await lookOf(join(directory, "gone")) };
  const ready = {
    stages: [stage],
    moves: [
      // The first of them was renamed already, and of the others one is somebody else's now.
      { ...into("one", 0), from: join(stage, "new/one") },
      { ...into("two", 1), from: join(stage, "new/two") },
      gone,
      into("never", 3),
      { ...into("b", 4), look: "of another one" },
    ],
    attributes: [],
  };
  writeFileSync(join(spool, "ready"), JSON.stringify(ready));

  const kept = await finishCommit(spool);
  const again = await finishCommit(spool);

  expect([kept, again]).toEqual([[join(directory, "b.holdfast-overlay-x")], []]);
  expect([
    readFileSync(join(directory, "two"), "utf8"),
    readFileSync(join(directory, "b.holdfast-overlay-x"), "utf8"),
    readdirSync(directory).toSorted(),
  ]).toEqual(["2", "bb", ["a.txt", "b.holdfast-overlay-x", "same", "sub", "two"]]);
});

test("what others made once all was in place stays, when only the removal was cut off", async () => {
  const directory = makeDirectory();
  const spool = mkdtempSync(join(ROOT, "spool-"));
  const stage = join(directory, ".holdfast-overlay-x");
  mkdirSync(stage);
  const to = join(directory, "b");
  const move = { to, aside: join(stage, "gone-0"), look: await lookOf(to) };
  const ready = { stages: [stage], moves: [move], attributes: [] };
  writeFileSync(to, "theirs");
  writeFileSync(join(spool, "placed"), JSON.stringify(ready));

  const kept = await finishCommit(spool);

  expect([kept, readFileSync(to, "utf8"), existsSync(stage), isUnfinished(spool)]).toEqual([
    [],
    "theirs",
    false,
    false,
  ]);
});

test.for([
  ["/nowhere", /cannot be laid over: ENOENT/],
  ["/etc/hostname", /is not a directory/],
  ["/", /holds the directory of the layers/],
] as const)("%s is refused", async ([path, problem]) => {
  await expect(openOverlay({ directories: [path] })).rejects.toThrow(problem);
});

const HAS_PYTHON = spawnSync("python3", ["-c", "import os; os.setxattr"]).status === 0;

test.skipIf(!HAS_PYTHON)(
  "a commit keeps extended attributes (python3, which sets them)",
  async () => {
    const directory = makeDirectory();
    const overlay = await openOverlay({ directories: [directory] });
    const set = `import os; os.setxattr("a.txt", "user.kept", b"one"); open("a.txt", "a").write("x")`;
    const get = `import os; print(os.listxattr("a.txt"), os.getxattr("a.txt", "user.kept"))`;

    const { status, stderr } = runOver(overlay, directory, `python3 -c '${set}'`);
    await overlay.commit();
    await overlay.remove();
    const found = spawnSync("python3", ["-c", get], { cwd: directory, encoding: "utf8" });

    expect([status, stderr, found.stdout]).toEqual([0, "", "['user.kept'] b'one'\n"]);
  },
);

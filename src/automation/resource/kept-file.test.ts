import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { keptPaths, putBack, replaceKept } from "./kept-file.ts";

const { signal } = new AbortController();

function place(): { readonly directory: string; readonly path: string } {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-kept-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return { directory, path: join(directory, "a") };
}

const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

test("what another attempt under the same key is writing is neither put in place nor removed", async () => {
  const { directory, path } = place();
  writeFileSync(path, "old");
  const partial = join(directory, ".k.partial");
  async function* frozen() {
    yield "of a process that was frozen";
    // Meanwhile its run was taken up by another one.
    rmSync(partial);
    writeFileSync(partial, "half");
  }

  await expect(replaceKept(path, frozen(), { key: "k", signal })).rejects.toThrow(
    `${partial} is being written by another attempt`,
  );

  expect([read(path), read(partial)]).toEqual(["old", "half"]);
});

test("everything that is made beside a file is named by the key", async () => {
  const { directory, path } = place();
  writeFileSync(path, "old");

  await replaceKept(path, "new", { key: "k", signal });

  const known = keptPaths(path, "k");
  const made = readdirSync(directory).filter((name) => name !== "a");
  expect(made.toSorted()).toEqual([".k.before", ".k.note"]);
  expect(made.every((name) => known.includes(join(directory, name)))).toBe(true);
});

test.for<[before: string | undefined]>([["old"], [undefined]])(
  "whatever was cut off, what was there before (%s) comes back, once and twice",
  async ([before]) => {
    const { directory, path } = place();
    if (before !== undefined) writeFileSync(path, before);
    await replaceKept(path, "first", { key: "k", signal });
    // Cut off on the way to the next one.
    writeFileSync(join(directory, ".k.partial"), "half");
    await replaceKept(path, "second", { key: "k", signal });

    const outcomes = [await putBack(path, "k"), await putBack(path, "k")];

    expect(outcomes).toEqual(["as before", "as before"]);
    expect([read(path), readdirSync(directory)]).toEqual([
      before,
      before === undefined ? [] : ["a"],
    ]);
  },
);

test("cut off between the keeping and the note, the next attempt keeps what is there then", async () => {
  const { directory, path } = place();
  writeFileSync(path, "old");
  writeFileSync(join(directory, ".k.before"), "of the attempt that was cut off");

  await replaceKept(path, "new", { key: "k", signal });
  await putBack(path, "k");

  expect(read(path)).toBe("old");
});

test("cut off between the note and the rename, the old file is left where it is", async () => {
  const { directory, path } = place();
  writeFileSync(path, "old");
  await replaceKept(path, "new", { key: "k", signal });
  writeFileSync(path, "old");

  expect(await putBack(path, "k")).toBe("as before");

  expect([read(path), readdirSync(directory)]).toEqual(["old", ["a"]]);
});

test("cut off after the file was put back, there is nothing more to put back", async () => {
  const { directory, path } = place();
  writeFileSync(path, "old");
  await replaceKept(path, "new", { key: "k", signal });
  rmSync(join(directory, ".k.before"));
  writeFileSync(path, "old");

  expect(await putBack(path, "k")).toBe("as before");

  expect(readdirSync(directory)).toEqual(["a"]);
});

test("a file whose former content is gone is not removed for it", async () => {
  const { directory, path } = place();
  writeFileSync(path, "old");
  await replaceKept(path, "new", { key: "k", signal });
  rmSync(join(directory, ".k.before"));

  await expect(putBack(path, "k")).rejects.toThrow(`what was at ${path} before is gone`);

  expect(read(path)).toBe("new");
});

test.for<[before: string | undefined]>([["old"], [undefined]])(
  "a file of somebody else's stays, whatever was there before (%s)",
  async ([before]) => {
    const { directory, path } = place();
    if (before !== undefined) writeFileSync(path, before);
    await replaceKept(path, "new", { key: "k", signal });
    writeFileSync(path, "theirs");

    expect(await putBack(path, "k")).toBe("not ours");

    expect([read(path), readdirSync(directory)]).toEqual(["theirs", ["a"]]);
  },
);

test("an attempt that was given up renames nothing", async () => {
  const { directory, path } = place();
  const stop = new AbortController();
  async function* content() {
    yield "new";
    queueMicrotask(() => stop.abort(new Error("stop")));
  }

  await expect(replaceKept(path, content(), { key: "k", signal: stop.signal })).rejects.toThrow(
    "stop",
  );

  expect([read(path), await putBack(path, "k"), readdirSync(directory)]).toEqual([
    undefined,
    "as before",
    [],
  ]);
});

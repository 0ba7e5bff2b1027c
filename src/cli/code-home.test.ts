import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { codeHome } from "./code-home.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast code home "));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("it is what Node is told, else in the state directory, else among the user's caches", () => {
  const all = {
    NODE_COMPILE_CACHE: join(folder, "node"),
    HOLDFAST_HOME: folder,
    XDG_CACHE_HOME: join(folder, "xdg"),
  };
  const { NODE_COMPILE_CACHE: _, ...without } = all;

  expect([
    codeHome(all),
    codeHome(without),
    codeHome({ ...without, NODE_COMPILE_CACHE: "", HOLDFAST_HOME: "" }),
  ]).toEqual([join(folder, "node"), join(folder, "cache"), join(folder, "xdg/holdfast")]);
});

test("it is made for the user alone", () => {
  const made = codeHome({ HOLDFAST_HOME: folder }) ?? "";

  expect(lstatSync(made).mode & 0o777).toBe(0o700);
});

test.for<[string, () => Record<string, string>]>([
  [
    "where Node is to keep nothing",
    () => ({ HOLDFAST_HOME: folder, NODE_DISABLE_COMPILE_CACHE: "1" }),
  ],
  ["in a relative directory", () => ({ HOLDFAST_HOME: "state" })],
  [
    "in a state directory that is not there, which a mere question must not make",
    () => ({ HOLDFAST_HOME: join(folder, "missing") }),
  ],
  ["where a file is in the way of the caches", () => ({ XDG_CACHE_HOME: "/dev/null" })],
  ["where its group may write", () => ({ HOLDFAST_HOME: shared(0o770) })],
  ["where everybody may write", () => ({ HOLDFAST_HOME: shared(0o707) })],
  ["behind a link, which leads somewhere else tomorrow", () => ({ HOLDFAST_HOME: linked() })],
])("nothing is kept %s", ([, env]) => {
  expect(codeHome(env())).toBeUndefined();
});

function shared(mode: number): string {
  mkdirSync(join(folder, "cache"));
  chmodSync(join(folder, "cache"), mode);
  return folder;
}

function linked(): string {
  mkdirSync(join(folder, "elsewhere"), { mode: 0o700 });
  symlinkSync("elsewhere", join(folder, "cache"));
  return folder;
}

test.skipIf(process.getuid?.() !== 0)(
  "nothing is kept where somebody else is the owner",
  async () => {
    const { chownSync } = await import("node:fs");
    mkdirSync(join(folder, "cache"));
    chownSync(join(folder, "cache"), 65_534, 65_534);

    expect(codeHome({ HOLDFAST_HOME: folder })).toBeUndefined();
  },
);

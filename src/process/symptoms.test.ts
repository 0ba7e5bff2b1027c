import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fullness, placesOf, readSymptoms } from "./symptoms.ts";

const ROOMY = { bsize: 4_096, blocks: 1e6, bavail: 5e5, files: 1e6, ffree: 5e5 };

test.for([
  ["room and inodes", {}, "neither"],
  ["no block", { bavail: 0 }, "bytes"],
  ["less than 1 MiB of a large disk", { bavail: 255 }, "bytes"],
  ["1 MiB of a large disk", { bavail: 256 }, "neither"],
  ["half of a small one", { blocks: 200, bavail: 100 }, "neither"],
  ["less than a hundredth of a small one", { blocks: 200, bavail: 1 }, "bytes"],
  ["no inode", { ffree: 0 }, "inodes"],
  [
    "neither blocks nor inodes are counted, as in /proc",
    { blocks: 0, bavail: 0, files: 0, ffree: 0 },
    "neither",
  ],
] as const)("%s", ([, stats, full]) => {
  expect(fullness({ ...ROOMY, ...stats })).toBe(full);
});

test("the directories that a command works in and names, each once, and not without end", () => {
  const argv = ["/usr/bin/dd", "if=a/b", "--to=/c", "-v", "https://d/e", "/w", "x"];

  expect(placesOf({ argv, cwd: "/w", temporary: undefined })).toEqual([
    "/w",
    "/tmp",
    "/w/a/b",
    "/c",
  ]);
  const many = Array.from({ length: 1_000 }, (_, at) => `/many/${at}`);
  expect(placesOf({ argv: many, cwd: "/w", temporary: "/t" })).toHaveLength(16);
});

test("a script's habits are read from its file, and nothing that is none waits or is taken for one", () => {
  const cwd = mkdtempSync(join(tmpdir(), "holdfast symptoms-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  writeFileSync(join(cwd, "stops"), "#!/bin/sh -e\nls\n");
  writeFileSync(join(cwd, "long.sh"), `#!/bin/sh\n${"ls\n".repeat(100_000)}set -e\n`);
  writeFileSync(join(cwd, "program"), "#!/usr/bin/env node\n");
  const habits = (...argv: string[]) =>
    readSymptoms({ argv, cwd, temporary: undefined }, undefined).script;

  expect({
    direct: habits("./stops"),
    named: habits("sudo", "bash", "stops"),
    long: habits("sh", "long.sh"),
    said: habits("sh", "-c", "set -e; a; b"),
  }).toEqual({
    direct: { stopsAtFailure: true, hasTrap: false },
    named: { stopsAtFailure: false, hasTrap: false },
    long: { stopsAtFailure: false, hasTrap: false },
    said: { stopsAtFailure: true, hasTrap: false },
  });
  const others = [["./program"], ["./gone"], ["bash", "."], ["bash", "/dev/zero"], ["ls", "-l"]];
  expect(others.map((argv) => habits(...argv))).toEqual(others.map(() => undefined));
});

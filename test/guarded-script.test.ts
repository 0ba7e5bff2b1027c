/** examples/guarded-script, as its comments say that it is used. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { place, type Place } from "./cli-process.ts";

const ROOT = join(import.meta.dirname, "..");
const NIGHTLY = join(ROOT, "examples/guarded-script/nightly.sh");

function nightly(at: Place, source: string, target: string): Promise<number> {
  const HOLDFAST = `${process.execPath} ${join(ROOT, "src/cli/main.ts")}`;
  const env = { PATH: process.env["PATH"] ?? "", HOME: at.root, HOLDFAST_HOME: at.home, HOLDFAST };
  return new Promise((resolve) => {
    execFile("sh", [NIGHTLY, source, target], { cwd: at.root, env }, (error) => {
      resolve(Number(error?.code ?? 0));
    });
  });
}

test("it packs, and leaves nothing behind of what it could not pack", async () => {
  const at = place();
  at.file("data/notes", "something worth keeping, of no great length\n".repeat(20));

  const good = await nightly(at, "data", "good.tar.gz");
  const bad = await nightly(at, "missing", "bad.tar.gz");

  expect({
    good,
    isPacked: existsSync(join(at.root, "good.tar.gz")),
    bad,
    isLeft: existsSync(join(at.root, "bad.tar.gz")) || existsSync(join(at.root, "bad.tar.gz.part")),
  }).toEqual({ good: 0, isPacked: true, bad: 80, isLeft: false });
});

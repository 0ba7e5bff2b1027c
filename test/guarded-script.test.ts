/** examples/guarded-script, as its comments say that it is used. */

import { execFile } from "node:child_process";
import { chmodSync, existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { quoted } from "../src/core/shell-word.ts";
import { place, type Place } from "./cli-process.ts";

const ROOT = join(import.meta.dirname, "..");
const NIGHTLY = join(ROOT, "examples/guarded-script/nightly.sh");

function nightly(at: Place, source: string, target: string): Promise<number> {
  const words = [process.execPath, join(ROOT, "src/cli/main.ts")].map(quoted).join(" ");
  const bin = dirname(at.file("bin/holdfast", `#!/bin/sh\nexec ${words} "$@"\n`));
  chmodSync(join(bin, "holdfast"), 0o755);
  const path = [bin, process.env["PATH"] ?? ""].join(delimiter);
  const env = { PATH: path, HOME: at.root, HOLDFAST_HOME: at.home };
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

/**
 * Copies what a layer holds to where it can be renamed from. By tar, for it keeps what Node's own copy
 * loses: times, holes, hard links among what is copied, access lists and extended attributes.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { FileRefusedError } from "../core/errors.ts";
import { flush } from "./overlay-finish.ts";
import type { StagePlan } from "./overlay-plan.ts";

/** What the kernel keeps its layers together by means nothing elsewhere. */
const ATTRIBUTES = [
  "--acls",
  "--xattrs",
  ...["trusted", "user"].map((space) => `--xattrs-exclude=${space}.overlay.*`),
];

/** Rejects where not all could be copied; what was copied by then is the caller's to remove. */
export async function stageCopies(
  { source, stage, names }: StagePlan,
  listFile: string,
): Promise<void> {
  const target = join(stage, "new");
  await mkdir(target);
  await writeFile(listFile, names.map((name) => `./${name}\0`).join(""));
  await copyByTar(source, target, listFile);
  for (const name of names) {
    const [wanted, found] = [await lstat(join(source, name)), await lstat(join(target, name))];
    const isWhole = wanted.isFile() ? wanted.size === found.size : wanted.mode === found.mode;
    if (!isWhole) throw new FileRefusedError(join(target, name), "could not be copied as a whole");
    if (found.isFile() || found.isDirectory()) await flush(join(target, name));
  }
}

async function copyByTar(source: string, target: string, listFile: string): Promise<void> {
  const list = ["--no-recursion", "--null", "--verbatim-files-from", `--files-from=${listFile}`];
  const pack = ["--create", "--file=-", "--format=posix", "--sparse", "--numeric-owner"];
  const packing = run([...pack, ...ATTRIBUTES, `--directory=${source}`, ...list], "ignore");
  const unpack = ["--extract", "--file=-", "--preserve-permissions", "--same-owner"];
  const named = ["--numeric-owner", ...ATTRIBUTES, "--xattrs-include=*", `--directory=${target}`];
  const unpacking = run([...unpack, ...named], packing.stdout);
  await Promise.all([packing.ended, unpacking.ended]);
}

function run(words: readonly string[], stdin: "ignore" | Readable) {
  const child = spawn("tar", words, {
    stdio: [stdin, stdin === "ignore" ? "pipe" : "ignore", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
  });
  // The other one has it now: else nobody would hear that the one who writes has ended.
  if (stdin !== "ignore") stdin.destroy();
  let said = "";
  child.stderr
    ?.setEncoding("utf8")
    .on("data", (text: string) => (said = (said + text).slice(-2_000)));
  const ended = once(child, "close").then(([code]: unknown[]) => {
    if (code !== 0)
      throw new Error(`the changes cannot be copied beside their place: ${said.trim()}`);
  });
  return { stdout: child.stdout as Readable, ended };
}

/** Copies of this checkout, as a fresh clone of it would be, and commands run in them. */

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";

const ROOT = dirname(dirname(import.meta.dirname));

/** What `env -i` leaves on Debian: no HOME, and the machine's own Node and npm. */
export const BARE = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
} as const;

/**
 * Copies everything that is or would be in the repository, what is not committed yet included, to a
 * path with spaces. Answers the folder to be removed and the checkout in it.
 */
export function freshCheckout(): { folder: string; checkout: string } {
  const folder = mkdtempSync(join(tmpdir(), "holdfast fresh "));
  const checkout = join(folder, "a check out");
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    {
      cwd: ROOT,
      encoding: "utf8",
    },
  );
  for (const file of new Set(listed.split("\0"))) {
    // What is deleted and not committed yet is listed too.
    if (file === "" || !existsSync(join(ROOT, file))) continue;
    cpSync(join(ROOT, file), join(checkout, file), { force: true });
  }
  return { folder, checkout };
}

/** How a command ended, and what it printed, without colours. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a command with nothing in its environment but `env`. */
export function start(
  cwd: string,
  [file, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = BARE,
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(file, args, { cwd, env: { ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? -1));
  });
  const ended = Promise.all([exited, text(child.stdout), text(child.stderr)]).then(
    ([exitCode, stdout, stderr]) => ({
      exitCode,
      stdout: stripVTControlCharacters(stdout),
      stderr: stripVTControlCharacters(stderr),
    }),
  );
  return { child, ended };
}

/** Runs a command to its end. */
export function run(...args: Parameters<typeof start>): Promise<Ended> {
  return start(...args).ended;
}

/** What the set-up said: one line for each thing that it did. */
export function saidIn({ stderr }: Ended): string[] {
  return stderr.split("\n").filter((line) => line.startsWith("holdfast: "));
}

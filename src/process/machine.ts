/** What this machine has to keep a command to its limits. It is tried out: what is there may be forbidden. */

import { spawn } from "node:child_process";
import { bubblewrapWords, findBubblewrapFailure } from "./bubblewrap.ts";
import { noNetWords, rightsWords, type Machine } from "./sandbox-level.ts";
import type { User } from "./user.ts";

/** Who is to be kept: a user of the machine, by numbers. */
export type Who = Pick<User, "uid" | "gid">;

let own: Promise<Machine> | undefined;

/** What can be had here; for this process's own user it is tried out once. */
export function findMachine(who?: Who): Promise<Machine> {
  if (who !== undefined) return tryMachine(who);
  own ??= tryMachine(undefined);
  return own;
}

/** Whether that user is the superuser. */
export function isSuperuser(who: Who | undefined): boolean {
  return (who?.uid ?? process.getuid?.()) === 0;
}

async function tryMachine(who: Who | undefined): Promise<Machine> {
  const isRoot = isSuperuser(who);
  // The least that needs all that is asked of bubblewrap later.
  const start = { cwd: "/", ownSession: false, isRoot };
  const trial = await runBriefly([...bubblewrapWords({ hasNet: false }, start), "true"], who);
  if (trial.exitCode === 0) return { level: "bubblewrap", lacks: "", rights: [], noNet: [] };
  const rights = await firstThatWorks(rightsWords(isRoot), who);
  const noNet = await firstThatWorks([noNetWords(isRoot)], who);
  const level = rights.length > 0 ? "no-new-privs" : "none";
  return { level, lacks: whyNot(trial), rights, noNet };
}

/** None of them is `[]`. */
async function firstThatWorks(
  candidates: readonly (readonly string[])[],
  who: Who | undefined,
): Promise<readonly string[]> {
  for (const words of candidates) {
    if ((await runBriefly([...words, "true"], who)).exitCode === 0) return words;
  }
  return [];
}

function whyNot({ exitCode, stderr }: Brief): string {
  if (exitCode === undefined) return "bubblewrap is not installed (bwrap is not on the PATH)";
  const failure = findBubblewrapFailure(stderr);
  if (failure?.cause === "no user namespaces") {
    return `user namespaces are not allowed here (${failure.line})`;
  }
  return `bubblewrap does not work here (${failure?.line ?? `it ended with ${exitCode}`})`;
}

interface Brief {
  /** Missing when it could not be started. */
  readonly exitCode: number | undefined;
  readonly stderr: string;
}

/** A program that only starts another one, and does not come to its end in this time, does not work here. */
const TRIAL_LIMIT_MS = 10_000;

function runBriefly(
  [program = "", ...words]: readonly string[],
  who: Who | undefined,
): Promise<Brief> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      cwd: "/",
      stdio: ["ignore", "ignore", "pipe"],
      timeout: TRIAL_LIMIT_MS,
      killSignal: "SIGKILL",
      ...(who === undefined ? {} : { uid: who.uid, gid: who.gid }),
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", () => resolve({ exitCode: undefined, stderr }));
    child.once("close", (code) => resolve({ exitCode: code ?? -1, stderr }));
  });
}

/**
 * A pid namespace around a command: when its first process ends, the kernel ends everyone in it. So
 * nobody survives, whatever they did to their environment, group and parents, also when this process
 * is killed by SIGKILL.
 *
 * It needs root and util-linux, or bubblewrap and user namespaces. A setuid program (sudo) gets no
 * rights under bubblewrap, so a namespace is made only where it is asked for.
 */

import { spawnSync } from "node:child_process";

/** How well a command is held: see docs/process.md. */
export type Level = "namespace" | "supervised" | "marked" | "plain";

/** What is run in place of a command, and what that reaches; what its own levels are called is free. */
export interface Wrapped {
  readonly argv: readonly string[];
  readonly level: string;
  /** Whether its processes may outlive us, so that somebody has to see to it. Default: at level "plain". */
  readonly isOpen?: boolean | undefined;
}

/** Puts something around a command. */
export type Wrap = (argv: readonly string[]) => Wrapped;

/** util-linux 2.38, or newer, and root. The shell inside reaps those whose parents have ended. */
const BY_ROOT = [
  ..."setpriv --pdeathsig KILL unshare --pid --mount-proc --fork --kill-child sh -c".split(" "),
  '"$@"; exit "$?"',
  "sh",
];

/** The binding mounts the whole of the file system where it is; only /proc is another one. */
const BY_BUBBLEWRAP = "bwrap --dev-bind / / --proc /proc --die-with-parent --unshare-pid --".split(
  " ",
);

let found: { readonly prefix: readonly string[] | undefined } | undefined;

/** Puts a pid namespace around a command, where this machine allows one; else leaves it as it is. */
export const contain: Wrap = (argv) => {
  found ??= { prefix: findPrefix() };
  if (found.prefix === undefined) return { argv, level: "plain" };
  return { argv: [...found.prefix, ...argv], level: "namespace" };
};

/** The first way that works here: it is tried, for the programs may be there and not be allowed to. */
function findPrefix(): readonly string[] | undefined {
  const ways = process.getuid?.() === 0 ? [BY_ROOT, BY_BUBBLEWRAP] : [BY_BUBBLEWRAP];
  return ways.find(([program = "", ...args]) => {
    return spawnSync(program, [...args, "true"], { stdio: "ignore" }).status === 0;
  });
}

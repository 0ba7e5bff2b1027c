/**
 * How far a command is kept to its permissions, and what is not kept. Pure.
 *
 * Without bubblewrap a command is still cut off from the network where that was asked for, gains no
 * rights by a set-user-id program, writes no memory image, and of root's rights has those that it would
 * have inside bubblewrap. Its paths nobody holds then. Source: setpriv(1), prlimit(1), unshare(1).
 */

import type { Permissions } from "../core/permissions.ts";
import { KEPT_CAPABILITIES } from "./bubblewrap.ts";

/** `bubblewrap`: by the kernel. `no-new-privs`: its rights alone are held. `none`: nothing is. */
export type SandboxLevel = "bubblewrap" | "no-new-privs" | "none";

/** What can be had on a machine, and why not. */
export interface Machine {
  readonly level: SandboxLevel;
  /** Why it is not bubblewrap; empty when it is. */
  readonly lacks: string;
  /** What stands before a command that is to lose its rights; empty at the other levels. */
  readonly rights: readonly string[];
  /** What stands before one that is to have no network; empty where bubblewrap or nobody does it. */
  readonly noNet: readonly string[];
}

/** The ways to take rights away, the best one first; a machine may have only the last, or none. */
export function rightsWords(isRoot: boolean): readonly (readonly string[])[] {
  const kept = KEPT_CAPABILITIES.map((name) => `+${name.replace("CAP_", "").toLowerCase()}`);
  const bounded = ["--inh-caps=-all", `--bounding-set=${["-all", ...kept].join(",")}`];
  const setpriv = ["setpriv", "--no-new-privs", ...(isRoot ? bounded : []), "--"];
  return [["prlimit", "--core=0:0", "--", ...setpriv], setpriv];
}

/** What cuts a command off from the network; it stands before what takes the right to do so away. */
export function noNetWords(isRoot: boolean): readonly string[] {
  return ["unshare", ...(isRoot ? [] : ["--user", "--map-current-user"]), "--net", "--"];
}

/** That it has none, in words. */
export const NO_NETWORK = "no network";

/** What a command is kept to at a level below bubblewrap, in words for the log. */
export function heldBy({ rights, noNet }: Machine, { net }: Permissions): readonly string[] {
  return [
    ...(net?.length === 0 && noNet.length > 0 ? [NO_NETWORK] : []),
    ...(rights.length > 0 ? ["it gains no rights"] : []),
    ...(rights.includes("--core=0:0") ? ["it writes no memory image"] : []),
    ...(rights.includes("--inh-caps=-all") ? ["of root's rights those over files and users"] : []),
  ];
}

/** What was asked for and is not kept, in words. What was not limited is not told of. */
export function unheldBy(
  { level, noNet }: Pick<Machine, "level" | "noNet">,
  { read, write, run, net }: Permissions,
): readonly string[] {
  const isEveryHost = net?.includes("*:*") === true;
  if (level === "bubblewrap") {
    const anyProgram = run !== undefined && run.length > 0;
    return [
      ...(net !== undefined && net.length > 0 && !isEveryHost ? ["which hosts it reaches"] : []),
      ...(anyProgram ? ["programs that lie in what it may read or write"] : []),
    ];
  }
  const isNetHeld = isEveryHost || (net?.length === 0 && noNet.length > 0);
  const asked = { read, write, run, net: isNetHeld ? undefined : net };
  const names = {
    read: "what it reads",
    write: "what it writes",
    run: "which programs it runs",
    net: "the network",
  };
  return (Object.keys(names) as (keyof typeof names)[])
    .filter((name) => asked[name] !== undefined)
    .map((name) => names[name]);
}

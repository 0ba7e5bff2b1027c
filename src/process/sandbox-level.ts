/** How far a command is kept to its permissions, and what is not kept. Pure. */

import type { Permissions } from "../core/permissions.ts";

/** `bubblewrap`: by the kernel. `no-new-privs`: it cannot gain rights. `none`: not at all. */
export type SandboxLevel = "bubblewrap" | "no-new-privs" | "none";

/** What was asked for and `level` does not keep, in words. What was not limited is not told of. */
export function unheldBy(
  level: SandboxLevel,
  { read, write, run, net }: Permissions,
): readonly string[] {
  if (level === "bubblewrap") {
    const anyProgram = run !== undefined && run.length > 0;
    return [
      ...(net !== undefined && net.length > 0 ? ["which hosts it reaches"] : []),
      ...(anyProgram ? ["programs that lie in what it may read or write"] : []),
    ];
  }
  const asked = { read, write, run, net };
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

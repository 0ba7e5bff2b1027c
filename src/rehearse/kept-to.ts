/** How the process of a rehearsed run is kept to its permissions: it has no more than in a real run. */

import { join } from "node:path";
import type { SettledPermissions } from "../core/permissions.ts";
import type { Guarded } from "../process/guards.ts";
import { handedOn, heldBack } from "../process/sandbox-env.ts";
import type { ScratchWorld } from "./world.ts";

/** With what a run is started. */
export interface KeptRun {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Missing where nothing is limited. */
  readonly guards?: Guarded | undefined;
}

interface Keeping {
  readonly command: readonly string[];
  readonly permitted: (
    permissions: SettledPermissions,
    own: readonly string[],
  ) => readonly string[];
  readonly facts: { readonly permissions?: SettledPermissions | undefined };
}

/** Of the rehearsal itself: nobody has to declare them. */
const OWN_NAMES = ["XDG_STATE_HOME", "TMPDIR", "HOLDFAST_HOME", "NODE_COMPILE_CACHE"];

/** Its scratch directories it may write, for they are there for nothing else. Pure. */
export function keptTo(
  env: Readonly<Record<string, string>>,
  { command, permitted, facts: { permissions } }: Keeping,
  { root, own }: Pick<ScratchWorld, "root" | "own">,
): KeptRun {
  if (permissions === undefined) return { command, env };
  const names = [...permissions.env, ...OWN_NAMES];
  return {
    command: permitted(permissions, [root, own]),
    // What Node compiles is kept where it may write, and where nobody else reads it.
    env: { ...handedOn(env, names), NODE_COMPILE_CACHE: join(own, "compile-cache") },
    guards: { permissions, heldBack: heldBack(env, names) },
  };
}

/** Where commands under way are written down, so that a later start finds what a kill left of them. */

import { join } from "node:path";
import type { World } from "../command.ts";

/** Beside the logs; `undefined` where there is no place for state. */
export function recordsIn(world: World): Promise<string | undefined> {
  return besideLogs(world, "commands");
}

/** Where it is written down in which layers commands run that change files only in the end. */
export function layersIn(world: World): Promise<string | undefined> {
  return besideLogs(world, "overlays");
}

async function besideLogs(world: World, name: string): Promise<string | undefined> {
  try {
    return join(await world.logDirectory(), "..", name);
  } catch {
    // The journal tells of it.
    return undefined;
  }
}

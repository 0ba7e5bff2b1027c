/** Where commands under way are written down, so that a later start finds what a kill left of them. */

import { join } from "node:path";
import type { World } from "../command.ts";

/** Beside the logs; `undefined` where there is no place for state. */
export async function recordsIn(world: World): Promise<string | undefined> {
  try {
    return join(await world.logDirectory(), "..", "commands");
  } catch {
    // The journal tells of it.
    return undefined;
  }
}

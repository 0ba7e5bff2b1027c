/** Loads an automation to be run: in this process, or, where it has permissions, never here. */

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { SandboxError } from "../core/errors.ts";
import type { Arguments, World } from "./command.ts";
import { loadAutomation, type LoadedAutomation } from "./load-automation.ts";

/** The flag of every command that runs an automation. */
export const SANDBOX_FLAG = {
  "require-sandbox": {
    type: "boolean",
    summary: "Start nothing where the kernel cannot keep it to its permissions (exit code 77)",
  },
} as const;

/**
 * A file that says nothing of permissions is loaded here, as ever. One that does might reach for what it
 * did not declare as soon as it is loaded, so that is done in a process that may do next to nothing.
 */
export async function loadToRun(
  file: string,
  args: Arguments,
  world: World,
): Promise<LoadedAutomation> {
  const path = resolve(world.cwd, file);
  const loaded = mentionsPermissions(path) ? undefined : await loadAutomation(file, world.cwd);
  // Where they come from a file that it imports.
  if (loaded !== undefined && loaded.automation.settled.permissions === undefined) {
    return unlessRequired(loaded, args);
  }
  const { lookAt, permittedAutomation } = await import("./permitted/permitted.ts");
  const options = { world, require: args.has("require-sandbox") };
  const facts = await lookAt(path, options);
  if (facts.permissions === undefined) {
    return unlessRequired(await loadAutomation(file, world.cwd), args);
  }
  return permittedAutomation(path, facts, options);
}

/** What declares nothing would run without any limit. */
function unlessRequired(loaded: LoadedAutomation, args: Arguments): LoadedAutomation {
  if (!args.has("require-sandbox")) return loaded;
  throw new SandboxError(`automation "${loaded.automation.name}" declares no permissions`);
}

function mentionsPermissions(path: string): boolean {
  try {
    return existsSync(path) && /\bpermissions\b/.test(readFileSync(path, "utf8"));
  } catch {
    // Who loads it says what is wrong with it.
    return false;
  }
}

/** How this command line is called, for the commands that it tells people to copy. */

import { homedir } from "node:os";
import { basename, join } from "node:path";
import { stateHome, type Environment } from "../journal/home.ts";
import { shellWord } from "../core/shell-word.ts";

/**
 * What stands before the name of a command: `holdfast`, `npx holdfast` in a project that has it among
 * its packages, or else how it was started. Where the journal is not where it is by default, that
 * is said too, for whoever copies the command may be in another shell.
 *
 * @param script The file that runs, as it was called: `process.argv[1]`.
 */
export function calledAs(script: string, env: Environment): string {
  const home = stateHome(env);
  const isDefault = home === join(homedir(), ".local", "state", "holdfast");
  return `${isDefault ? "" : `HOLDFAST_HOME=${shellWord(home)} `}${programOf(script, env)}`;
}

function programOf(script: string, env: Environment): string {
  // `npm run holdfast -- …`, which finds a Node that is new enough.
  if (env["npm_lifecycle_event"] === "holdfast") return "npm run holdfast --";
  if (script.includes("/node_modules/")) return "npx holdfast";
  if (basename(script) === "holdfast") return "holdfast";
  return `node ${shellWord(script)}`;
}

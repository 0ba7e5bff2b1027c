/** `npm run holdfast -- …`: makes the checkout ready and runs the command line from source. */

import { join } from "node:path";

import { handOver } from "./setup/hand-over.js";
import { ready, ROOT } from "./setup/ready.js";
import { exitWith } from "./setup/say.js";
import { stateEnv } from "./setup/state.js";

await exitWith(async () => {
  const node = await ready();
  const args = [join(ROOT, "src/cli/main.ts"), ...process.argv.slice(2)];
  return handOver(node, args, { cwd: callersFolder(), env: stateEnv(ROOT, process.env) });
});

/** Where the user stands: npm runs scripts in the checkout, and names the caller's folder apart. */
function callersFolder() {
  const { INIT_CWD, npm_lifecycle_event } = process.env;
  return npm_lifecycle_event === "holdfast" && INIT_CWD ? INIT_CWD : process.cwd();
}

/** `npm start`: makes the checkout ready and runs the example, examples/nightly-backup. */

import { handOver } from "./setup/hand-over.js";
import { ready, ROOT } from "./setup/ready.js";
import { exitWith } from "./setup/say.js";
import { stateEnv } from "./setup/state.js";

await exitWith(async () => {
  const node = await ready();
  const example = "examples/nightly-backup/start.ts";
  const args = ["--disable-warning=ExperimentalWarning", example, ...process.argv.slice(2)];
  return handOver(node, args, { cwd: ROOT, env: stateEnv(ROOT, process.env) });
});

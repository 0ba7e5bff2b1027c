/** `npm run build`, also before packing: compiles src/ into dist/, and makes `holdfast exec` one file. */

import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { bundleExec } from "./setup/bundle-exec.js";
import { handOver } from "./setup/hand-over.js";
import { ready, ROOT } from "./setup/ready.js";
import { exitWith, SetupError } from "./setup/say.js";
import { toolEnv, toolFile } from "./setup/tool.js";

await exitWith(async () => {
  const node = await ready();
  rmSync(join(ROOT, "dist"), { recursive: true, force: true });
  const args = [toolFile(ROOT, "typescript", "tsc"), "-p", "tsconfig.build.json"];
  const exitCode = await handOver(node, args, { cwd: ROOT, env: toolEnv(ROOT, process.env) });
  if (exitCode !== 0) return exitCode;
  await bundleExec(join(ROOT, "dist"));
  makeExecutable(join(ROOT, "dist/cli/main.js"));
  return exitCode;
});

/** @param {string} command */
function makeExecutable(command) {
  if (!readFileSync(command, "utf8").startsWith("#!/usr/bin/env node\n")) {
    const todo = "Let src/cli/main.ts begin with #!/usr/bin/env node.";
    throw new SetupError(`${command} cannot be a command`, "its first line names no Node", todo);
  }
  chmodSync(command, 0o755);
}

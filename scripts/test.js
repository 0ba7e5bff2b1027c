/**
 * `npm test`: unit, property, contract, crash and end-to-end tests; needs nothing but Node and npm.
 * `--system` runs those that need more, `--package` those of the packed tarball. Anything else goes
 * to vitest: `npm test -- src/core`.
 */

import { handOver } from "./setup/hand-over.js";
import { ready, ROOT } from "./setup/ready.js";
import { exitWith } from "./setup/say.js";
import { toolEnv, toolFile } from "./setup/tool.js";

const PROJECTS = ["system", "package"];

await exitWith(async () => {
  const node = await ready();
  const given = process.argv.slice(2);
  const project = PROJECTS.find((name) => given.includes(`--${name}`)) ?? "main";
  const rest = given.filter((argument) => argument !== `--${project}`);
  const args = [toolFile(ROOT, "vitest"), "run", "--project", project, ...rest];
  return handOver(node, args, { cwd: ROOT, env: toolEnv(ROOT, process.env) });
});

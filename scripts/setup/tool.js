/** The development tools, started without npx so that no other version can slip in. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { withFirstOnPath } from "./path.js";

/**
 * The file that a package of `node_modules` runs as `name`.
 *
 * @param {string} root
 * @param {string} packageName
 * @param {string} [name]
 * @returns {string}
 */
export function toolFile(root, packageName, name = packageName) {
  const folder = join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}

/**
 * `env` in which tools find each other, as under npx.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function toolEnv(root, env) {
  return withFirstOnPath(env, join(root, "node_modules", ".bin"));
}

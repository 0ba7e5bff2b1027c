/** The PATH that tools and what they start are found by. */

import { delimiter } from "node:path";

/**
 * `env` with `folder` first on the PATH.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} folder
 * @returns {NodeJS.ProcessEnv}
 */
export function withFirstOnPath(env, folder) {
  // Windows calls it Path.
  const name = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  const before = env[name];
  return { ...env, [name]: before === undefined ? folder : folder + delimiter + before };
}

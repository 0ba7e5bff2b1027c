/** Where a checkout keeps its runs: in itself, so that trying it out leaves nothing in the home folder. */

import { join } from "node:path";

/**
 * `env` with a HOLDFAST_HOME in the checkout, unless the user has chosen a place.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function stateEnv(root, env) {
  const isChosen = Boolean(env["HOLDFAST_HOME"] || env["XDG_STATE_HOME"]);
  return isChosen ? env : { ...env, HOLDFAST_HOME: join(root, ".holdfast") };
}

/** Makes a fresh clone ready to run: Node first, then the tools. Does nothing the second time. */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { readyModules } from "./modules.js";
import { readyNode } from "./node.js";

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Answers the Node to go on with.
 *
 * @returns {Promise<string>}
 */
export async function ready() {
  const runtime = await readyNode(ROOT);
  await readyModules(ROOT, runtime);
  return runtime.node;
}

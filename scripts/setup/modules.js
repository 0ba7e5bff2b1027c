/** The development tools, as package-lock.json lists them, in `node_modules`. */

import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { npmCi } from "./npm.js";
import { putInPlace, withPart } from "./part.js";
import { say, SetupError } from "./say.js";

/** Stands in `node_modules`, and says what that was made from. */
const STAMP = ".holdfast-setup";

/**
 * Installs them unless they are there, made from this lock file, for this platform and Node.
 *
 * @param {string} root The checkout.
 * @param {import("./node.js").Runtime} runtime
 */
export async function readyModules(root, { major }) {
  const place = join(root, "node_modules");
  const stamp = stampOf(root, major);
  const isThere = () => readStamp(place) === stamp;
  if (isThere()) return;

  say(`installing the development tools with npm ci`);
  await withPart(root, async (folder) => {
    for (const name of ["package.json", "package-lock.json", ".npmrc"]) {
      if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name));
    }
    await npmCi("cannot install the development tools", folder);
    const fresh = join(folder, "node_modules");
    writeFileSync(join(fresh, STAMP), stamp);
    putInPlace({ fresh, place, aside: join(folder, "aside"), isThere });
  });
}

/**
 * @param {string} root
 * @param {number} major
 */
function stampOf(root, major) {
  const lock = join(root, "package-lock.json");
  if (!existsSync(lock)) {
    throw new SetupError(`${lock} is missing`, "it lists what to install", "Check it out again.");
  }
  const hash = createHash("sha256").update(readFileSync(lock)).digest("hex");
  return `${hash} node-${major} ${process.platform}-${process.arch}\n`;
}

/** @param {string} modules */
function readStamp(modules) {
  const file = join(modules, STAMP);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** The Node that everything else runs on: the machine's own, or one that is brought into `.node/`. */

import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { NODE_PACKAGES, OLDEST_MAJOR } from "./node-packages.js";
import { npmCi } from "./npm.js";
import { putInPlace, withPart } from "./part.js";
import { say, SetupError } from "./say.js";

/** @typedef {import("./node-packages.js").NodePackage} NodePackage */

/**
 * `node` is the executable.
 *
 * @typedef {{ node: string, major: number }} Runtime
 */

/**
 * Finds a Node that is new enough, or brings one.
 *
 * @param {string} root The checkout.
 * @param {{ execPath: string, versions: { node: string }, platform: string, arch: string }} machine
 * @returns {Promise<Runtime>}
 */
export async function readyNode(root, machine = process) {
  const ownMajor = majorOf(machine.versions.node);
  if (ownMajor >= OLDEST_MAJOR) return { node: machine.execPath, major: ownMajor };

  const wanted = NODE_PACKAGES[`${machine.platform}-${machine.arch}`];
  if (wanted === undefined) {
    throw new SetupError(
      `Node ${OLDEST_MAJOR} or newer is needed, and this is ${machine.versions.node}`,
      `the registry has none for ${machine.platform}-${machine.arch}`,
      "Install it yourself, put it first on the PATH and run the same command again.",
    );
  }
  const home = join(root, ".node", `${wanted.name}-${wanted.version}`);
  const node = join(home, wanted.binary);
  if (!existsSync(node)) {
    say(`Node ${machine.versions.node} is too old: bringing ${wanted.version} from the registry`);
    await bring(root, wanted, home);
  }
  return { node, major: majorOf(wanted.version) };
}

/** @param {string} version */
function majorOf(version) {
  return Number.parseInt(version, 10);
}

/**
 * @param {string} root
 * @param {NodePackage} wanted
 * @param {string} home Where the package is put.
 */
async function bring(root, wanted, home) {
  await withPart(root, async (folder) => {
    writeManifest(folder, wanted);
    await npmCi(`cannot bring Node ${wanted.version}`, folder);
    const fresh = join(folder, "node_modules", wanted.name);
    checkThatItRuns(join(fresh, wanted.binary), wanted);
    const isThere = () => existsSync(join(home, wanted.binary));
    putInPlace({ fresh, place: home, aside: join(folder, "aside"), isThere });
  });
}

/**
 * A project that depends on the package and nothing else. Its lock file carries the pinned integrity.
 *
 * @param {string} folder
 * @param {NodePackage} wanted
 */
function writeManifest(folder, { name, version, integrity }) {
  const dependencies = { [name]: version };
  const packages = { "": { dependencies }, [`node_modules/${name}`]: { version, integrity } };
  write("package.json", { private: true, dependencies });
  write("package-lock.json", { lockfileVersion: 3, requires: true, packages });

  /** @type {(file: string, content: object) => void} */
  function write(file, content) {
    writeFileSync(join(folder, file), JSON.stringify(content));
  }
}

/**
 * A binary made for another C library, say, is there and does not run.
 *
 * @param {string} node
 * @param {NodePackage} wanted
 */
function checkThatItRuns(node, { version }) {
  const { stdout, stderr, error } = spawnSync(node, ["--version"], { encoding: "utf8" });
  if (stdout?.trim() === `v${version}`) return;
  throw new SetupError(
    `Node ${version} was brought from the registry`,
    "it does not run on this machine",
    `Install Node ${OLDEST_MAJOR} or newer yourself and put it first on the PATH.`,
    error?.message ?? stderr,
  );
}

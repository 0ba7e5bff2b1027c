/**
 * `npm run check`: types, lint, format and the packed tarball. All are run and all that is wrong is
 * shown; ends with 1 when anything is. `--report FILE` writes the counts as JSON besides.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

import { npmPack } from "./setup/npm.js";
import { withFirstOnPath } from "./setup/path.js";
import { ready, ROOT } from "./setup/ready.js";
import { exitWith, SetupError } from "./setup/say.js";
import { toolEnv, toolFile } from "./setup/tool.js";

/** @typedef {{ isOk: boolean, output: string }} Outcome */

await exitWith(async () => {
  const { values } = parseArgs({ options: { report: { type: "string" } } });
  const node = await ready();

  /** @type {readonly (readonly [name: string, run: () => Promise<Outcome>])[]} */
  const checks = [
    ["types", () => tool(node, "typescript", "tsc", "--pretty")],
    ["types without Node's", () => tool(node, "typescript", "tsc", "-p", "tsconfig.portable.json")],
    ["lint", () => tool(node, "oxlint", "oxlint", "--type-aware", "--deny-warnings")],
    ["format", () => tool(node, "oxfmt", "oxfmt", "--check")],
    ["package", () => checkPackage(node)],
  ];
  let failed = 0;
  for (const [name, run] of checks) {
    if (!(await shown(name, run))) failed++;
  }
  const passed = checks.length - failed;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  if (values.report !== undefined) {
    const counts = { numPassedTests: passed, numFailedTests: failed };
    writeFileSync(values.report, JSON.stringify(counts));
  }
  return failed === 0 ? 0 : 1;
});

/**
 * @param {string} name
 * @param {() => Promise<Outcome>} run
 */
async function shown(name, run) {
  const startedAtMs = performance.now();
  const { isOk, output } = await run();
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  process.stdout.write(`${isOk ? "ok    " : "FAILED"}  ${name.padEnd(22)} ${seconds} s\n`);
  if (!isOk) process.stdout.write(`${output.trimEnd()}\n\n`);
  return isOk;
}

/**
 * @param {string} node
 * @param {string} packageName
 * @param {string} name
 * @param {...string} args
 * @returns {Promise<Outcome>}
 */
function tool(node, packageName, name, ...args) {
  const child = spawn(node, [toolFile(ROOT, packageName, name), ...args], {
    cwd: ROOT,
    env: withFirstOnPath(toolEnv(ROOT, process.env), dirname(node)),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ isOk: false, output: error.message }));
    child.on("close", (code) => resolve({ isOk: code === 0, output }));
  });
}

/**
 * Packs as for a release and has the tarball read against its exports.
 *
 * @param {string} node
 * @returns {Promise<Outcome>}
 */
async function checkPackage(node) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-pack-"));
  try {
    await npmPack(ROOT, folder);
    const tarballs = readdirSync(folder).map((name) => join(folder, name));
    return await tool(node, "publint", "publint", "run", "--strict", ...tarballs);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { isOk: false, output: error.message };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

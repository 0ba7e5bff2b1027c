/**
 * Adds up what the suites of .ci/run reported and prints `N passed, N failed`. Ends with 1 when
 * anything failed, or when nothing ran.
 *
 *     node scripts/count.js FOLDER NAME=EXIT_CODE...
 *
 * FOLDER has a report NAME.json of each suite.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { sumUp } from "./setup/sum-up.js";

const [folder = ".", ...suites] = process.argv.slice(2);

const reports = suites.map((suite) => {
  const [name = "", exitCode = "1"] = suite.split("=");
  return { name, exitCode: Number(exitCode), report: readReport(join(folder, `${name}.json`)) };
});
const { lines, passed, failed } = sumUp(reports);
process.stdout.write([...lines, `${passed} passed, ${failed} failed`, ""].join("\n"));
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** @param {string} file */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // A suite that died wrote none, or half of one: sumUp() says so.
    return undefined;
  }
}

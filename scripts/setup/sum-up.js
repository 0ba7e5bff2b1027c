/** The counts of several suites as one. What ended badly counts as failed, whatever it reported. */

/**
 * As vitest's JSON reporter and scripts/check.js write it.
 *
 * @typedef {{
 *   numPassedTests: number,
 *   numFailedTests: number,
 *   testResults?: { status: string, assertionResults: unknown[] }[],
 * }} Report
 */

/**
 * @param {readonly { name: string, exitCode: number, report: Report | undefined }[]} suites
 * @returns {{ lines: string[], passed: number, failed: number }}
 */
export function sumUp(suites) {
  const counts = suites.map((suite) => ({ name: suite.name, ...countOf(suite) }));
  return {
    lines: counts.map(({ name, passed, failed, note }) =>
      `${name.padEnd(8)} ${passed} passed, ${failed} failed ${note}`.trimEnd(),
    ),
    passed: counts.reduce((sum, { passed }) => sum + passed, 0),
    failed: counts.reduce((sum, { failed }) => sum + failed, 0),
  };
}

/**
 * @param {{ exitCode: number, report: Report | undefined }} suite
 * @returns {{ passed: number, failed: number, note: string }}
 */
function countOf({ exitCode, report }) {
  if (report === undefined) return { passed: 0, failed: 1, note: "(it left no report)" };
  const { numPassedTests: passed, numFailedTests, testResults = [] } = report;
  // A file that cannot be loaded fails without a single test.
  const empty = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  const failed = numFailedTests + empty.length;
  if (passed + failed === 0) return { passed, failed: 1, note: "(nothing ran)" };
  if (failed === 0 && exitCode !== 0) {
    return { passed, failed: 1, note: `(it ended with ${exitCode})` };
  }
  return { passed, failed, note: "" };
}

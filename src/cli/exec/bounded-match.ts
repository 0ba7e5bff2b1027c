/**
 * A user's pattern, looked for within a bound: one that backtracks without end would hold this process
 * for ever, its signals and time limits with it.
 */

/** How long one look may take, in milliseconds. */
const LIMIT_MS = 1_000;

/** Whether `text` has it; `undefined` where that could not be found out in time. */
export function matches(
  pattern: RegExp,
  text: string,
  limitMs: number = LIMIT_MS,
): boolean | undefined {
  // Loaded only where there is a pattern. It is no fence against code: none of the user's runs in it.
  const { runInNewContext } = process.getBuiltinModule("node:vm");
  try {
    return runInNewContext(
      "pattern.test(text)",
      { pattern, text },
      { timeout: limitMs },
    ) as boolean;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  }
}

/** One short line for people, on stderr: stdout belongs to the program that runs afterwards. */

/** @param {string} line */
export function say(line) {
  process.stderr.write(`holdfast: ${line}\n`);
}

/** Set-up cannot go on. The message says what, why and what to do; a stack would say nothing more. */
export class SetupError extends Error {
  /**
   * @param {string} what What could not be done.
   * @param {string} why
   * @param {string} todo What the reader can do about it.
   * @param {string} [details] What the tool said, if it said anything.
   */
  constructor(what, why, todo, details = "") {
    const quoted = details.trim().replaceAll(/^/gm, "    ");
    super([`${what}: ${why}`, ...(details.trim() === "" ? [] : [quoted]), `  ${todo}`].join("\n"));
  }
}

/**
 * Runs a wrapper's main function and ends with the exit code that it answers.
 *
 * @param {() => Promise<number>} main
 */
export async function exitWith(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.exitCode = 1;
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
  }
}

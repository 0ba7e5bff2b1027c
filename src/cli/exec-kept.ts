/**
 * What stands in the place of `exec-start.ts` in the package: the same, with the bytecode of an earlier
 * start. `scripts/setup/bundle-exec.js` puts it there.
 */

import { codeHome } from "./code-home.ts";
import { runKept, type CodeFile } from "./kept-code.ts";
import type { startExec } from "./exec-start.ts";

/** Does what `startExec` of the bundled `file` does. */
export function startKept(file: CodeFile, words: readonly string[]): Promise<void> {
  const { exports, keep } = runKept(file, codeHome(process.env));
  // Without a command little of what most starts need has been called.
  if (words.includes("--")) process.once("exit", keep);
  return (exports as { startExec: typeof startExec }).startExec(words);
}

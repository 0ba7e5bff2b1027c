/** What a human can do about a step in doubt: commands that run as they stand there. */

import { shellWord } from "./shell-word.ts";

/** @param again How the automation is started: `holdfast run nightly.ts`. */
export function waysOut(again: string, step: string): string[] {
  return [
    "If it did not happen:",
    `  ${again} --resume --decide ${shellWord(`${step}=absent`)}`,
    "If it did (replace null by what it answered, as JSON):",
    `  ${again} --resume --decide ${shellWord(`${step}=null`)}`,
    "Or take the run back:",
    `  ${again} --rollback`,
  ];
}

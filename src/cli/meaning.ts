/** What an exit code of a run says, in words. */

import { EXIT } from "../core/exit-codes.ts";

const MEANINGS: Readonly<Record<number, string>> = {
  [EXIT.ok]: "all tasks succeeded",
  [EXIT.failed]: "nothing was there to roll back",
  [EXIT.verificationFailed]: "a verification failed",
  [EXIT.gaveUp]: "nothing was there to roll back; worth trying later",
  [EXIT.rolledBack]: "rolled back completely",
  [EXIT.rollbackIncomplete]: "ROLLBACK INCOMPLETE, a human is needed",
  [EXIT.inDoubt]: "a human decides",
};

/** As `rolled back completely (exit code 80)`. */
export function meaningOf(exitCode: number): string {
  const meaning = MEANINGS[exitCode];
  return meaning === undefined ? `exit code ${exitCode}` : `${meaning} (exit code ${exitCode})`;
}

/** How `holdfast run` and `holdfast exec` exit, for people. Everything else exits 0, 1, 2, 70, 74 or 78. */

import { EXIT } from "../core/exit-codes.ts";

/** One exit code: what it says, and what to do. */
export interface OwnExit {
  readonly cause: string;
  readonly advice: string;
}

/** By number. */
export const OWN_EXITS: Readonly<Record<number, OwnExit>> = {
  [EXIT.ok]: exit("all went well; healed counts as well", "nothing"),
  [EXIT.failed]: exit(
    "failed, and nothing was there to roll back",
    "holdfast logs last tells by what; mend it, then run it again",
  ),
  [EXIT.usage]: exit("the command line or the input was not understood", "see --help"),
  [EXIT.verificationFailed]: exit("a verification failed", "look at what the step made"),
  [EXIT.locked]: exit(
    "another run holds the lock",
    "wait until it has ended; holdfast runs names it",
  ),
  [EXIT.bug]: exit("a bug in holdfast", "report it with the stack that it printed"),
  [EXIT.journal]: exit("the journal cannot be read or written", "holdfast doctor says what to do"),
  [EXIT.gaveUp]: exit("gave up on something that may pass", "run it again later"),
  [EXIT.denied]: exit(
    "a permission was denied by policy",
    "declare the permission that the error names, if it is right",
  ),
  [EXIT.config]: exit(
    "the configuration or the automation's file is wrong",
    "mend what the message names",
  ),
  [EXIT.rolledBack]: exit(
    "failed, and rolled back completely",
    "nothing is left behind: mend the cause, then run it again",
  ),
  [EXIT.rollbackIncomplete]: exit(
    "failed, and the rollback is incomplete: a human is needed",
    "holdfast show last names what is still there; take it back, or holdfast rollback once more",
  ),
  [EXIT.inDoubt]: exit(
    "stopped in doubt: nobody saw whether a step happened",
    "look whether it did, then decide: holdfast show last names the ways",
  ),
  125: exit("holdfast itself failed before it could run the command", "see its message"),
};

function exit(cause: string, advice: string): OwnExit {
  return { cause, advice };
}

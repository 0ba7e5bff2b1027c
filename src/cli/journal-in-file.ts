/** The journal of this user, for commands that look at the file itself. */

import { journalFile } from "../journal/home.ts";
import { UsageError, type World } from "./command.ts";

/**
 * The path of the journal.
 *
 * @param instead What to do where it is in a database.
 * @throws {UsageError} When `$HOLDFAST_JOURNAL` names a database: the file, if there is one, is another journal.
 */
export function journalInFile(env: World["env"], instead: string): string {
  if ((env["HOLDFAST_JOURNAL"] ?? "") === "") return journalFile(env);
  throw new UsageError(`HOLDFAST_JOURNAL names a database, and this takes a file: ${instead}`);
}

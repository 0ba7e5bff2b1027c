/** What `holdfast show` tells of a run that is a guarded command: the command, and what becomes of it. */

import type { RunRecord } from "../core/journal.ts";
import type { Redactor } from "../core/redact.ts";
import { shellWord } from "../core/shell-word.ts";
import { clip } from "../core/show.ts";
import { decodeValue } from "../journal/codec.ts";
import { isOfExec } from "./exec/recorded-plan.ts";
import type { WaysOut } from "./ways-out.ts";

/** As much of a command as is shown; all of it is in `--json`. */
const LONGEST_COMMAND = 400;

/** What of the record is told. A command line of which a secret was taken out may have its name alone. */
interface Recorded {
  readonly argv?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  readonly undo?: string | undefined;
}

/** What was run, as it would be typed, and where; nothing for the run of an automation. */
export function commandLines(run: RunRecord, secrets: Redactor): string[] {
  const { argv, cwd } = recordedOf(run);
  if (argv === undefined || cwd === undefined) return [];
  const shown = (secrets.value(argv) as readonly string[]).map(shellWord).join(" ");
  return [`  command ${clip(shown, LONGEST_COMMAND)}`, `  in ${cwd}`];
}

/** What becomes of a guarded command whose holdfast was killed; nothing for the run of an automation. */
export function cutOffLines(run: RunRecord, { rollback }: WaysOut): string[] {
  if (!isOfExec(run)) return [];
  const first = "Its process is gone. The next start of this name ends what is left of it,";
  if (recordedOf(run).undo === undefined) return [`${first} and runs it anew.`];
  return [`${first} undoes it, and runs it anew.`, "To undo it now:", `  ${rollback}`];
}

function recordedOf(run: RunRecord): Recorded {
  return isOfExec(run) ? (decodeValue(run.input) as { readonly exec: Recorded }).exec : {};
}

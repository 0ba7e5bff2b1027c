/**
 * Which known line tells why a command failed, and which only follows from a failure before it.
 *
 * A script that stops at the first failure survived whatever it said earlier: its last complaint counts.
 * One that goes on says why first, and then what was missing for want of it. What a trap takes away, and
 * what reads from a pipe whose writer failed, is never why.
 */

import type { CommandEnd, ScriptHabits } from "../core/command-end.ts";
import type { CommandFinding } from "./command-finding.ts";
import { scriptHabits, shellScript } from "./shell-script.ts";
import type { Tool } from "./tool-of.ts";
import { ZIPPED } from "./tools/archives.ts";
import { FILE_TOOLS } from "./tools/system-texts.ts";

/** What is known of how the command goes on after a failure. */
export interface Course {
  /** Whether it does more after one. `undefined`: nobody knows. */
  readonly goesOn: boolean | undefined;
  readonly hasTrap: boolean;
  readonly exitCode: number | undefined;
}

/** Programs that go on with the next file. */
const FILE_BY_FILE: ReadonlySet<string> = new Set([
  ...FILE_TOOLS,
  ...ZIPPED,
  "tar",
  "rsync",
  "scp",
]);

/** How a command goes on, by its script's text, or by its name. */
export function courseOf({ argv, exitCode, symptoms }: CommandEnd, { names }: Tool): Course {
  const habits = symptoms?.script ?? habitsInWords(argv);
  if (habits !== undefined) {
    return { goesOn: !habits.stopsAtFailure, hasTrap: habits.hasTrap, exitCode };
  }
  const goesOn = FILE_BY_FILE.has(names[0] ?? "") ? true : undefined;
  return { goesOn, hasTrap: false, exitCode };
}

/** Of a script in the command's own words: `sh -c "set -e; …"`. */
function habitsInWords(argv: readonly string[]): ScriptHabits | undefined {
  const script = shellScript(argv);
  return script?.text === undefined ? undefined : scriptHabits(script.text, script);
}

/** What reads from a command that failed, who asked a server in vain, and what terraform says of a lock. */
const OF_ANOTHER =
  /^Error message: |\.tfstate\.lock\.info: no such file|stdin: unexpected end|^tar: (?:This does not look|Unexpected EOF)|^curl: \(23\)|No matching distribution found|Could not find a version/;

const TAKES_AWAY = /^(rm|rmdir|umount|kill|killall): /;

/** With which they end when they could not; the others with 1. */
const CODES_OF_UMOUNT: readonly number[] = [1, 2, 4, 8, 16, 32, 64];

/** Whether what a line says is likely to follow from a failure before it. */
export function isAftermath({ fault }: CommandFinding, line: string, course: Course): boolean {
  if (fault.code === "EPIPE" || OF_ANOTHER.test(line)) return true;
  const cleaner = TAKES_AWAY.exec(line)?.[1];
  if (cleaner !== undefined && (course.hasTrap || !canEnd(cleaner, course))) return true;
  return fault.code === "ENOENT" && course.goesOn === true;
}

/** Whether the exit code may be that of what takes away, so that it may have ended all. */
function canEnd(cleaner: string, { exitCode = 1 }: Course): boolean {
  return cleaner === "umount" ? CODES_OF_UMOUNT.includes(exitCode) : exitCode === 1;
}

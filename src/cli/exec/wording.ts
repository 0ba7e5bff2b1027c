/**
 * The engine's sentences in the words of `holdfast exec`: whoever guards a command knows of no step, no
 * work and no circuit, but of the command's name and of flags. Pure.
 */

import { formatMs } from "../../core/duration.ts";

/** What the engine calls it: by its one step. */
const UNVERIFIED = 'Step "command" did not pass its verification: ';
const STEP = 'Step "command"';
const LATE = /Work under "command" did not end within (\d+) ms/g;
const OPEN = /Circuit (?=".*" (?:is open for another \d+ ms|is held open|waits for its probe))/g;
const MS = /(?<= is open for another )\d+ ms/g;

/** A sentence, or the message of an error, of the command `name`. */
export function inOurWords(sentence: string, name: string): string {
  return sentence
    .replaceAll(UNVERIFIED, "")
    .replaceAll(STEP, () => name)
    .replaceAll(
      LATE,
      (_, ms: string) => `${name} did not end within ${formatMs(Number(ms))} (--timeout)`,
    )
    .replaceAll(OPEN, "breaker ")
    .replaceAll(MS, (ms) => formatMs(Number.parseInt(ms, 10)));
}

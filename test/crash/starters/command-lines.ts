/** Two command lines that start the same automation at the same moment: one runs it, the other exits with 69. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { COMPILED } from "../../compiled.ts";
import { HOLDFAST, run, type Ended } from "../command-line.ts";

const HELD = join(import.meta.dirname, "held.ts");

/** What is wrong with one race of two command lines in `place`, which is made. */
export async function raceCommandLines(place: string): Promise<string[]> {
  mkdirSync(place);
  const env = { CRASH_PLACE: place, HOLDFAST_HOME: place, ...COMPILED };
  const start = () => run(HOLDFAST, { words: ["run", HELD], env, cwd: place });
  const both = [start(), start()] as const;
  await until(() => linesOf(join(place, "ready")).length === 2, both);
  writeFileSync(join(place, "go"), "");
  // The winner waits for the end of the other; were there two winners, both would wait.
  await Promise.race([...both, until(() => linesOf(join(place, "ledger")).length > 2, both)]);
  writeFileSync(join(place, "end"), "");
  const ended = await Promise.all(both);
  const [winner, loser] = ended.toSorted((a, b) => (a.exitCode ?? 0) - (b.exitCode ?? 0)) as [
    Ended,
    Ended,
  ];
  return [
    ...(winner.exitCode === 0 && loser.exitCode === 69 && loser.stdout === ""
      ? []
      : [`they ended by ${winner.exitCode} and ${loser.exitCode}: ${loser.stderr}`]),
    ...(/^holdfast: Automation "held" is being run .* by process \d+/m.test(loser.stderr)
      ? []
      : [`the other one said ${loser.stderr}`]),
    ...(linesOf(join(place, "ledger")).join() === "first,second"
      ? []
      : [`it did ${linesOf(join(place, "ledger")).join()}`]),
  ];
}

/** Waits for something, as long as both are there. */
async function until(isSo: () => boolean, both: readonly Promise<Ended>[]): Promise<void> {
  let isOver = false;
  void Promise.race(both).then(() => (isOver = true));
  while (!isSo() && !isOver) await sleep(2);
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
}

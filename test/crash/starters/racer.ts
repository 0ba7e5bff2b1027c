/**
 * A process that starts automations when it is told to, by lines of its input:
 *
 *     begin NAME...    starts all of them, and leaves each in the middle of its second step
 *     race NAME AT     starts one at this moment, in milliseconds since the Unix epoch
 *     end NAME         lets its second step end
 *
 * It answers `executes NAME`, `refused NAME WHY` or `ended NAME EXITCODE`. Its ledger counts steps.
 */

import { appendFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { automation, execute } from "../../../src/automation/index.ts";
import { sqliteJournal } from "../../../src/journal/index.ts";

const [file = "", ledger = ""] = process.argv.slice(2);
const journal = sqliteJournal(file);
const ends = new Map<string, () => void>();

function tell(...words: readonly unknown[]): void {
  writeSync(1, `${words.join(" ")}\n`);
}

function note(step: string, name: string): void {
  appendFileSync(ledger, `${step} ${name}\n`);
}

async function start(name: string): Promise<void> {
  const program = automation(name, async (run) => {
    await run.step("first", () => note("first", name));
    const second = () => {
      note("second", name);
      tell("executes", name);
      return new Promise<void>((end) => ends.set(name, end));
    };
    await run.step("second", second, { repeatable: true });
  });
  try {
    const { exitCode } = await execute(program, { journal });
    tell("ended", name, exitCode);
  } catch (error) {
    tell("refused", name, String(error));
  }
}

function obey(line: string): void {
  const [what, name = "", at] = line.split(" ");
  if (what === "end") ends.get(name)?.();
  if (what === "begin") for (const each of line.split(" ").slice(1)) void start(each);
  if (what === "race") {
    // Not by a timer: the two are to come within microseconds of each other.
    while (Date.now() < Number(at));
    void start(name);
  }
}

createInterface({ input: process.stdin })
  .on("line", obey)
  .once("close", () => process.exit());
tell("ready");

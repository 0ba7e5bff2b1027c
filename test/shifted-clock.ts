/** The command line in a process whose clock is CLOCK_SHIFT milliseconds ahead of the real time; it may be changed on the way. */

import { COMMANDS } from "../src/cli/commands.ts";
import { start } from "../src/cli/start.ts";
import { systemClock } from "../src/core/system.ts";
import { journalFile, sqliteJournal } from "../src/journal/index.ts";

const clock = {
  ...systemClock,
  now: () => systemClock.now() + Number(process.env["CLOCK_SHIFT"] ?? 0),
};

await start(process.argv.slice(2), COMMANDS, {
  clock,
  openJournal: async () => sqliteJournal(journalFile(process.env), { clock }),
});

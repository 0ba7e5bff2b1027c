/**
 * The real command line in a process that kills itself with SIGKILL at one moment:
 *
 *     CRASH_AT='archive: after the effect' node test/crash/victim.ts run FILE
 *
 * What else it takes from its environment is told in `moments.ts`. The process that takes the run up
 * afterwards is `src/cli/main.ts`, which knows of none of this.
 */

import { enableCompileCache } from "node:module";

// As in main.ts.
enableCompileCache();
const { COMMANDS } = await import("../../src/cli/commands.ts");
const { start } = await import("../../src/cli/start.ts");
await start(process.argv.slice(2), COMMANDS, {
  async openJournal() {
    // Not before the automation: what it imports of this belongs to its code, as for `src/cli/main.ts`.
    const { openVictimJournal } = await import("./victim-journal.ts");
    return openVictimJournal();
  },
});

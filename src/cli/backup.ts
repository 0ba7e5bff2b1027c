/** `holdfast backup`: copies the journal while runs go on. */

import { resolve } from "node:path";
import { EXIT } from "../core/exit-codes.ts";
import { formatBytes } from "../core/size.ts";
import { backupJournal } from "../journal/backup.ts";
import type { Command } from "./command.ts";
import { journalInFile } from "./journal-in-file.ts";

/** See the header. */
export const backup: Command = {
  name: "backup",
  usage: "FILE [--force] [--json]",
  details: `
The copy is the journal as it is at one moment, checked as a whole and flushed before it
gets its name. To restore it, see docs/durability.md. A journal in Postgres is copied with
pg_dump.`,
  positionals: { min: 1, max: 1 },
  flags: {
    force: { type: "boolean", summary: "Replace FILE when it is there" },
    json: { type: "boolean", summary: "Print the outcome as JSON" },
  },
  examples: [{ line: "holdfast backup /var/backups/holdfast.db --force", does: "For a daily job" }],

  async run(args, world) {
    const [name = ""] = args.positionals;
    const journal = journalInFile(world.env, "copy the database with pg_dump (docs/postgres.md)");
    const made = await backupJournal(journal, resolve(world.cwd, name), {
      force: args.has("force"),
    });
    const { file, bytes, runs, steps } = made;
    world.print(
      args.has("json")
        ? `${JSON.stringify({ schema: 1, ...made }, undefined, 2)}\n`
        : `${file}: ${runs} runs, ${steps} steps, ${formatBytes(bytes)}, checked\n`,
    );
    return EXIT.ok;
  },
};

/** `holdfast doctor`: looks whether the journal and its place are well, and saves what is not. */

import { resolve } from "node:path";
import { examine, type Diagnosis } from "../advise/doctor.ts";
import type { Finding } from "../advise/finding.ts";
import { EXIT } from "../core/exit-codes.ts";
import { isGone } from "../journal/owner.ts";
import { saveJournal, type Salvage } from "../journal/salvage.ts";
import type { Command, World } from "./command.ts";
import { journalInFile } from "./journal-in-file.ts";
import { printable } from "./printable.ts";
import { readVersion } from "./version.ts";

/** See the header. */
export const doctor: Command = {
  name: "doctor",
  usage: "[--journal FILE] [--save FILE] [--json]",
  details: `
Reads the whole journal and changes nothing. With --save it writes all that can be read of
a damaged journal into a new file, says what was lost, and never touches the old one. A
journal in Postgres is for its server's own means to check.

Exit codes: 0 all is well, or only warnings; 1 a problem; 2 usage; 74 the journal is
damaged or cannot be opened.`,
  positionals: { min: 0, max: 0, words: [] },
  flags: {
    journal: { type: "string", value: "FILE", summary: "Another journal, such as a backup" },
    save: { type: "string", value: "FILE", summary: "Write what can be read into a new journal" },
    json: { type: "boolean", summary: "Print the findings as JSON" },
  },
  examples: [
    { line: "holdfast doctor", does: "Is all well?" },
    { line: "holdfast doctor --journal /var/backups/holdfast.db", does: "Is the backup?" },
    { line: "holdfast doctor --save saved.db", does: "Save what a damaged journal holds" },
  ],

  async run(args, world) {
    const given = args.text("journal");
    const file =
      given === undefined ? journalInFile(world.env, IN_DATABASE) : resolve(world.cwd, given);
    const target = args.text("save");
    if (target !== undefined) {
      const saved = saveJournal(file, resolve(world.cwd, target));
      world.print(args.has("json") ? asJson(saved) : printable(savedText(saved)));
      return EXIT.ok;
    }
    const diagnosis = examine({
      file,
      logs: await world.logDirectory(),
      version: readVersion(),
      now: () => world.clock.now(),
      isGone,
    });
    const { findings } = diagnosis;
    world.print(args.has("json") ? asJson({ findings }) : printable(await asText(findings, world)));
    return exitCodeOf(diagnosis);
  },
};

const IN_DATABASE =
  "a database is checked by its own means (pg_amcheck); --journal FILE looks at a file";

function exitCodeOf({ findings, isDamaged }: Diagnosis): number {
  if (isDamaged) return EXIT.journal;
  return findings.some(({ state }) => state === "problem") ? EXIT.failed : EXIT.ok;
}

function asJson(document: object): string {
  return `${JSON.stringify({ schema: 1, ...document }, undefined, 2)}\n`;
}

const MARKS: Readonly<Record<Finding["state"], string>> = { ok: "✓", warning: "!", problem: "✗" };

async function asText(findings: readonly Finding[], world: World): Promise<string> {
  const calledAs = await world.calledAs();
  const lines = findings.flatMap(({ state, check, says, todo }) => [
    `${MARKS[state]} ${check}: ${says}`,
    ...(todo === undefined ? [] : [`    ${todo.replace(/^holdfast\b/, calledAs)}`]),
  ]);
  return `${lines.join("\n")}\n`;
}

function savedText(saved: Salvage): string {
  const { file, runs, steps, values, unreadable, lostCommits, orphans } = saved;
  const { unfinished, incomplete } = saved;
  const lines = [
    `${file}: ${runs} runs, ${steps} steps, ${values} shared values`,
    `lost: ${unreadable} rows that are not as they were written, ${orphans} steps without their run, ${lostCommits} commits or more in the broken log`,
    "what stood in pages that cannot be told from others is not counted",
    ...incomplete.map((id) => `run ${id} may lack steps`),
    ...unfinished.map((id) => `run ${id} is unfinished: look at it before it is started again`),
  ];
  return `${lines.join("\n")}\n`;
}

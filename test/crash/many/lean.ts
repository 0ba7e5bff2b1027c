/**
 * One start of an automation of the campaign, with as little around it as can be: a process of the
 * command line takes four times as long. Ends by the run's exit code, or as the command line does.
 *
 *     node test/crash/many/lean.ts side-by-side '{"fails":true}'
 */

import { execute, type Automation } from "../../../src/automation/index.ts";
import { openVictimJournal } from "../victim-journal.ts";

const [name = "", input = "{}"] = process.argv.slice(2);
const { default: program } = (await import(`./automations/${name}.ts`)) as {
  default: Automation<never>;
};
process.exit(await start().catch(exitCodeOf));

async function start(): Promise<number> {
  const journal = await openVictimJournal();
  try {
    process.stderr.write("begins\n");
    return (await execute(program, { journal, input: JSON.parse(input) })).exitCode;
  } finally {
    await journal.close();
  }
}

async function exitCodeOf(error: unknown): Promise<number> {
  // Only now, for it is rarely needed.
  const { complaintOf } = await import("../../../src/cli/complaint.ts");
  const { text, exitCode } = complaintOf(error, process.env);
  process.stderr.write(text);
  return exitCode;
}

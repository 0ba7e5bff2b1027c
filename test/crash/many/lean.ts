/**
 * One start of an automation of the campaign, with as little around it as can be: a process of the
 * command line takes four times as long. Ends by the run's exit code.
 *
 *     node test/crash/many/lean.ts side-by-side '{"fails":true}'
 */

import { execute, type Automation } from "../../../src/automation/index.ts";
import { openVictimJournal } from "../victim-journal.ts";

const [name = "", input = "{}"] = process.argv.slice(2);
const { default: program } = (await import(`./automations/${name}.ts`)) as {
  default: Automation<never>;
};
const journal = await openVictimJournal();
process.stderr.write("begins\n");
const { exitCode } = await execute(program, { journal, input: JSON.parse(input) });
await journal.close();
process.exit(exitCode);

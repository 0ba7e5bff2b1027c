/** What the commands that send something to a run have in common. */

import { sendSignal, type SentSignal } from "../automation/wait/signals.ts";
import { InputError, ValueError } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { Journal, RunRecord } from "../core/journal.ts";
import { redactor } from "../core/redact.ts";
import type { World } from "./command.ts";
import { findRun } from "./find-run.ts";
import { printable } from "./printable.ts";

/** What is to be sent to a run that was found; text says why nothing is. */
type Choose = (
  run: RunRecord,
  journal: Journal,
) => Promise<(Pick<SentSignal, "runId" | "name" | "value"> & { readonly told: string }) | string>;

/** Finds the run that is meant, sends what `choose` answers, and says so. */
export async function send(
  command: string,
  run: string,
  world: World,
  choose: Choose,
): Promise<number> {
  const journal = await world.openJournal();
  const secrets = redactor({ env: world.env });
  const refuse = (problem: string, exitCode: number) => {
    world.complain(printable(secrets.text(`holdfast ${command}: ${problem}\n`)));
    return exitCode;
  };
  try {
    const found = await findRun(journal, run);
    if (typeof found === "string") return refuse(found, EXIT.failed);
    const chosen = await choose(found, journal);
    if (typeof chosen === "string") return refuse(chosen, EXIT.failed);
    const { told, ...signal } = chosen;
    await sendSignal(journal, { ...signal, clock: world.clock, env: world.env });
    world.print(printable(`${told}\n`));
    return EXIT.ok;
  } catch (error) {
    if (error instanceof InputError) return refuse(error.message, EXIT.failed);
    if (error instanceof ValueError) return refuse(error.message, EXIT.usage);
    throw error;
  } finally {
    await journal.close();
  }
}

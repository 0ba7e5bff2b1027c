/** Claims the run that is to be executed: the one that was cut off, or a new one. */

import type { Clock } from "../../core/clock.ts";
import { InputError, JournalError, RunExistsError, UnfinishedRunError } from "../../core/errors.ts";
import type { Claim, Journal, Owner, RunRecord } from "../../core/journal.ts";
import type { Logger } from "../../core/logger.ts";
import { show } from "../../core/show.ts";
import { schemaProblems, type StandardSchema } from "../../core/standard-schema.ts";
import { decodeValue } from "../../journal/codec.ts";
import { abandon } from "./abandon.ts";
import type { Automation } from "../automation.ts";
import type { TakenOver } from "./take-over.ts";
import { checkDecided } from "../records-to-decide.ts";
import { judgeUnfinished, type Choice } from "./unfinished.ts";

/** What is asked for. */
export interface Asked {
  readonly journal: Journal;
  readonly owner: Owner;
  /** The new run, if it comes to that. */
  readonly wanted: RunRecord;
  /** The new run's input. */
  readonly input: unknown;
  readonly asked: Choice | undefined;
  /** This very run, and no other. */
  readonly runId?: string | undefined;
  /** A finished run that is to be done again. */
  readonly retryOf?: RunRecord["retryOf"];
  /** The steps that a human decided about, as people name them. */
  readonly decided: readonly string[];
  readonly clock: Clock;
  /** Is told what a run that is given up leaves behind. */
  readonly log: Logger;
}

/** A run under a hold, and what becomes of it. */
export interface Claimed<Input> {
  readonly claim: Claim;
  readonly choice: Choice;
  /** The run's own input, checked. */
  readonly input: Input;
  /** Whether it had ended, and is rolled back once more. */
  readonly hasEnded: boolean;
  /** What it took over from the run that it does again. */
  readonly retried?: TakenOver & { readonly of: string };
}

/** Rejects as `execute` does; then nothing is held, and no new run is left behind to be taken up. */
export async function claimRun<Input>(
  automation: Automation<Input>,
  asked: Asked,
): Promise<Claimed<Input>> {
  const { journal, owner, wanted } = asked;
  await checkRequest(automation, asked);
  const claim = await claimNew(journal, wanted, owner);
  try {
    const choice = choose(automation, claim, asked);
    if (choice !== "fresh" || claim.isNew) {
      await checkDecided(journal, claim, asked.decided);
      const input = await checkedRecordedInput(automation, claim);
      return { claim, choice, input, hasEnded: false };
    }
  } catch (error) {
    if (claim.isNew) await abandon(claim, asked);
    else await journal.release(claim.hold);
    throw error;
  }
  await abandon(claim, asked);
  return claimRun(automation, { ...asked, asked: undefined });
}

/** Claims; a name is given once. */
async function claimNew(journal: Journal, wanted: RunRecord, owner: Owner): Promise<Claim> {
  try {
    return await journal.claim(wanted, owner);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    const run = await journal.findRun(wanted.id);
    if (run === undefined) throw error;
    throw new RunExistsError(run.id, run.status);
  }
}

/** What can be refused before anything is claimed. */
async function checkRequest(
  automation: Automation<never>,
  { journal, input, asked, decided }: Asked,
): Promise<void> {
  const isAboutOld = asked === "resume" || asked === "rollback";
  if (isAboutOld || decided.length > 0) {
    const isThere = await hasUnfinished(journal, automation);
    if (!isThere && asked === "rollback") throw nothingToRollBack(automation);
    if (decided.length > 0 && (!isThere || asked === "fresh")) throw nothingToDecide(automation);
    // It goes on with its own input, whatever is given now.
    if (isThere && isAboutOld) return;
  }
  await checkedInput(automation, input);
}

/** @throws {UnfinishedRunError} When a human has to say what becomes of the run that was found. */
export function choose(
  automation: Automation<never>,
  { run, isNew }: Claim,
  { wanted, asked, clock }: Asked,
): Choice {
  if (isNew) {
    // Another process ended the run between the look and the claim.
    if (asked === "rollback") throw nothingToRollBack(automation);
    return "fresh";
  }
  const { name, settled } = automation;
  const verdict = judgeUnfinished({
    run,
    wanted,
    nowMs: clock.now(),
    resumeWithinMs: settled.resumeWithin,
    maxResumes: settled.maxResumes,
    choice: asked,
  });
  if ("go" in verdict) return verdict.go;
  throw new UnfinishedRunError(
    run.id,
    `Run ${run.id} of "${name}" was cut off, and ${verdict.ask.join(", and ")}; choose: resume it, start fresh and leave its effects as they are, or roll it back`,
  );
}

async function hasUnfinished(journal: Journal, { name }: Automation<never>): Promise<boolean> {
  const found = await journal.findRuns({ lock: name, limit: 1 });
  return found.length > 0;
}

function nothingToRollBack({ name }: Automation<never>): InputError {
  return new InputError(`There is no unfinished run of "${name}" that could be rolled back`);
}

function nothingToDecide({ name }: Automation<never>): InputError {
  return new InputError(
    `There is no run of "${name}" to go on with, so nothing can be decided about its steps; leave the decisions out`,
  );
}

/** The input that a run was begun with, as the automation reads it. */
export function checkedRecordedInput<Input>(
  automation: Automation<Input>,
  { run }: Claim,
): Promise<Input> {
  return checkedInput(automation, decodeValue(run.input));
}

/** What `run.input` is. @throws {InputError} When the input does not fit. */
export async function checkedInput<Input>(
  automation: Automation<Input>,
  input: unknown,
): Promise<Input> {
  const { name } = automation;
  const schema = automation.settled.input as StandardSchema<Input> | undefined;
  if (schema !== undefined) {
    const result = await schema["~standard"].validate(input);
    if (result.issues === undefined) return result.value;
    throw new InputError(`The input does not fit "${name}": ${schemaProblems(result.issues)}`);
  }
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Input;
  throw new InputError(
    `The input does not fit "${name}": expected an object, received ${show(input)}`,
  );
}

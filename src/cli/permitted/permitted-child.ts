/**
 * The process of an automation that has permissions: started under Node's permission model, and inside
 * bubblewrap where that can be had. Its journal is kept by the process that started it.
 */

import { execute } from "../../automation/execute.ts";
import { StoppedBySignal } from "../../automation/cancel/cancellation.ts";
import type { Automation } from "../../automation/automation.ts";
import type { Rule } from "../../classify/classify.ts";
import { findKernelDenial, type Kept } from "../../process/kernel-denial.ts";
import { denialOf, noteDenial } from "../../core/denial.ts";
import { EXIT } from "../../core/exit-codes.ts";
import { packError, unpackError } from "../../core/packed-error.ts";
import { remoteJournal, type JournalAnswer, type JournalCall } from "../../journal/remote.ts";
import { loadAutomation } from "../load-automation.ts";
import {
  packResult,
  type FromPermitted,
  type PermittedJob,
  type ToPermitted,
} from "./permitted-messages.ts";

// Kept apart from what the automation may put in their place.
const send = process.send?.bind(process);
const exit = process.exit.bind(process);

/** Resolves when it is on its way. */
function say(message: FromPermitted): Promise<void> {
  return new Promise((resolve) => {
    if (send === undefined) resolve();
    else send(message, () => resolve());
  });
}

// Who is nobody's child any more has nothing to do: nobody keeps the journal.
process.once("disconnect", () => exit(EXIT.failed));
process.once("message", (job: PermittedJob) => void serve(job));

async function serve(job: PermittedJob): Promise<void> {
  process.on("uncaughtException", (error) => void end({ uncaught: packError(error) }));
  try {
    if (job.ask === "look") return await end({ facts: await factsOf(job.file) });
    await guardOrWatch(job);
    await end({ result: packResult(await run(job), packError) });
  } catch (error) {
    // What was refused while the file was loaded matters more than that it could not be loaded.
    const { cause } = error as { cause?: unknown };
    await end({ failed: packError(denialOf(cause) === undefined ? error : cause) });
  }
}

type RunJob = Extract<PermittedJob, { ask: "run" }>;

/** What the kernel refuses says only what went wrong, and not that it was not permitted. */
function knowingDenials(automation: Automation<never>, kept: Kept) {
  const rule: Rule = (error) => {
    const denial = findKernelDenial(error, kept);
    if (denial === undefined) return undefined;
    noteDenial(error, denial);
    return { class: "fatal", code: "PERMISSION_DENIED", effect: "unknown" };
  };
  const { settled } = automation;
  return { ...automation, settled: { ...settled, classify: [rule, ...settled.classify] } };
}

async function guardOrWatch(job: RunJob): Promise<void> {
  if (!job.learns) {
    const { setGuards } = await import("../../process/guards.ts");
    return setGuards(job);
  }
  const { watchUses } = await import("../../process/uses.ts");
  watchUses(job.heldBack, (use) => void say({ use }));
}

async function end(message: FromPermitted): Promise<void> {
  await say(message);
  exit();
}

async function factsOf(file: string) {
  const { automation, codeHash } = await loadAutomation(file, process.cwd());
  const { permissions, schedule } = automation.settled;
  return {
    name: automation.name,
    codeHash,
    permissions,
    schedule,
  };
}

async function run(job: RunJob) {
  const { file, options, renewEveryMs } = job;
  const controller = new AbortController();
  const answers = new Map<number, (answer: JournalAnswer) => void>();
  process.on("message", (message: ToPermitted) => {
    if ("abort" in message) controller.abort(reasonOf(message));
    else answers.get(message.id)?.(message.answer);
  });
  let lastId = 0;
  const ask = async (call: JournalCall): Promise<JournalAnswer> => {
    const id = ++lastId;
    const answered = new Promise<JournalAnswer>((resolve) => answers.set(id, resolve));
    await say({ id, call });
    const answer = await answered;
    answers.delete(id);
    return answer;
  };
  const loaded = await loadAutomation(file, process.cwd());
  const { automation } = loaded;
  return execute(job.kept === undefined ? automation : knowingDenials(automation, job.kept), {
    ...options,
    file: loaded.file,
    journal: remoteJournal(ask, renewEveryMs),
    sinks: [(event) => void say({ event })],
    signal: controller.signal,
  });
}

function reasonOf({ abort, signal }: Extract<ToPermitted, { abort: unknown }>): Error {
  return signal === undefined ? unpackError(abort) : new StoppedBySignal(signal);
}

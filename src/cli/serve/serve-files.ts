/** Reads the schedules of files, each in a process of its own: what is imported once stays as it was. */

import { resolve } from "node:path";
import type { Plan } from "../../automation/schedule/serving.ts";
import { readTimetable } from "../../automation/schedule/timetable.ts";
import { endsWithin } from "../../automation/schedule/end-run.ts";
import { AutomationFileError } from "../load-error.ts";
import type { World } from "../command.ts";
import { scheduleOf, type AutomationDocument } from "../schedule-document.ts";
import { startServed } from "./serve-child.ts";

/** A file that takes longer to be loaded hangs. */
const LOAD_MS = 60_000;

/** A file whose schedules could not be read. */
export class UnreadableFile extends Error {
  readonly exitCode: number;

  /** @param complaint What was said of it, in whole lines. */
  constructor(complaint: string, exitCode: number) {
    super(complaint);
    this.exitCode = exitCode;
  }
}

/** What a file says, and the plan made of it. */
export interface PlannedFile {
  readonly document: AutomationDocument;
  readonly plan: Plan;
}

/**
 * Rejects with `UnreadableFile` when the file cannot be loaded, and with `AutomationFileError` when it
 * has no schedule.
 */
export async function readPlan(file: string, world: World): Promise<PlannedFile> {
  const document = await askForSchedules(file, world);
  if (document.schedules.length === 0) {
    throw new AutomationFileError(
      file,
      `its automation "${document.automation}" has no schedule`,
      'Give it one: automation("name", { schedule: { cron: "0 3 * * *" } }, …).',
    );
  }
  const schedules = await Promise.all(
    document.schedules.map(scheduleOf).map(async (schedule) => ({
      schedule,
      timetable: await readTimetable(schedule, world.clock.now()),
    })),
  );
  return { document, plan: { automation: document.automation, file: document.file, schedules } };
}

/** @throws {AutomationFileError} When two of them hold automations of one name. */
export function checkNames(planned: readonly PlannedFile[]): void {
  const files = new Map<string, string>();
  for (const { plan } of planned) {
    const other = files.get(plan.automation);
    if (other !== undefined) {
      throw new AutomationFileError(
        plan.file,
        `its automation is named "${plan.automation}", as that of ${other}`,
        "Give each automation a name of its own, and each file once.",
      );
    }
    files.set(plan.automation, plan.file);
  }
}

async function askForSchedules(file: string, world: World): Promise<AutomationDocument> {
  const said: string[] = [];
  const child = startServed({ ask: "schedules", file: resolve(world.cwd, file) }, world, {
    stdout: () => undefined,
    stderr: (line) => void said.push(line),
  });
  if (!(await endsWithin(child, LOAD_MS, world.clock))) {
    child.signal("SIGKILL");
    said.push(`holdfast: ${file}: it was not loaded within ${LOAD_MS / 1_000} s`);
  }
  const exitCode = await child.ended;
  const [document] = exitCode === 0 ? readDocuments(await child.answer) : [];
  if (document === undefined) throw new UnreadableFile(`${said.join("\n")}\n`, exitCode);
  return document;
}

function readDocuments(answer: string): readonly AutomationDocument[] {
  return (JSON.parse(answer) as { automations: readonly AutomationDocument[] }).automations;
}

/** `holdfast schedule`: tells when automations run, and how their schedules stand. */

import { resolve } from "node:path";
import {
  readScheduleState,
  scheduleKey,
  type ScheduleState,
} from "../automation/schedule/schedule-state.ts";
import { momentOf } from "../automation/schedule/due-ticks.ts";
import { readTimetable, type Timetable } from "../automation/schedule/timetable.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { Journal, RunRecord } from "../core/journal.ts";
import type { Arguments, Command, World } from "./command.ts";
import { loadToRun } from "./load-to-run.ts";
import { printable } from "./printable.ts";
import {
  documentOf,
  scheduleOf,
  type AutomationDocument,
  type ScheduleDocument,
} from "./schedule-document.ts";
import { readRunNow, statusOf } from "./run-state.ts";
import { readSigns, type FoundSign } from "./serve/server-sign.ts";
import { columns, formatMoment } from "./table.ts";

const SHOWN = 5;

/** See the header. */
export const schedule: Command = {
  name: "schedule",
  usage: "[FILE...] [--json]",
  details: `
Lists the schedules of the FILEs; without any, those that are being served now. Ends with 1
when nothing is served, so that it can tell whether a server is alive. Times are local.`,
  positionals: { min: 0, max: 1_000 },
  flags: { json: { type: "boolean", summary: "Print them as JSON" } },
  examples: [
    { line: "holdfast schedule", does: "What the running servers serve" },
    { line: "holdfast schedule nightly.ts --json", does: "When a file would run, for a program" },
  ],

  async run(args, world) {
    const journal = await world.openJournal();
    try {
      const servers = await readSigns(journal, world.clock.now());
      const documents = await documentsOf(args.positionals, servers, { args, world });
      const listed = await Promise.all(documents.map((each) => standingOf(each, journal, world)));
      if (args.has("json")) {
        const document = { schema: 1, automations: listed, servers: servers.map(serverAsJson) };
        world.print(`${JSON.stringify(document, undefined, 2)}\n`);
      } else if (listed.length > 0) world.print(`${printable(textOf(listed, servers))}\n`);
      if (listed.length > 0) return EXIT.ok;
      world.complain("Nothing is being served; holdfast serve FILE... does that.\n");
      return EXIT.failed;
    } finally {
      await journal.close();
    }
  },
};

/** Of several servers that serve the same automation, the newest is asked. */
async function documentsOf(
  files: readonly string[],
  servers: readonly FoundSign[],
  { args, world }: { readonly args: Arguments; readonly world: World },
): Promise<readonly AutomationDocument[]> {
  if (files.length > 0) {
    const documents: AutomationDocument[] = [];
    for (const name of files) {
      // What it does while it is loaded is kept to its permissions here, too.
      const { automation } = await loadToRun(name, args, world);
      documents.push(documentOf(automation, resolve(world.cwd, name)));
    }
    return documents;
  }
  const served = servers
    .filter(({ isAlive }) => isAlive)
    .toSorted((one, other) => one.sinceMs - other.sinceMs)
    .flatMap(({ automations }) => automations);
  return [...new Map(served.map((each) => [each.automation, each])).values()];
}

interface ScheduleStanding extends ScheduleDocument {
  /** When its next runs begin, by the state that it has. */
  readonly nextAtMs: readonly number[];
  /** The newest tick that was dealt with, and how many were missed since it was first served. */
  readonly handledMs: number | null;
  readonly missed: number;
}

interface Standing extends Omit<AutomationDocument, "schedules"> {
  readonly schedules: readonly ScheduleStanding[];
  readonly lastRun: LastRun | null;
}

interface LastRun extends Pick<RunRecord, "id" | "startedAtMs" | "exitCode" | "scheduledForMs"> {
  readonly status: string;
}

async function standingOf(
  document: AutomationDocument,
  journal: Journal,
  { clock }: World,
): Promise<Standing> {
  const { automation } = document;
  const [run] = await journal.findRuns({ automation, limit: 1 });
  const schedules = await Promise.all(
    document.schedules.map(async (each) => {
      const key = scheduleKey(automation, each.name);
      const found = await journal.readState(key);
      const state = found === undefined ? undefined : readScheduleState(key, found.value);
      const timetable = await readTimetable(scheduleOf(each), clock.now());
      return {
        ...each,
        nextAtMs: nextMoments(timetable, each, { state, nowMs: clock.now() }),
        handledMs: state?.handledMs ?? null,
        missed: state?.missed ?? 0,
      };
    }),
  );
  return {
    ...document,
    schedules,
    lastRun: run === undefined ? null : await lastRunOf(run, journal),
  };
}

async function lastRunOf(run: RunRecord, journal: Journal): Promise<LastRun> {
  const { id, startedAtMs, exitCode, scheduledForMs } = run;
  return {
    id,
    startedAtMs,
    exitCode,
    scheduledForMs,
    status: statusOf(await readRunNow(run, journal)),
  };
}

function nextMoments(
  timetable: Timetable,
  { jitterMs }: ScheduleDocument,
  { state, nowMs }: { readonly state: ScheduleState | undefined; readonly nowMs: number },
): number[] {
  const moments: number[] = [];
  // The tick whose jitter is not over yet is still to come.
  let tickMs = timetable.next(state?.handledMs ?? nowMs);
  while (moments.length < SHOWN && tickMs < Infinity) {
    const atMs = momentOf(tickMs, jitterMs, state?.seed ?? "");
    if (atMs >= nowMs) moments.push(atMs);
    tickMs = timetable.next(tickMs < nowMs - jitterMs ? nowMs - jitterMs : tickMs);
  }
  return moments;
}

function serverAsJson({ owner, version, sinceMs, seenAtMs, isAlive }: FoundSign): object {
  return { host: owner.host, pid: owner.pid, version, sinceMs, seenAtMs, isAlive };
}

const HEADINGS = ["AUTOMATION", "SCHEDULE", "ZONE", "NEXT", "LAST RUN", "STARTED", "MISSED"];

function textOf(listed: readonly Standing[], servers: readonly FoundSign[]): string {
  const rows = listed.flatMap(({ automation, schedules, lastRun }) =>
    schedules.map(({ name, timezone, nextAtMs: [next], missed }) => [
      automation,
      name,
      timezone,
      next === undefined ? "-" : formatMoment(next),
      lastRun?.status ?? "-",
      lastRun === null ? "-" : formatMoment(lastRun.startedAtMs),
      String(missed),
    ]),
  );
  const lines = servers.map(({ owner: { host, pid }, version, sinceMs, isAlive }) =>
    isAlive
      ? `Served by process ${pid} on ${host} since ${formatMoment(sinceMs)}, version ${version}`
      : `Process ${pid} on ${host} served, and gives no sign of life`,
  );
  return [columns([HEADINGS, ...rows]), "", ...next5(listed), ...lines].join("\n");
}

function next5(listed: readonly Standing[]): string[] {
  return [
    ...listed.flatMap(({ automation, schedules }) =>
      schedules.map(
        ({ name, nextAtMs }) => `${automation}, ${name}: ${nextAtMs.map(formatMoment).join(", ")}`,
      ),
    ),
    "",
  ];
}

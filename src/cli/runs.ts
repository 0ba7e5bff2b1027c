/** `holdfast runs`: lists what ran. */

import { formatMs } from "../core/duration.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { RunRecord, RunStatus } from "../core/journal.ts";
import { UsageError, type Command } from "./command.ts";
import { printable } from "./printable.ts";
import { holderAsJson, lengthMs, readRunNow, statusOf, type RunNow } from "./run-state.ts";
import { columns, formatMoment } from "./table.ts";
import { readWaits, type Awaited } from "./show/waits.ts";

const STATUSES: Readonly<Record<string, RunStatus>> = {
  running: "running",
  interrupted: "interrupted",
  "in-doubt": "in doubt",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
  abandoned: "abandoned",
};

/** See the header. */
export const runs: Command = {
  name: "runs",
  usage: "[--automation NAME] [--status STATUS] [--limit N] [--ids|--json]",
  positionals: { min: 0, max: 0, words: [] },
  flags: {
    automation: { type: "string", value: "NAME", summary: "Only runs of this automation" },
    status: {
      type: "string",
      value: "STATUS",
      summary: `Only runs in this state: ${Object.keys(STATUSES).join(", ")}`,
      choices: Object.keys(STATUSES),
    },
    limit: { type: "string", value: "N", summary: "How many at most; default 20" },
    ids: { type: "boolean", summary: "Print only their names, one on a line" },
    json: { type: "boolean", summary: "Print them as JSON" },
  },
  examples: [
    { line: "holdfast runs", does: "The newest twenty" },
    { line: "holdfast runs --status failed --json", does: "The failed ones, for a program" },
  ],

  async run(args, world) {
    const limit = readLimit(args.text("limit"));
    const status = STATUSES[args.text("status") ?? ""];
    const journal = await world.openJournal();
    try {
      const found = await journal.findRuns({ automation: args.text("automation"), status, limit });
      if (args.has("ids")) {
        for (const { id } of found) world.print(`${id}\n`);
        return EXIT.ok;
      }
      const now = await Promise.all(
        found.map(async (each) => ({
          ...(await readRunNow(each, journal)),
          waits: await readWaits(journal, each),
        })),
      );
      if (args.has("json")) {
        world.print(`${JSON.stringify({ schema: 1, runs: now.map(asJson) }, undefined, 2)}\n`);
      } else if (found.length === 0) {
        const isFiltered = args.text("automation") !== undefined || status !== undefined;
        world.complain(
          isFiltered ? "No runs fit.\n" : "No runs yet; holdfast run FILE makes the first.\n",
        );
      } else {
        const rows = now.map((each) => rowOf(each, world.clock.now()));
        world.print(`${fitted(rows, world.columns)}\n`);
      }
      return EXIT.ok;
    } finally {
      await journal.close();
    }
  },
};

/** A terminal that is too narrow for whole names of runs gets their ends, which `show` takes too. */
function fitted(rows: readonly (readonly string[])[], terminal: number): string {
  const table = printable(columns([HEADINGS, ...rows]));
  const width = Math.max(...table.split("\n").map((line) => line.length));
  if (width <= terminal) return table;
  const short = rows.map(([id = "", ...rest]) => [id.slice(-8), ...rest]);
  return printable(columns([HEADINGS, ...short]));
}

const HEADINGS = ["RUN", "AUTOMATION", "STATUS", "EXIT", "TASKS", "STARTED", "TOOK"];

/** A run, and what it waits for. */
type Listed = RunNow & { readonly waits: readonly Awaited[] };

function rowOf(now: Listed, nowMs: number): string[] {
  const { id, automation, exitCode, tasks, startedAtMs } = now.run;
  const tookMs = lengthMs(now, nowMs);
  return [
    id,
    automation,
    `${stateOf(now)}${originOf(now.run)}`,
    exitCode === undefined ? "-" : String(exitCode),
    tasks === undefined ? "-" : `${tasks.succeeded}/${tasks.total}`,
    formatMoment(startedAtMs),
    tookMs === undefined ? "-" : formatMs(tookMs),
  ];
}

/** A run that somebody has to answer says so, where there is a process that waits for it. */
function stateOf(now: Listed): string {
  const [first] = now.waits;
  const isWaiting = first !== undefined && now.holder !== undefined;
  return isWaiting ? `waits for ${first.waitsFor}` : statusOf(now);
}

/** Why there is such a run, where nobody simply started it. */
function originOf({ parentId, retryOf, scheduledForMs }: RunRecord): string {
  if (retryOf !== undefined) return ", a retry";
  if (parentId !== undefined) return ", a child";
  return scheduledForMs === undefined ? "" : ", scheduled";
}

/** A run for programs, its input left out: it may be large, and `show` has it. */
function asJson(now: Listed): object {
  const { input, ...rest } = now.run;
  void input;
  return { ...rest, ...holderAsJson(now), waits: now.waits };
}

function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= 10_000) return limit;
  throw new UsageError(
    `--limit: expected a whole number from 1 to 10000, received ${JSON.stringify(text)}`,
  );
}

/** What came of a campaign, as it is kept in its state file and shown. Pure. */

import { labelOf } from "../windows.ts";
import type { DiskEvidence, Verdict } from "./play.ts";
import type { Problem } from "./ledger.ts";

/** See the header. */
export interface Counts {
  /** Each is a run of a world of its own that was killed, and gone on with. */
  readonly kills: number;
  /** Processes that were killed, those that went on included. */
  readonly deaths: number;
  readonly starts: number;
  readonly fromOutside: number;
  readonly throughCommandLine: number;
  /** How many problems of each kind there were. */
  readonly problems: Readonly<Record<Problem["what"], number>>;
  /** The numbers of the kills with problems, at most a hundred of them. */
  readonly withProblems: readonly number[];
  /** On full disks. */
  readonly disk?: DiskCounts;
  /** By scenario. */
  readonly scenarios: Readonly<Record<string, Played>>;
}

/** What full disks brought about. */
export interface DiskCounts {
  readonly refusals: number;
  readonly released: number;
  readonly made: number;
  /** How many processes died at each kind of window. */
  readonly diedAt: Readonly<Record<string, number>>;
}

/** What came of one scenario. */
export interface Played {
  readonly kills: number;
  readonly well: number;
  /** How often each window was hit. */
  readonly windows: Readonly<Record<string, number>>;
}

const MOST_NUMBERS = 100;

export const NO_COUNTS: Counts = {
  kills: 0,
  deaths: 0,
  starts: 0,
  fromOutside: 0,
  throughCommandLine: 0,
  problems: { "lost result": 0, "run again": 0, orphan: 0, leftover: 0, "wrong end": 0 },
  withProblems: [],
  scenarios: {},
};

/** The counts with one verdict more. */
export function counted(counts: Counts, verdict: Verdict): Counts {
  const { kill, deaths, starts, problems } = verdict;
  const { name } = kill.aim.scenario;
  const isWell = problems.length === 0;
  const before = counts.scenarios[name] ?? { kills: 0, well: 0, windows: {} };
  return {
    kills: counts.kills + 1,
    deaths: counts.deaths + deaths,
    starts: counts.starts + starts,
    fromOutside: counts.fromOutside + ("share" in kill.aim ? 1 : 0),
    throughCommandLine: counts.throughCommandLine + (kill.isCommandLine ? 1 : 0),
    problems: problems.reduce(
      (sums, { what }) => ({ ...sums, [what]: sums[what] + 1 }),
      counts.problems,
    ),
    withProblems: [...counts.withProblems, ...(isWell ? [] : [kill.number])].slice(0, MOST_NUMBERS),
    ...(verdict.disk && { disk: onDisks(counts.disk, verdict.disk) }),
    scenarios: { ...counts.scenarios, [name]: played(before, verdict) },
  };
}

const NO_DISKS: DiskCounts = { refusals: 0, released: 0, made: 0, diedAt: {} };

function onDisks(before: DiskCounts = NO_DISKS, disk: DiskEvidence): DiskCounts {
  const diedAt = { ...before.diedAt };
  for (const kind of disk.diedAt) diedAt[kind] = (diedAt[kind] ?? 0) + 1;
  return {
    refusals: before.refusals + disk.refusals,
    released: before.released + disk.released,
    made: before.made + disk.made,
    diedAt,
  };
}

function played(before: Played, { kill: { aim }, problems }: Verdict): Played {
  const label = "window" in aim ? labelOf(aim.window) : undefined;
  return {
    kills: before.kills + 1,
    well: before.well + (problems.length === 0 ? 1 : 0),
    windows:
      label === undefined
        ? before.windows
        : { ...before.windows, [label]: (before.windows[label] ?? 0) + 1 },
  };
}

/** The counts as Markdown: a row for each scenario. */
export function tableOf({ scenarios }: Counts): string {
  const rows = Object.entries(scenarios).map(([name, { kills, well, windows }]) => {
    const hits = Object.values(windows);
    const fewest = hits.length === 0 ? 0 : Math.min(...hits);
    return `| ${name} | ${kills} | ${hits.length} | ${fewest} | ${well} |`;
  });
  return [
    "| automation | kills | windows hit | fewest hits of one | ended as promised |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** A campaign in tables. */

import type { Report } from "./campaign.ts";
import type { Verdict } from "./kill.ts";
import { isGraceful, shorten } from "./plan.ts";
import { kindOf, labelOf } from "./windows.ts";

/** How often a window was hit. */
export interface Hits {
  readonly scenario: string;
  readonly subject: string;
  readonly kind: string;
  readonly hits: number;
  /** How many of them ended well. */
  readonly well: number;
}

/** Every window, in the order in which a run passes them. */
export function countHits({ windows, verdicts }: Report): Hits[] {
  return windows.map(({ scenario, window }) => {
    const label = labelOf(window);
    const hits = verdicts.filter(
      ({ kill: { aim } }) =>
        aim.scenario === scenario && "window" in aim && labelOf(aim.window) === label,
    );
    return {
      scenario: scenario.name,
      subject: shorten(window.subject),
      kind: kindOf(window),
      hits: hits.length,
      well: hits.filter(isWell).length,
    };
  });
}

/** Verdicts by how they ended, kills from outside, graceful stops among them, and the fewest hits of a window. */
export function sumUp(report: Report) {
  const { verdicts } = report;
  const outcomes = Map.groupBy(verdicts, (verdict) =>
    isWell(verdict) ? verdict.kill.aim.scenario.outcome : "with problems",
  );
  return {
    kills: verdicts.length,
    windows: report.windows.length,
    fewestHits: Math.min(...countHits(report).map(({ hits }) => hits)),
    fromOutside: verdicts.filter(({ kill: { aim } }) => "share" in aim).length,
    stopped: verdicts.filter(({ kill: { aim } }) => isGraceful(aim)).length,
    takenUpAgain: verdicts.filter(({ wasUnfinished }) => wasUnfinished).length,
    problems: verdicts.filter((verdict) => !isWell(verdict)).length,
    outcomes: Object.fromEntries([...outcomes].map(([name, all]) => [name, all.length])),
  };
}

/** The counts as Markdown: a row for each step of each scenario. */
export function tableOf(report: Report): string {
  const rows = Map.groupBy(
    countHits(report),
    ({ scenario, subject }) => `${scenario} | ${subject}`,
  );
  const lines = [...rows].map(([name, hits]) => {
    const kinds = hits.map(({ kind, hits: count }) => `${kind} ${count}`).join(", ");
    const total = hits.reduce((sum, { hits: count }) => sum + count, 0);
    const well = hits.reduce((sum, { well: count }) => sum + count, 0);
    return `| ${name} | ${kinds} | ${well} of ${total} |`;
  });
  return ["| run | step | kills | ended well |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

function isWell({ problems }: Verdict): boolean {
  return problems.length === 0;
}

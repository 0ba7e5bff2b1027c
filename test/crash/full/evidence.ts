/** What the processes of one kill told of themselves and of their disk. */

import { existsSync, readFileSync } from "node:fs";
import type { DiskEvidence } from "../many/play.ts";
import { kindOf, labelOf, type Window } from "../windows.ts";

/** A process, and the file in which it told of the windows that it passed. */
export interface Heard {
  readonly list: string;
  isKilled: boolean;
}

/** @param isFromOutside Whether the first one was killed at no window. */
export function evidenceOf(heard: readonly Heard[], isFromOutside: boolean): DiskEvidence {
  const stories = heard.map(({ list }) => windowsIn(list));
  const labels = stories.flat().map(labelOf);
  const countOf = (label: string) => labels.filter((each) => each === label).length;
  const diedAt = heard.flatMap(({ isKilled }, index) => {
    const last = stories[index]?.at(-1);
    if (!isKilled || last === undefined || (index === 0 && isFromOutside)) return [];
    return [kindOf(last)];
  });
  return {
    diedAt,
    refusals: countOf("disk: after the refusal"),
    released: countOf("disk: after the ballast's removal"),
    made: countOf("disk: after the ballast's place"),
  };
}

function windowsIn(list: string): Window[] {
  if (!existsSync(list)) return [];
  const lines = readFileSync(list, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Window);
}

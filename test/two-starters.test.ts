/**
 * Two starts at the same moment: one runs. Real processes, because SQLite's locks mean nothing within
 * one. The whole of it, a thousand times, is `test/crash/two-starters.ts`.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { raceCommandLines } from "./crash/starters/command-lines.ts";
import { contest } from "./crash/starters/contest.ts";

const MANY_RUNS_MS = 200_000;

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-starters-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test(
  "of two processes one runs what both start, new or to be taken up",
  { timeout: MANY_RUNS_MS },
  async () => {
    const directory = temporaryDirectory();

    const { races, won, problems } = await contest({ directory, races: 34 });

    expect({ races, sum: won[0] + won[1], problems }).toEqual({ races: 34, sum: 34, problems: [] });
  },
);

test(
  "of two command lines one runs, and the other exits with 69",
  { timeout: MANY_RUNS_MS },
  async () => {
    const directory = temporaryDirectory();
    const problems: string[] = [];

    for (let race = 1; race <= 6; race++) {
      problems.push(...(await raceCommandLines(join(directory, String(race)))));
    }

    expect(problems).toEqual([]);
  },
);

/** The script of the long campaign, in a process of its own: it is stopped, goes on, and says how it ended. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import type { Progress } from "./crash/many/campaign.ts";
import { NO_COUNTS } from "./crash/many/counts.ts";

const SCRIPT = join(import.meta.dirname, "crash/many-kills.ts");

/** Each start rehearses all scenarios before it kills, on a machine that may be busy with all other tests. */
const MANY_RUNS_MS = 400_000;

function place() {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-many-kills-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const state = join(directory, "state.json");
  return {
    directory,
    state,
    progress: () => JSON.parse(readFileSync(state, "utf8")) as Progress,
    start: (...words: string[]) =>
      spawn(process.execPath, [SCRIPT, "--directory", directory, ...words], {
        env: { PATH: process.env["PATH"] },
        stdio: ["ignore", "pipe", "pipe"],
      }),
  };
}

async function ended(child: ReturnType<ReturnType<typeof place>["start"]>) {
  const [[exitCode], output, complaints] = await Promise.all([
    once(child, "close") as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { exitCode, output, complaints };
}

test(
  "stopped by Ctrl-C it says so, and the same command goes on",
  { timeout: MANY_RUNS_MS },
  async () => {
    const { directory, state, progress, start } = place();
    const stopped = start("--kills", "10000", "--state", state);
    const ending = ended(stopped);
    stopped.stdout.once("data", () => stopped.kill("SIGINT"));

    const first = await ending;
    // It was stopped before the first one, or had counted some.
    const counted = existsSync(state) ? progress().next - 1 : 0;
    const upTo = counted + 2;
    const second = await ended(start("--kills", String(upTo), "--state", state));
    const only = await ended(start("--only", "2", "--state", state));

    const { next, counts } = progress();
    const left = readdirSync(directory);
    // Also what was found before it was stopped counts for its end.
    const found = { ...progress(), counts: { ...counts, withProblems: [1] } };
    writeFileSync(state, JSON.stringify(found));
    const third = await ended(start("--kills", String(upTo), "--state", state));
    expect({
      first: [first.exitCode, first.output.trim().split("\n").at(-1)],
      second: [second.exitCode, second.output.split("\n")[0]],
      only: [only.exitCode, only.output.includes('"kills":1,')],
      counted: [next, counts.kills, counts.withProblems],
      third: third.exitCode,
      left,
    }).toEqual({
      first: [130, `Stopped before kill ${counted + 1}; the same command goes on`],
      second: [0, `Seed 1: ${progress().windows} windows, kills ${counted + 1} to ${upTo}`],
      only: [0, true],
      counted: [upTo + 1, upTo, []],
      third: 1,
      left: ["state.json"],
    });
  },
);

const DONE: Progress = { seed: "1", windows: 7, next: 11, counts: { ...NO_COUNTS, kills: 10 } };

test.for<[what: string, state: Progress, exitCode: number, says: string]>([
  ["another seed is another campaign", { ...DONE, seed: "2" }, 1, "has the seed 2, not 1"],
  ["other windows are another campaign", DONE, 1, "had other windows"],
])("%s", { timeout: MANY_RUNS_MS }, async ([, progress, exitCode, says]) => {
  const { state, start } = place();
  writeFileSync(state, JSON.stringify(progress));

  const { output, complaints, ...end } = await ended(start("--kills", "10", "--state", state));

  expect([end.exitCode, `${output}${complaints}`]).toEqual([
    exitCode,
    expect.stringContaining(says),
  ]);
});

test("a number that is none is refused", async () => {
  const { start } = place();

  const { exitCode, complaints } = await ended(start("--kills", "0"));

  expect([exitCode, complaints]).toEqual([1, expect.stringContaining("whole number from 1")]);
});

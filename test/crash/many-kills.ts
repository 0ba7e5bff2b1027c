/**
 * Kills runs of several automations with -9, thousands of times, goes on with each, and asks the
 * outside world what came of it. docs/crash-test.md tells what is counted.
 *
 *     node test/crash/many-kills.ts --seed 1 --kills 10000 --state kills.json
 */

import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { mountDisk, unmountDisk } from "./full/disk.ts";
import { playOnFullDisk } from "./full/play.ts";
import { advanced, manyKills, type Progress } from "./many/campaign.ts";
import { NO_COUNTS, tableOf } from "./many/counts.ts";
import type { Verdict } from "./many/play.ts";
import { describeAim } from "./plan.ts";

const HELP = `Usage: node test/crash/many-kills.ts [options]

Options
  --seed SEED        another seed kills in another order; default 1
  --kills N          how many kills; default 1000
  --state FILE       keep the counts so far in FILE, as JSON, and go on from there
  --only N           repeat only kill N
  --full-disk        each journal on a small disk of its own, which becomes full; takes root, or
                     "unshare -Urm node test/crash/many-kills.ts --full-disk"
  --directory DIR    where the worlds are made; default: in the directory for temporary files
  --concurrency N    how many at a time; default 4
  -h, --help         show this

Exit codes: 0 all was as promised; 1 something was not; 130 stopped before its end.
`;

/** How often it says how far it is, in kills. */
const TELL_EVERY = 100;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    kills: { type: "string", default: "1000" },
    state: { type: "string" },
    only: { type: "string" },
    directory: { type: "string", default: tmpdir() },
    "full-disk": { type: "boolean", default: false },
    concurrency: { type: "string", default: "4" },
    help: { type: "boolean", short: "h", default: false },
  },
});

enableCompileCache();
if (values.help) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { state, only, "full-disk": isFull } = values;
  // Another campaign: what is kept of the one does not go on with the other.
  const seed = isFull ? `${values.seed} on full disks` : values.seed;
  const startedAtMs = performance.now();
  const directory = mkdtempSync(join(values.directory, "holdfast-kills-"));
  if (isFull) tryDisk(join(directory, "disk"));
  const stop = new AbortController();
  process.once("SIGINT", () => {
    process.stdout.write("Stopping when what is under way has ended.\n");
    stop.abort();
  });
  const to = countOf(only ?? values.kills);
  const known = only === undefined ? readProgress(state, seed) : undefined;
  const first = only === undefined ? 1 : to;
  let progress: Progress = known ?? { seed, windows: 0, next: first, counts: NO_COUNTS };
  await manyKills({
    directory,
    seed,
    from: progress.next,
    to,
    concurrency: countOf(values.concurrency),
    signal: stop.signal,
    ...(isFull && { play: playOnFullDisk(seed) }),
    onStart({ length: windows }) {
      if (known !== undefined && known.windows !== windows) {
        throw new Error(`The campaign of ${state} had other windows: begin another one`);
      }
      progress = { ...progress, windows };
      process.stdout.write(`Seed ${seed}: ${windows} windows, kills ${progress.next} to ${to}\n`);
    },
    onVerdict(verdict) {
      progress = advanced(progress, verdict);
      if (only === undefined) keep(progress, state);
      tell(verdict);
    },
  });
  const { withProblems } = progress.counts;
  if (withProblems.length === 0) rmSync(directory, { recursive: true });
  const minutes = Number(((performance.now() - startedAtMs) / 60_000).toFixed(1));
  process.stdout.write(`\n${tableOf(progress.counts)}\n\n${summaryOf(progress, minutes)}\n`);
  if (progress.next <= to) {
    const how = state === undefined ? "nothing was kept: give --state" : `the same command goes on`;
    process.stdout.write(`Stopped before kill ${progress.next}; ${how}\n`);
    return 130;
  }
  return withProblems.length === 0 ? 0 : 1;
}

/** Before anything is done: without disks all of it would be in vain. */
function tryDisk(place: string): void {
  mountDisk(place);
  unmountDisk(place);
  rmSync(place, { recursive: true });
}

function summaryOf({ seed, windows, counts }: Progress, minutes: number): string {
  const { scenarios: _, ...sums } = counts;
  return JSON.stringify({ seed, windows, ...sums, minutes });
}

function tell({ kill, problems, kept }: Verdict): void {
  const { number, aim } = kill;
  if (problems.length === 0) {
    if (number % TELL_EVERY === 0) process.stdout.write(`✓ up to kill ${number}\n`);
    return;
  }
  process.stdout.write(`✗ kill ${number}: ${describeAim(aim)}
${problems.map(({ what, text }) => `    ${what}: ${text}\n`).join("")}    its world is kept in ${kept}
    again: node test/crash/many-kills.ts${values["full-disk"] ? " --full-disk" : ""} --seed ${values.seed} --only ${number}
`);
}

function readProgress(file: string | undefined, seed: string): Progress | undefined {
  if (file === undefined || !existsSync(file)) return undefined;
  const progress = JSON.parse(readFileSync(file, "utf8")) as Progress;
  if (progress.seed === seed) return progress;
  throw new Error(`The campaign of ${file} has the seed ${progress.seed}, not ${seed}`);
}

/** Replaced at once, so that who ends it with -9 finds the former state or the new one. */
function keep(progress: Progress, file: string | undefined): void {
  if (file === undefined) return;
  writeFileSync(`${file}.partial`, `${JSON.stringify(progress)}\n`);
  renameSync(`${file}.partial`, file);
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new Error(`Expected a whole number from 1, received ${JSON.stringify(text)}`);
}

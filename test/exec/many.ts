/**
 * Many uses of `holdfast exec` with random commands: exit codes, signals, output of up to a gigabyte,
 * binary, without a newline, closed and piped input, daemons, time limits. Each must end with the right
 * exit code, hand every byte on, and keep within its memory.
 *
 *   node test/exec/many.ts --runs 1000 [--seed many] [--most-bytes 1000000000] [--at-once 2] [--only N]
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededDice } from "../../src/core/dice.ts";
import { drawCase } from "./case.ts";
import { MOST_KIB, play } from "./play.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: "many" },
    "most-bytes": { type: "string", default: "1000000000" },
    "large-one-in": { type: "string", default: "60" },
    "at-once": { type: "string", default: "2" },
    only: { type: "string" },
  },
});

const root = mkdtempSync(join(tmpdir(), "holdfast-many-"));
const sizes = {
  mostBytes: Number(values["most-bytes"]),
  largeOneIn: Number(values["large-one-in"]),
};
const first = Number(values.only ?? 0);
const last = values.only === undefined ? Number(values.runs) : first + 1;
let [next, failed, done, peakKib, bytes] = [first, 0, 0, 0, 0];
const kinds = new Map<string, number>();
const count = (kind: string) => kinds.set(kind, (kinds.get(kind) ?? 0) + 1);

async function work(worker: number): Promise<void> {
  const directory = join(root, `${worker}`);
  const home = join(root, `home-${worker}`);
  mkdirSync(directory);
  for (let at = next++; at < last; at = next++) {
    const random = seededDice(`${values.seed}/${at}`);
    const one = drawCase(random, sizes, join(directory, "pid"));
    const played = await play(one, directory, home);
    done++;
    peakKib = Math.max(peakKib, played.peakKib);
    bytes += played.bytes;
    if (one.deed.staysFor !== undefined) count("time limit");
    else if (one.deed.signal !== undefined) count("signal");
    else count(one.deed.exitCode === 0 ? "exit 0" : "other exit code");
    if (one.deed.stdout.bytes > 4_000_000) count("large output");
    if (one.deed.leaves !== undefined) count("left somebody");
    count(`input ${one.input}`);
    count(one.reader);
    for (const flag of one.flags) if (flag.startsWith("--")) count(flag.split("=")[0] ?? flag);
    if (played.problems.length > 0) {
      failed++;
      console.log(`case ${at}: ${played.problems.join("; ")}\n  ${JSON.stringify(one)}`);
    }
    if (done % 50 === 0) console.log(`${done} runs, ${failed} failed`);
  }
}

try {
  await Promise.all(Array.from({ length: Number(values["at-once"]) }, (_, worker) => work(worker)));
} finally {
  rmSync(root, { recursive: true, force: true });
}
console.log(
  `${done} runs, ${failed} failed; ${(bytes / 1e9).toFixed(1)} GB passed through; most memory ${Math.round(peakKib / 1_024)} MiB of ${MOST_KIB / 1_024}`,
);
for (const [kind, times] of [...kinds].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`  ${kind}: ${times}`);
process.exitCode = failed === 0 ? 0 : 1;

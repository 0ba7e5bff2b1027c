/**
 * Kills the nightly backup with -9 at every moment that matters, starts it once more, and checks
 * what is left. docs/crash-test.md tells what is checked.
 *
 *     node test/crash/kill-runs.ts --seed 1
 */

import { parseArgs } from "node:util";
import { campaign } from "./campaign.ts";
import { sumUp, tableOf } from "./counts.ts";
import type { Verdict } from "./kill.ts";
import { describeAim } from "./plan.ts";

const HELP = `Usage: node test/crash/kill-runs.ts [options]

Options
  --seed SEED        another seed kills in another order, with other faults; default 1
  --kills N          how many kills; default: as many as give every window five
  --concurrency N    how many at a time; default 2
  --from N           begin with kill N: after Ctrl-C it says with which to go on
  --only N           repeat only kill N
  -h, --help         show this

Exit codes: 0 all was well; 1 something was not; 130 stopped before its end.
`;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    kills: { type: "string" },
    concurrency: { type: "string", default: "2" },
    from: { type: "string", default: "1" },
    only: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { seed, only } = values;
  const startedAtMs = performance.now();
  const stop = new AbortController();
  process.once("SIGINT", () => {
    process.stdout.write("Stopping when what is under way has ended.\n");
    stop.abort();
  });
  let total = 0;
  let count = 0;
  const report = await campaign({
    seed,
    kills: countOf(only ?? values.kills),
    from: countOf(only ?? values.from),
    concurrency: countOf(values.concurrency) ?? 2,
    signal: stop.signal,
    onStart({ windows, kills }) {
      total = kills;
      process.stdout.write(`Seed ${seed}: ${windows} windows, kills up to number ${kills}\n`);
    },
    onVerdict(verdict) {
      count += 1;
      tell(verdict, `${count} done, up to number ${total}`);
    },
  });
  const minutes = (performance.now() - startedAtMs) / 60_000;
  const sum = sumUp(report);
  process.stdout.write(`${only === undefined ? `\n${tableOf(report)}\n\n` : ""}`);
  process.stdout.write(
    `${JSON.stringify({ seed, ...sum, minutes: Number(minutes.toFixed(1)) })}\n`,
  );
  if (report.next <= total) {
    process.stdout.write(`Stopped; go on with --seed ${seed} --from ${report.next}\n`);
    return 130;
  }
  return sum.problems === 0 ? 0 : 1;
}

function tell({ kill, problems, kept }: Verdict, progress: string): void {
  const { number, seed, aim } = kill;
  if (problems.length === 0) {
    process.stdout.write(`✓ kill ${number} (${progress}): ${describeAim(aim)}\n`);
    return;
  }
  process.stdout.write(`✗ kill ${number} (${progress}): ${describeAim(aim)}
${problems.map((problem) => `    ${problem}\n`).join("")}    its world is kept in ${kept}
    again: node test/crash/kill-runs.ts --seed ${seed} --only ${number}
`);
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new Error(`Expected a whole number from 1, received ${JSON.stringify(text)}`);
}

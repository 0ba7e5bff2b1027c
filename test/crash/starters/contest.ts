/** Two processes that start the same automation at the same moment, again and again: one runs it. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What came of it. */
export interface Contest {
  readonly races: number;
  /** How often each of the two won: both do, when they really come at the same moment. */
  readonly won: readonly [number, number];
  readonly problems: readonly string[];
}

/** How it is led. */
export interface ContestOptions {
  readonly directory: string;
  /** How many races; in every second one there is a run to take up whose process was killed. */
  readonly races: number;
  /** No further race begins once it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** How soon after they are told both start, in milliseconds: both have heard it by then. */
const SOON_MS = 4;

const NAME = /^(executes|refused|ended) (\S+) ?(.*)$/;

/** Leads a contest of two processes that stay. */
export async function contest({ directory, races, signal }: ContestOptions): Promise<Contest> {
  const files = [join(directory, "holdfast.db"), join(directory, "ledger")] as const;
  const names = Array.from({ length: races }, (_, index) =>
    index % 2 === 0 ? `new-${index}` : `unfinished-${index}`,
  );
  await leaveUnfinished(files, names.filter(isUnfinished));
  const racers = await Promise.all([startRacer(files), startRacer(files)]);
  const won: [number, number] = [0, 0];
  const problems: string[] = [];
  let played = 0;
  for (const name of names) {
    if (signal?.aborted === true) break;
    const { winner, wrongs } = await race(racers, name);
    if (winner !== undefined) won[winner] += 1;
    problems.push(...wrongs);
    played += 1;
  }
  await Promise.all(racers.map((racer) => racer.kill()));
  const steps = readFileSync(files[1], "utf8").split("\n");
  problems.push(...names.slice(0, played).flatMap((name) => wrongSteps(name, steps)));
  return { races: played, won, problems };
}

function isUnfinished(name: string): boolean {
  return name.startsWith("unfinished");
}

type Racer = Awaited<ReturnType<typeof startRacer>>;

async function race(racers: readonly [Racer, Racer], name: string) {
  const atMs = Date.now() + SOON_MS;
  for (const racer of racers) racer.say(`race ${name} ${atMs}`);
  const answers = await Promise.all(racers.map((racer) => racer.answer(name)));
  const kinds = answers.map(([what]) => what);
  const winner = kinds.indexOf("executes");
  const loser = answers[1 - winner];
  const wrongs: string[] = [];
  if (winner < 0 || loser?.[0] !== "refused" || !isRefusal(loser[1], name)) {
    wrongs.push(`${name}: ${JSON.stringify(answers)}`);
  }
  for (const [index, racer] of racers.entries()) {
    if (kinds[index] !== "executes") continue;
    racer.say(`end ${name}`);
    const [what, exitCode] = await racer.answer(name);
    if (what !== "ended" || exitCode !== "0") wrongs.push(`${name}: ${what} ${exitCode}`);
  }
  return { winner: winner === 0 || winner === 1 ? (winner as 0 | 1) : undefined, wrongs };
}

/** Whether it was refused because the other one runs it. */
function isRefusal(why: string, name: string): boolean {
  return why.startsWith(`LeaseHeldError: Automation "${name}" is being run`);
}

/** Each step is done once, but for the one in whose middle the process was killed. */
function wrongSteps(name: string, steps: readonly string[]): string[] {
  const countOf = (step: string) => steps.filter((line) => line === `${step} ${name}`).length;
  const done = [countOf("first"), countOf("second")].join(", ");
  return done === (isUnfinished(name) ? "1, 2" : "1, 1") ? [] : [`${name}: steps done ${done}`];
}

/** Starts them in a process that is killed in the middle of each. */
async function leaveUnfinished(files: readonly string[], names: readonly string[]): Promise<void> {
  const racer = await startRacer(files);
  racer.say(`begin ${names.join(" ")}`);
  await Promise.all(names.map((name) => racer.answer(name)));
  await racer.kill();
}

async function startRacer(files: readonly string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "racer.ts"), ...files], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const closed = once(child, "close");
  await Promise.race([once(lines, "line"), closed]);
  const heard = new Map<string, (readonly [what: string, more: string])[]>();
  const waiting = new Map<string, () => void>();
  lines.on("line", (line) => {
    const [, what = line, name = "", more = ""] = NAME.exec(line) ?? [];
    heard.set(name, [...(heard.get(name) ?? []), [what, more]]);
    waiting.get(name)?.();
  });
  return {
    say: (line: string) => void child.stdin.write(`${line}\n`),
    /** The next thing that it tells of `name`; that it has ended, when it has. */
    async answer(name: string): Promise<readonly [what: string, more: string]> {
      for (;;) {
        const answer = heard.get(name)?.shift();
        if (answer !== undefined) return answer;
        const told = new Promise<void>((resolve) => waiting.set(name, resolve));
        const isOver = await Promise.race([told.then(() => false), closed.then(() => true)]);
        if (isOver && (heard.get(name)?.length ?? 0) === 0) return ["is gone", ""];
      }
    },
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

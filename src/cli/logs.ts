/** `holdfast logs`: tells what a run said, and what it says as it goes on. */

import { exitCodeOfCancellation } from "../automation/cancel/cancellation.ts";
import type { Level } from "../core/events.ts";
import { EXIT } from "../core/exit-codes.ts";
import { UNFINISHED, type Journal, type RunRecord } from "../core/journal.ts";
import type { Arguments, Command, World } from "./command.ts";
import { findRun, ONE_RUN, RUN_IN_HELP } from "./find-run.ts";
import { listenForSignals } from "./interruption.ts";
import { LogReader, type LogLines } from "./log-reader.ts";
import { LEVELS, rawLine, shownLine } from "./logged-line.ts";
import { readRunNow, statusOf } from "./run-state.ts";

/** How often a log that is followed is looked at, in milliseconds. */
const LOOK_EVERY_MS = 250;

/** See the header. */
export const logs: Command = {
  name: "logs",
  usage: "RUN|last [-f] [--level LEVEL] [--json]",
  details: `${RUN_IN_HELP}

Every run that holdfast starts keeps its log beside the journal: the same records as --log. A
long one keeps its first 4 MiB and its newest 4 to 8. With --follow it goes on until the run
has ended, also when another process takes the run up; Ctrl-C ends it sooner, with 130.`,
  positionals: ONE_RUN,
  flags: {
    follow: { type: "boolean", short: "f", summary: "Go on until the run has ended" },
    level: {
      type: "string",
      value: "LEVEL",
      summary: "The least urgent to show: debug, info, warning, error or critical; default info",
      choices: LEVELS.map((level) => level.toLowerCase()),
    },
    json: { type: "boolean", summary: "Print the records as they are, one on a line" },
  },
  examples: [
    { line: "holdfast logs last -f", does: "Follow the newest run" },
    { line: "holdfast logs 01k9x3 --level warning", does: "Only what went wrong" },
    { line: "holdfast logs last --json | jq .message", does: "For a program" },
  ],

  async run(args, world) {
    const journal = await world.openJournal();
    try {
      const found = await findRun(journal, args.positionals[0] ?? "");
      if (typeof found !== "string") return await new Log(args, world, journal).tell(found);
      world.complain(`holdfast logs: ${found}\n`);
      return EXIT.failed;
    } finally {
      await journal.close();
    }
  },
};

class Log {
  readonly #args: Arguments;
  readonly #world: World;
  readonly #journal: Journal;
  readonly #level: Level;

  constructor(args: Arguments, world: World, journal: Journal) {
    this.#args = args;
    this.#world = world;
    this.#journal = journal;
    this.#level = (args.text("level")?.toUpperCase() ?? "INFO") as Level;
  }

  async tell(run: RunRecord): Promise<number> {
    const reader = new LogReader(await this.#world.logDirectory(), run.id);
    if (this.#args.has("follow")) return this.#follow(run, reader);
    if (!reader.exists()) {
      this.#world.complain(
        `holdfast logs: run ${run.id} has no log: only what holdfast starts by its command line has one\n`,
      );
      return EXIT.failed;
    }
    this.#drain(reader);
    return EXIT.ok;
  }

  async #follow(run: RunRecord, reader: LogReader): Promise<number> {
    const world = this.#world;
    const interruption = listenForSignals(world, () => undefined);
    const stopped = AbortSignal.any([interruption.signal, world.outputClosed]);
    let told: string | undefined;
    try {
      for (;;) {
        // Asked first: what is written before the end is read after it.
        const status = await this.#status(run.id);
        this.#drain(reader);
        if (status === "ended" || stopped.aborted) break;
        if (status !== told && status !== "running") this.#tellOfPause(run.id, status);
        told = status;
        await world.clock.sleep(LOOK_EVERY_MS, stopped).catch(() => undefined);
      }
    } finally {
      interruption.end();
    }
    const { aborted: isInterrupted, reason } = interruption.signal;
    return isInterrupted ? exitCodeOfCancellation(reason) : EXIT.ok;
  }

  /** `ended`, once nothing more is written, or what it waits in. A pruned run has ended, too. */
  async #status(runId: string): Promise<string> {
    const holder = await this.#journal.findHolder(runId);
    const run = await this.#journal.findRun(runId);
    if (run === undefined) return "ended";
    if (UNFINISHED.includes(run.status)) return statusOf(await readRunNow(run, this.#journal));
    return holder === undefined ? "ended" : "running";
  }

  #tellOfPause(runId: string, status: string): void {
    this.#world.complain(
      `holdfast logs: run ${runId} is ${status}; waiting for it to go on, Ctrl-C ends that\n`,
    );
  }

  #drain(reader: LogReader): void {
    for (;;) {
      const read = reader.read();
      if (read.lines.length === 0 && !read.isGap) return;
      this.#print(read);
      if (this.#world.outputClosed.aborted) return;
    }
  }

  #print({ lines, isGap }: LogLines): void {
    const gap = "holdfast logs: lines are missing here, for the log had grown too large\n";
    if (isGap) this.#world.complain(gap);
    const show = this.#args.has("json") ? rawLine : shownLine;
    const text = lines.map((line) => show(line, this.#level)).join("");
    if (text !== "") this.#world.print(text);
  }
}

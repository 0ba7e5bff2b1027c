/** `holdfast serve`: runs automations by their schedules. */

import { END_WITHIN } from "../automation/schedule/end-run.ts";
import { Scheduler } from "../automation/schedule/scheduler.ts";
import type { Signal } from "../automation/cancel/cancellation.ts";
import { findMs, formatMs, DURATION_EXAMPLES } from "../core/duration.ts";
import { EXIT, mostUrgent } from "../core/exit-codes.ts";
import type { Journal } from "../core/journal.ts";
import { loggerTo, type Logger } from "../core/logger.ts";
import { redactor } from "../core/redact.ts";
import { eventStream, type Stream } from "../core/stream.ts";
import { systemRandom } from "../core/system.ts";
import { isGone, thisProcess } from "../journal/owner.ts";
import { UsageError, type Arguments, type Command, type World } from "./command.ts";
import { complaintOf } from "./complaint.ts";
import type { Surface } from "./perform.ts";
import { complainer, openFlagged } from "./run-output.ts";
import type { Screen } from "./screen/screen.ts";
import { startServed } from "./serve/serve-child.ts";
import { checkNames, readPlan, UnreadableFile, type PlannedFile } from "./serve/serve-files.ts";
import { linesOf } from "./serve/serve-output.ts";
import { listenForServer } from "./serve/serve-signals.ts";
import { clearSigns, giveSign, SIGN_EVERY_MS, takeSignBack } from "./serve/server-sign.ts";
import { formatMoment } from "./table.ts";
import { readVersion } from "./version.ts";

/** See the header. */
export const serve: Command = {
  name: "serve",
  usage: "FILE... [--drain TIME] [--once] [--log FILE]",
  details: `
Each FILE is an automation with a schedule. Each run gets a process of its own. What was cut
off before is taken up at the start. Several servers of one journal make one run of each tick.

SIGTERM and Ctrl-C stop gracefully: no new run begins, those under way may end within --drain;
a second signal interrupts them, and the next start goes on. SIGHUP reads the files again.

Exit codes: 0 stopped, and no run was interrupted; 2 usage; 74 journal; 78 bad automation file
or schedule; 128+n runs were interrupted after signal n. With --once, as the most urgent of
the runs: see holdfast run --help.`,
  positionals: { min: 1, max: 1_000 },
  flags: {
    drain: {
      type: "string",
      value: "TIME",
      summary: 'How long runs under way may go on after the first signal; default "5m"',
    },
    once: { type: "boolean", summary: "Start what is due now, wait for it, and end" },
    log: { type: "string", value: "FILE", summary: "Append JSON log lines to FILE" },
    "log-format": {
      type: "string",
      value: "text|json",
      summary:
        "What goes to the standard error: progress lines (text, the default) or JSON log lines",
      choices: ["text", "json"],
    },
  },
  examples: [
    { line: "holdfast serve nightly.ts hourly.ts", does: "Serve two automations" },
    { line: "holdfast serve *.ts --drain 1h --log /var/log/holdfast.jsonl", does: "As a service" },
  ],

  async run(args, world) {
    const drainMs = readDrain(args.text("drain"));
    // Lines alone: what several runs do at once has no place in one picture.
    const screen: Screen = { write: (text) => world.complain(text), close: () => undefined };
    const complain = complainer(args, world, screen);
    const surface = { args, world, screen, complain };
    try {
      const planned = await readPlans(args.positionals, world);
      checkNames(planned);
      return await new Server(surface, drainMs).run(planned);
    } catch (error) {
      if (error instanceof UnreadableFile) {
        complain(error.message, "ERROR");
        return error.exitCode;
      }
      const { text, exitCode } = complaintOf(error, world.env);
      complain(text, "ERROR");
      return exitCode;
    }
  },
};

/** All of them are read, so that all that is wrong is told at once. */
async function readPlans(files: readonly string[], world: World): Promise<PlannedFile[]> {
  const planned: PlannedFile[] = [];
  // One after the other: each is a process.
  for (const file of files) planned.push(await readPlan(file, world));
  return planned;
}

function readDrain(text: string | undefined): number {
  const ms = text === undefined ? 300_000 : findMs(text);
  if (ms !== undefined) return ms;
  throw new UsageError(`--drain: expected ${DURATION_EXAMPLES}, received ${JSON.stringify(text)}`);
}

class Server {
  readonly #surface: Surface;
  readonly #args: Arguments;
  readonly #world: World;
  readonly #drainMs: number;
  readonly #owner = thisProcess();
  readonly #sinceMs: number;
  #planned: readonly PlannedFile[] = [];
  /** The newest reload: one waits for the other. */
  #reloaded = Promise.resolve();

  constructor(surface: Surface, drainMs: number) {
    this.#surface = surface;
    this.#args = surface.args;
    this.#world = surface.world;
    this.#drainMs = drainMs;
    this.#sinceMs = surface.world.clock.now();
  }

  async run(planned: readonly PlannedFile[]): Promise<number> {
    const { clock, env } = this.#world;
    this.#planned = planned;
    const output = openFlagged(this.#surface, "holdfast");
    const stream = eventStream({ clock, redactor: redactor({ env }), sinks: output.sinks });
    const journal = await this.#world.openJournal();
    const stopSigning = this.#keepSigning(journal);
    try {
      return await this.#serve(journal, stream);
    } finally {
      stopSigning();
      // A server that is gone is known to be gone; this only says so at once.
      await takeSignBack(journal, this.#owner, clock.now()).catch(() => undefined);
      await journal.close();
      output.close();
    }
  }

  async #serve(journal: Journal, stream: Stream): Promise<number> {
    const log = loggerTo((level, message) => stream({ type: "log.written", level, message }, {}));
    const scheduler = this.#makeScheduler(journal, stream);
    scheduler.use(this.#planned.map(({ plan }) => plan));
    const signals = listenForServer(this.#world, {
      reload: () => {
        this.#reloaded = this.#reloaded.then(() => this.#reload(scheduler, log));
        void this.#reloaded.then(() => this.#sign(journal));
      },
      interrupt: () => scheduler.interrupt(),
      log,
    });
    const stopTimer = this.#interruptLate(signals.stopping, scheduler, log);
    try {
      if (this.#args.has("once")) return mostUrgent(await scheduler.serveOnce(signals.stopping));
      this.#tellPlans(log);
      await scheduler.serve(signals.stopping);
      await scheduler.drain();
      const { number } = signals.stopping.reason as Signal;
      return stopTimer() && !signals.isInterrupted() ? EXIT.ok : EXIT.signal + number;
    } finally {
      stopTimer();
      signals.end();
    }
  }

  /** Interrupts the runs that have not ended in time. The answer ends that, and says that they had. */
  #interruptLate(stopping: AbortSignal, scheduler: Scheduler, log: Logger): () => boolean {
    let isInTime = true;
    let stopTimer = (): void => undefined;
    const begin = () => {
      stopTimer = this.#world.clock.after(this.#drainMs, () => {
        isInTime = false;
        const limit = formatMs(this.#drainMs);
        log.warning(`Runs that did not end within ${limit} are interrupted`);
        scheduler.interrupt();
      });
    };
    stopping.addEventListener("abort", begin, { once: true });
    return () => {
      stopTimer();
      return isInTime;
    };
  }

  #makeScheduler(journal: Journal, stream: Stream): Scheduler {
    const linesFor = linesOf(this.#args, this.#world);
    const flags = this.#flagsOfRuns();
    return new Scheduler({
      journal,
      stream,
      clock: this.#world.clock,
      random: systemRandom,
      server: this.#owner,
      isGone,
      endWithin: END_WITHIN,
      isOnce: this.#args.has("once"),
      start: (order, automation) =>
        startServed({ ask: "run", order, flags }, this.#world, linesFor(automation)),
    });
  }

  /** Runs log as the server does. */
  #flagsOfRuns(): string[] {
    return ["log", "log-format"].flatMap((name) => {
      const value = this.#args.text(name);
      return value === undefined ? [] : [`--${name}=${value}`];
    });
  }

  /** A file that cannot be read keeps the plan that it had. */
  async #reload(scheduler: Scheduler, log: Logger): Promise<void> {
    const { env } = this.#world;
    const tell = (error: unknown) => {
      const text = error instanceof UnreadableFile ? error.message : complaintOf(error, env).text;
      log.error(`The former schedules stay: ${text.trim()}`);
    };
    const planned: PlannedFile[] = [];
    for (const former of this.#planned) {
      planned.push(
        await readPlan(former.plan.file, this.#world).catch((error: unknown) => {
          tell(error);
          return former;
        }),
      );
    }
    try {
      checkNames(planned);
      this.#planned = planned;
      scheduler.use(planned.map(({ plan }) => plan));
      this.#tellPlans(log);
    } catch (error) {
      tell(error);
    }
  }

  #tellPlans(log: Logger): void {
    const nowMs = this.#world.clock.now();
    for (const { plan } of this.#planned) {
      const ticks = plan.schedules.map(({ schedule, timetable }) => {
        const at = formatMoment(timetable.next(nowMs));
        return `${schedule.name} ${schedule.timezone}, next ${at}`;
      });
      log.info(`Serving "${plan.automation}": ${ticks.join("; ")}`);
    }
  }

  /** Gives the sign of life now and again. */
  #keepSigning(journal: Journal): () => void {
    const { clock } = this.#world;
    const stopped = new AbortController();
    const beat = async () => {
      await clearSigns(journal, clock.now()).catch(() => undefined);
      while (!stopped.signal.aborted) {
        await this.#sign(journal);
        await clock.sleep(SIGN_EVERY_MS, stopped.signal).catch(() => undefined);
      }
    };
    void beat();
    return () => stopped.abort();
  }

  /** One that cannot be given is missed by nobody but doctors. */
  async #sign(journal: Journal): Promise<void> {
    const automations = this.#planned.map(({ document }) => document);
    const [owner, sinceMs] = [this.#owner, this.#sinceMs];
    const sign = { schema: 1, owner, version: readVersion(), sinceMs, automations } as const;
    await giveSign(journal, sign, this.#world.clock.now()).catch(() => undefined);
  }
}

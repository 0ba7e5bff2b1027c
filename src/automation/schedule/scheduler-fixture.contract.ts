/** A stage for schedulers: one journal and one clock, servers that come and go, and runs that are played. */

import type { HoldfastEvent } from "../../core/events.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { Journal, Owner, RunRecord, RunStatus } from "../../core/journal.ts";
import { redactor } from "../../core/redact.ts";
import { eventStream } from "../../core/stream.ts";
import { memoryJournal } from "../../journal/memory.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { readSchedules, type ScheduleOptions } from "./schedule.ts";
import { Scheduler } from "./scheduler.ts";
import type { Child, Order, Plan } from "./serving.ts";
import { readTimetable } from "./timetable.ts";

/** How a run goes. */
export interface Part {
  /** How long it takes. Default 1 s. */
  readonly lengthMs?: number;
  /** How it ends by itself. Default `succeeded`. */
  readonly status?: RunStatus;
  readonly exitCode?: number;
  /** Whether it looks for requests to cancel itself, and whether it heeds SIGTERM. Default true. */
  readonly isObedient?: boolean;
  /** Its process ends before it claims a run. */
  readonly claimsNothing?: boolean;
}

interface Player extends Child {
  die(): void;
}

/** Midnight, UTC. */
export const MIDNIGHT_MS = Date.parse("2026-03-01T00:00Z");

/** See the header. */
export class Stage {
  readonly clock = new VirtualClock({ startAtMs: MIDNIGHT_MS });
  readonly #gone = new Set<number>();
  readonly journal: Journal = memoryJournal({
    clock: this.clock,
    isGone: ({ pid }) => this.#gone.has(pid),
  });
  readonly orders: Order[] = [];
  readonly events: HoldfastEvent[] = [];
  readonly signals: string[] = [];
  /** How the runs go, in the order in which they are started; the last one goes on. */
  parts: Part[] = [{}];
  #players: Player[] = [];
  #newestPid = 100;

  /** What was told, in few words: the event, and what of it differs. */
  get told(): string[] {
    return this.events.map((event) => `${event.type.slice(9)} ${wordsOf(event)}`);
  }

  /** The ticks whose runs were started, in minutes since midnight. */
  get started(): (number | string)[] {
    return this.orders.map((order) =>
      order.kind === "tick" ? (order.scheduledForMs - MIDNIGHT_MS) / 60_000 : order.kind,
    );
  }

  async plan(schedule: ScheduleOptions | readonly ScheduleOptions[], automation = "job") {
    const schedules = await Promise.all(
      readSchedules(schedule, "schedule").map(async (each) => ({
        schedule: each,
        timetable: await readTimetable(each, this.clock.now()),
      })),
    );
    return { automation, file: `/${automation}.ts`, schedules } satisfies Plan;
  }

  /** A server that serves these plans from now on. */
  serve(plans: readonly Plan[], options: { isOnce?: boolean; journal?: Journal } = {}) {
    const owner = this.#owner();
    const scheduler = new Scheduler({
      journal: options.journal ?? this.journal,
      clock: this.clock,
      random: () => 0.5,
      stream: eventStream({
        clock: this.clock,
        redactor: redactor({ env: {} }),
        sinks: [(event) => this.events.push(event)],
      }),
      server: owner,
      isGone: ({ pid }) => this.#gone.has(pid),
      endWithin: { cancelMs: 10_000, terminateMs: 10_000 },
      isOnce: options.isOnce ?? false,
      start: (order) => this.#play(order),
    });
    scheduler.use(plans);
    const stopping = new AbortController();
    const serving = options.isOnce ? Promise.resolve() : scheduler.serve(stopping.signal);
    return {
      scheduler,
      serving,
      stop: () => stopping.abort(),
      /** As kill -9 does: with it go the runs that it started. */
      kill: () => {
        stopping.abort();
        this.#gone.add(owner.pid);
        for (const player of this.#players) player.die();
      },
    };
  }

  /** Leaves a run behind whose process is gone. */
  async cutOff(id: string, automation = "job"): Promise<void> {
    const owner = this.#owner();
    await this.journal.claim(runOf(id, automation, this.clock.now()), owner);
    this.#gone.add(owner.pid);
  }

  #owner(): Owner {
    const pid = ++this.#newestPid;
    return { host: "h", bootId: "b", pidNamespace: "n", pid, startTime: "1" };
  }

  #play(order: Order): Child {
    this.orders.push(order);
    const part = this.parts.length > 1 ? (this.parts.shift() as Part) : (this.parts[0] ?? {});
    const owner = this.#owner();
    const dead = new AbortController();
    const signalled = new AbortController();
    const ended = this.#perform(order, part, { owner, dead, signalled }).catch(() => 137);
    const player = {
      ended,
      die: () => dead.abort(),
      signal: (name: "SIGTERM" | "SIGKILL") => {
        this.signals.push(`${name} after ${this.clock.elapsed() / 1_000} s`);
        if (name === "SIGKILL") dead.abort();
        else if (part.isObedient !== false) signalled.abort();
      },
    };
    dead.signal.addEventListener("abort", () => this.#gone.add(owner.pid));
    this.#players.push(player);
    return player;
  }

  async #perform(
    order: Order,
    part: Part,
    by: { owner: Owner; dead: AbortController; signalled: AbortController },
  ): Promise<number> {
    const { lengthMs = 1_000, status = "succeeded", exitCode = EXIT.ok, isObedient = true } = part;
    if (part.claimsNothing) {
      await this.clock.sleep(lengthMs, by.dead.signal);
      return exitCode;
    }
    const wanted = {
      ...runOf(order.runId, nameOf(order.file), this.clock.now()),
      ...(order.kind === "tick" ? { scheduledForMs: order.scheduledForMs } : {}),
    };
    const { hold, run } = await this.journal.claim(wanted, by.owner);
    const end = async (ended: RunStatus, code: number) => {
      await this.journal.writeRun(hold, { ...run, status: ended, endedAtMs: this.clock.now() });
      await this.journal.release(hold);
      return code;
    };
    const endsAtMs = this.clock.elapsed() + lengthMs;
    while (this.clock.elapsed() < endsAtMs) {
      const leftMs = endsAtMs - this.clock.elapsed();
      const either = AbortSignal.any([by.dead.signal, by.signalled.signal]);
      await this.clock.sleep(Math.min(500, leftMs), either).catch(() => undefined);
      if (by.dead.signal.aborted) return 137;
      if (by.signalled.signal.aborted) return end("interrupted", 143);
      await this.journal.renew(hold);
      const asked = await this.journal.readState(`run/${run.id}/cancel`);
      const isAsked = asked !== undefined && order.kind !== "rollback";
      if (isAsked && isObedient) return end("cancelled", 80);
    }
    const isRolledBack = order.kind === "rollback" && status === "succeeded";
    return isRolledBack ? end("failed", 80) : end(status, exitCode);
  }
}

function nameOf(file: string): string {
  return file.slice(1, -3);
}

function runOf(id: string, automation: string, startedAtMs: number): RunRecord {
  const fixed = { status: "running", codeHash: "same", input: "{}", resumes: 0 } as const;
  return { id, automation, startedAtMs, ...fixed };
}

/** Minutes since midnight. */
function minute(ms: number): string {
  return String((ms - MIDNIGHT_MS) / 60_000);
}

function wordsOf(event: HoldfastEvent): string {
  const tick = "tickMs" in event && event.tickMs !== undefined ? minute(event.tickMs) : "-";
  if (event.type === "schedule.skipped") return `${tick}: ${event.reason}`;
  if (event.type === "schedule.ended") return `${tick} with ${event.exitCode}`;
  if (event.type !== "schedule.missed") return tick;
  const { count, fromMs, toMs, caughtUp } = event;
  return `${count} from ${minute(fromMs)} to ${minute(toMs)}, ${caughtUp} caught up`;
}

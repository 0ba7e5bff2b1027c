/**
 * The runs of one automation, one at a time: of the ticks of its schedules, in their order, and of what
 * was cut off before.
 *
 * A tick goes through the journal before its run begins: it is put to those that are open, and stays
 * there until its run is found in the journal. So it is neither lost nor run twice when a server is
 * killed at any moment, or two serve the same automation.
 */

import { EXIT } from "../../core/exit-codes.ts";
import type { RunRecord } from "../../core/journal.ts";
import type { EventDetails } from "../../core/events.ts";
import { dueTicks, lateMs } from "./due-ticks.ts";
import { requestCancel } from "./end-run.ts";
import { tickRunId } from "../key.ts";
import { RunUnderWay, type OpenTick } from "./run-under-way.ts";
import { ScheduleBook } from "./schedule-book.ts";
import { isSame, seesTo } from "../sees-to.ts";
import type { Plan, ServerParts } from "./serving.ts";
import { missedEvents, settleTicks } from "./settle-ticks.ts";

/** How late a tick may be looked at and still be on time: servers look every second. */
const GRACE_MS = 60_000;

const REPLACED = "a newer tick replaces it";

/**
 * What a look is for: to run ticks as they come, to run those that wait already, or to see to what runs
 * alone.
 */
export type Looking = "serving" | "finishing" | "draining";

/** See the header. */
export class Lane {
  readonly #parts: ServerParts;
  #plan: Plan;
  #books: readonly ScheduleBook[] = [];
  #active: RunUnderWay | undefined;
  /** Whether what was cut off is taken up though no tick has come. */
  #takesUp = true;
  /** The unfinished run that is rolled back, for it was ended here. */
  #ended: string | undefined;
  /** The unfinished run that could not be finished. */
  #stuck: string | undefined;
  /** The run of a tick that found the automation running. */
  #turnedAway: string | undefined;

  constructor(parts: ServerParts, plan: Plan) {
    this.#parts = parts;
    this.#plan = plan;
    this.update(plan);
  }

  /** From now on it goes by this plan. What runs goes on. */
  update(plan: Plan): void {
    this.#plan = plan;
    this.#books = plan.schedules.map(
      (planned) => new ScheduleBook(this.#parts, plan.automation, planned),
    );
  }

  get isActive(): boolean {
    return this.#active !== undefined;
  }

  /** When something is to be done next, by the time of day. */
  get nextAtMs(): number {
    return Math.min(...this.#books.map(({ nextAtMs }) => nextAtMs));
  }

  /** Does what there is to do now, and waits for nothing but the journal. */
  async look(looking: Looking): Promise<void> {
    await this.#attend();
    if (looking === "draining") return;
    for (const book of this.#books) await this.#examine(book, looking);
    if (this.#active === undefined) await this.#startNext();
  }

  /** Asks the process of what runs to end. */
  signal(name: "SIGTERM" | "SIGKILL"): void {
    this.#active?.signal(name);
  }

  /** Sees to what runs. A run that was ended and is unfinished is rolled back next. */
  async #attend(): Promise<void> {
    const active = this.#active;
    const exitCode = await active?.attend((code) => this.#isTriedAgain(code));
    if (active === undefined || exitCode === undefined) return;
    const { runId, kind, isEnding } = active;
    if (await active.isUnfinished()) {
      if (isEnding) this.#ended = runId;
      else if (kind !== "tick") this.#stuck = runId;
    }
    this.#active = undefined;
  }

  /** Somebody had the automation for a moment: by hand, most likely. */
  #isTriedAgain(exitCode: number): boolean {
    const runId = this.#active?.runId;
    if (exitCode !== EXIT.locked || this.#turnedAway === runId) return false;
    this.#turnedAway = runId;
    return true;
  }

  /** Looks which ticks of a schedule are due, and which of another server's nobody sees to. */
  async #examine(book: ScheduleBook, looking: Looking): Promise<void> {
    const { clock } = this.#parts;
    if (!book.isWorthALook(clock.now())) return;
    const state = await book.read();
    const isTaken = looking === "serving" || this.#isPassedOver(book);
    if (isTaken && this.#due(book).length > 0) await this.#settle(book);
    else if (state.open.length > 0)
      await book.change((now) => seesTo(now, this.#parts, clock.now()));
  }

  /** Whether no tick that comes now gets a run: then it is told of by whoever sees it. */
  #isPassedOver({ schedule: { overlap, catchUp } }: ScheduleBook): boolean {
    return this.isActive && overlap === "forbid" && catchUp !== "all";
  }

  #due(book: ScheduleBook): number[] {
    if (book.state === undefined) return [];
    const { handledMs: afterMs, seed } = book.state;
    const { jitter: jitterMs } = book.schedule;
    return dueTicks(book.timetable, { afterMs, nowMs: this.#parts.clock.now(), jitterMs, seed });
  }

  async #settle(book: ScheduleBook): Promise<void> {
    const { clock, server, isOnce } = this.#parts;
    const { schedule } = book;
    const unfinished = await this.#unfinished();
    const isRunning = this.isActive || (await this.#isHeld(unfinished));
    const settlement = await book.change((state) => {
      const ticks = this.#due(book);
      if (ticks.length === 0) return undefined;
      const graceMs = isOnce ? schedule.within : GRACE_MS;
      const nowMs = clock.now();
      const isBehind = this.#active?.isLate === true;
      const now = { schedule, nowMs, graceMs, isRunning, isBehind, server };
      return settleTicks(state, ticks, now);
    });
    // Another server came first.
    if (settlement === undefined) return;
    for (const details of settlement.tell) this.#tell(undefined, details);
    this.#stuck = undefined;
    if (settlement.replaces) await this.#replace(book, unfinished);
  }

  async #replace({ schedule, state }: ScheduleBook, unfinished: RunRecord | undefined) {
    const active = this.#active;
    const runId = active?.runId ?? unfinished?.id;
    if (runId === undefined || active?.isEnding || active?.kind === "rollback") return;
    const tickMs = state?.open.at(-1) ?? this.#parts.clock.now();
    this.#tell(runId, { type: "schedule.replaced", schedule: schedule.name, tickMs });
    if (active !== undefined) return active.end(REPLACED);
    // Another process has it, which can be asked only.
    const { journal, clock } = this.#parts;
    await requestCancel(journal, runId, { reason: REPLACED, atMs: clock.now() });
  }

  /** Starts the run of the oldest tick that is open; before it, what was cut off. */
  async #startNext(): Promise<void> {
    for (let tick = this.#oldestOpen(); ; tick = this.#oldestOpen()) {
      if (tick === undefined && !this.#takesUp && this.#ended === undefined) return;
      const unfinished = await this.#unfinished();
      // Another process runs it: the tick waits.
      if (await this.#isHeld(unfinished)) return;
      if (unfinished !== undefined && unfinished.id !== this.#stuck) return this.#goOn(unfinished);
      this.#takesUp = false;
      this.#ended = undefined;
      if (tick === undefined) return;
      if (await this.#isOver(tick, unfinished)) await tick.book.close(tick.tickMs);
      else return this.#fire(tick);
    }
  }

  #oldestOpen(): OpenTick | undefined {
    const { server } = this.#parts;
    const open = this.#books.flatMap((book) => {
      const [tickMs] = book.state?.open ?? [];
      const isMine = book.state !== undefined && isSame(book.state.server, server);
      return tickMs === undefined || !isMine ? [] : [{ book, tickMs }];
    });
    return open.toSorted((one, other) => one.tickMs - other.tickMs)[0];
  }

  /** Whether no run begins for a tick: it has one, it waited too long, or what is unfinished is stuck. */
  async #isOver({ book, tickMs }: OpenTick, stuck: RunRecord | undefined): Promise<boolean> {
    const { schedule } = book;
    if ((await this.#findRun(this.#runIdOf({ book, tickMs }))) !== undefined) return true;
    const nowMs = this.#parts.clock.now();
    if (lateMs(tickMs, { nowMs, jitter: schedule.jitter }) > Math.max(schedule.within, GRACE_MS)) {
      for (const missed of missedEvents([tickMs], 0, schedule.name)) this.#tell(undefined, missed);
      await book.change((state) => ({
        state: { ...state, missed: state.missed + 1, missedAtMs: nowMs },
      }));
      return true;
    }
    if (stuck === undefined) return false;
    const reason = "an unfinished run waits for a human";
    this.#tell(stuck.id, { type: "schedule.skipped", schedule: schedule.name, tickMs, reason });
    return true;
  }

  #goOn({ id: runId }: RunRecord): void {
    const { automation, file } = this.#plan;
    const isRollback = this.#ended === runId;
    this.#takesUp = false;
    this.#ended = undefined;
    const limits = this.#books.map(({ schedule }) => schedule.timeout);
    this.#active = new RunUnderWay(this.#parts, {
      automation,
      order: { kind: isRollback ? "rollback" : "resume", file, runId },
      isLate: false,
      // Each undo has a limit of its own.
      limitMs: isRollback ? Infinity : Math.max(...limits),
    });
  }

  #fire(tick: OpenTick): void {
    const { automation, file } = this.#plan;
    const { name: schedule, jitter, timeout: limitMs } = tick.book.schedule;
    const { tickMs } = tick;
    const runId = this.#runIdOf(tick);
    const nowMs = this.#parts.clock.now();
    this.#tell(runId, { type: "schedule.fired", schedule, tickMs, lateMs: nowMs - tickMs });
    const isLate = lateMs(tickMs, { nowMs, jitter }) > GRACE_MS;
    const order = { kind: "tick", file, schedule, runId, scheduledForMs: tickMs } as const;
    this.#active = new RunUnderWay(this.#parts, { automation, order, tick, isLate, limitMs });
  }

  #runIdOf({ book, tickMs }: OpenTick): string {
    const { automation } = this.#plan;
    return tickRunId({ automation, schedule: book.schedule.name, tickMs });
  }

  #findRun(runId: string): Promise<RunRecord | undefined> {
    return this.#parts.journal.findRun(runId);
  }

  async #unfinished(): Promise<RunRecord | undefined> {
    const [run] = await this.#parts.journal.findRuns({ lock: this.#plan.automation, limit: 1 });
    return run;
  }

  async #isHeld(run: RunRecord | undefined): Promise<boolean> {
    return run !== undefined && (await this.#parts.journal.findHolder(run.id)) !== undefined;
  }

  #tell(runId: string | undefined, details: EventDetails): void {
    const { automation } = this.#plan;
    this.#parts.stream(details, runId === undefined ? { automation } : { automation, runId });
  }
}

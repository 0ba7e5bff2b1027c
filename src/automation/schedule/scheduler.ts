/**
 * Runs automations by their schedules until it is told to stop.
 *
 * It looks at the time of day every second, and sets no long timer: machines sleep, and clocks are set.
 * Automations run in processes of their own, which are started from outside.
 */

import { Lane, type Looking } from "./lane.ts";
import type { Plan, SchedulerParts, ServerParts } from "./serving.ts";

/** The longest time between two looks. */
const LOOK_EVERY_MS = 1_000;

/** The shortest: a tick that is due and cannot be dealt with must not keep a processor busy. */
const LOOK_AFTER_MS = 10;

/** How long an interrupted run has to end. */
const INTERRUPT_MS = 30_000;

/** See the header. */
export class Scheduler {
  readonly #parts: ServerParts;
  readonly #lanes = new Map<string, Lane>();
  /** Of automations that are served no more, until their runs have ended. */
  readonly #leaving = new Set<Lane>();
  readonly #exitCodes: number[] = [];
  #sleep = new AbortController();
  #hasFailed = false;

  constructor(parts: SchedulerParts) {
    this.#parts = {
      ...parts,
      onEnd: (exitCode) => void this.#exitCodes.push(exitCode),
      wake: () => this.#sleep.abort(),
    };
  }

  /** How many runs are under way. */
  get running(): number {
    return this.#all.filter(({ isActive }) => isActive).length;
  }

  /** From now on it goes by these plans, each of another automation. What runs goes on. */
  use(plans: readonly Plan[]): void {
    const kept = new Set(plans.map(({ automation }) => automation));
    for (const [automation, lane] of this.#lanes) {
      if (kept.has(automation)) continue;
      this.#lanes.delete(automation);
      this.#leaving.add(lane);
    }
    for (const plan of plans) {
      const lane = this.#lanes.get(plan.automation);
      if (lane === undefined) this.#lanes.set(plan.automation, new Lane(this.#parts, plan));
      else lane.update(plan);
    }
    this.#parts.wake();
  }

  /** Starts runs as they come due, until `stopping` aborts. Those under way go on. */
  async serve(stopping: AbortSignal): Promise<void> {
    const stop = () => this.#parts.wake();
    stopping.addEventListener("abort", stop, { once: true });
    while (!stopping.aborted) {
      await this.#look("serving");
      if (!stopping.aborted) await this.#pause(false);
    }
  }

  /**
   * Starts what is due now and answers the exit codes of all runs when they have ended. Ticks that come
   * meanwhile are left to the next one: it would never end where runs take longer than it is from
   * tick to tick.
   */
  async serveOnce(stopping: AbortSignal): Promise<readonly number[]> {
    await this.#look("serving");
    while (this.running > 0) {
      await this.#pause(true);
      await this.#look(stopping.aborted ? "draining" : "finishing");
    }
    return this.#exitCodes;
  }

  /** Starts nothing more; resolves when all runs have ended. */
  async drain(): Promise<void> {
    while (this.running > 0) {
      await this.#pause(true);
      await this.#look("draining");
    }
  }

  /** Interrupts what runs, so that it can be resumed; kills what has not ended after 30 seconds. */
  interrupt(): void {
    for (const lane of this.#all) lane.signal("SIGTERM");
    this.#parts.clock.after(INTERRUPT_MS, () => {
      for (const lane of this.#all) lane.signal("SIGKILL");
    });
  }

  get #all(): Lane[] {
    return [...this.#lanes.values(), ...this.#leaving];
  }

  async #look(looking: Looking): Promise<void> {
    this.#sleep = new AbortController();
    const looks = [
      ...[...this.#lanes.values()].map((lane) => lane.look(looking)),
      ...[...this.#leaving].map((lane) => lane.look("draining")),
    ];
    const failed = (await Promise.allSettled(looks)).find(({ status }) => status === "rejected");
    this.#tellFailure(failed as PromiseRejectedResult | undefined);
    for (const lane of this.#leaving) if (!lane.isActive) this.#leaving.delete(lane);
  }

  /** A journal that fails may come back: it is told once, and looked at again. */
  #tellFailure(failed: PromiseRejectedResult | undefined): void {
    const error: unknown = failed?.reason;
    if (failed && !this.#hasFailed) this.#parts.stream({ type: "journal.failed", error }, {});
    this.#hasFailed = failed !== undefined;
  }

  async #pause(takesNoTicks: boolean): Promise<void> {
    const { clock } = this.#parts;
    const nextAtMs = Math.min(...[...this.#lanes.values()].map((lane) => lane.nextAtMs));
    const isIdle = takesNoTicks || this.#hasFailed;
    const nextInMs = isIdle ? LOOK_EVERY_MS : nextAtMs - clock.now();
    const ms = Math.max(LOOK_AFTER_MS, Math.min(LOOK_EVERY_MS, nextInMs));
    // Woken is as good as slept.
    await clock.sleep(ms, this.#sleep.signal).catch(() => undefined);
  }
}

/**
 * A resource of a task: written down before it is taken, so that whoever comes after a kill finds it
 * again or lets it go. It is let go of when its block is left, and with its task at the latest; not
 * while the run is interrupted and will go on.
 */

import { AutomationError } from "../../core/errors.ts";
import type { StepRecord } from "../../core/journal.ts";
import { encodeValue } from "../../journal/codec.ts";
import { stepLabel } from "../book.ts";
import { letGo, type Held, type Releasing } from "./held.ts";
import { keyOf } from "../key.ts";
import { reviveError } from "../revive.ts";
import type { Scope } from "../scope.ts";
import { newStep } from "../step-record.ts";
import { redactedFailure, type World } from "../world.ts";

/** What is to be taken. */
export interface HoldingPlan {
  /** What it is, in messages. */
  readonly what: string;
  readonly name: string;
  /** What is written down. @param key Its own, the same after a resume. */
  readonly held: (key: string) => Held;
  /** Takes it, or finds it again; `isFound` when it was written down by an earlier start. */
  readonly take: (record: StepRecord, isFound: boolean) => Promise<void>;
}

/** See the header. */
export class Holding {
  readonly #scope: Scope;
  readonly #plan: HoldingPlan;
  readonly #name: string;
  #wasOver = false;

  private constructor(scope: Scope, plan: HoldingPlan) {
    this.#scope = scope;
    this.#plan = plan;
    this.#name = scope.claimName("resource", plan.name);
  }

  /** Rejects as taking it does, and with the recorded error when it failed in an earlier start. */
  static async open(scope: Scope, plan: HoldingPlan): Promise<Holding> {
    const holding = new Holding(scope, plan);
    await holding.#open();
    return holding;
  }

  /** Whether it was let go of by an earlier start, and the block around it is only replayed. */
  get wasOver(): boolean {
    return this.#wasOver;
  }

  /** What is recorded of it. @throws {AutomationError} When it was let go of. */
  get record(): StepRecord {
    const record = this.#recorded();
    if (record.status === "begun" || this.#wasOver) return record;
    throw new AutomationError(`${this.#label} was used after its end`);
  }

  /** Lets it go. Does nothing when that was done, or when the run will be taken up again. */
  async letGo(): Promise<void> {
    const { world } = this.#scope;
    const record = this.#recorded();
    // Steps beside it that have not heard yet of the failure may still use it.
    if (record.status !== "begun" || world.halt.halted.aborted || this.#scope.isWindingUp) return;
    await letGo(record, releasingIn(world));
    await world.book.writeStep({ ...record, status: "completed", endedAtMs: world.clock.now() });
  }

  async #open(): Promise<void> {
    const { book } = this.#scope.world;
    const recorded = this.#scope.visit("resource", this.#name);
    this.#wasOver = recorded?.status === "completed";
    if (this.#wasOver) return;
    if (recorded?.status === "failed") throw revived(recorded);
    const record = recorded ?? (await book.writeStep(this.#newRecord()));
    try {
      await this.#plan.take(record, recorded !== undefined);
    } catch (error) {
      await this.#giveUp(record, error);
      throw error;
    }
  }

  /** Written, so that the code takes the same way after a resume. */
  async #giveUp(record: StepRecord, error: unknown): Promise<void> {
    const { world } = this.#scope;
    if (world.halt.halted.aborted || this.#scope.signal.aborted) return;
    await letGo(record, releasingIn(world));
    const failure = redactedFailure(world, { fault: this.#scope.faultOf(error), error });
    const endedAtMs = world.clock.now();
    await world.book.writeStep({ ...record, status: "failed", endedAtMs, ...failure });
  }

  #newRecord(): StepRecord {
    const { world, name: task } = this.#scope;
    const runId = world.book.run.id;
    const record = newStep({
      runId,
      task,
      name: this.#name,
      kind: "resource",
      position: world.book.nextPosition(),
      hasUndo: false,
      atMs: world.clock.now(),
    });
    const key = keyOf({ runId, task, step: this.#name, generation: 1 });
    return { ...record, value: encodeValue(this.#plan.held(key), this.#label) };
  }

  #recorded(): StepRecord {
    const record = this.#scope.world.book.find(this.#scope.name, this.#name);
    if (record === undefined) throw new Error(`${this.#label} is not recorded`);
    return record;
  }

  get #label(): string {
    return `${this.#plan.what} "${stepLabel(this.#scope.name, this.#name)}"`;
  }
}

/** By which right this process lets go. */
export function releasingIn({ book, clock }: World): Releasing {
  return { shared: book.shared, fence: book.fence, clock };
}

function revived({ error, fault, name }: StepRecord): Error {
  return reviveError(error ?? { type: "Error", message: `"${name}" failed` }, fault);
}

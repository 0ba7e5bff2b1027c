/**
 * Random commands against a model of a journal that is ten lines long, for each kind of journal: many
 * owners, some dead, some late, all trying to write to the same two automations.
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Hold, Journal, RunRecord } from "../core/journal.ts";
import {
  LEASE_MS,
  owner,
  refusal,
  runRecord,
  stepRecord,
  World,
  type OpenJournal,
} from "./journal-fixtures.contract.ts";

interface ModelRun {
  readonly record: RunRecord;
  readonly steps: Map<string, string>;
  fence: number;
  holder: number | undefined;
  renewedAtMs: number;
}

/** What the journal should hold, and what the callers remember. */
class Model {
  readonly runs: ModelRun[] = [];
  readonly holds: Hold[] = [];
  readonly world = new World();

  unfinished(automation: string): ModelRun | undefined {
    return this.runs.find(
      ({ record }) => record.automation === automation && record.status === "running",
    );
  }

  isFree({ holder, renewedAtMs }: ModelRun): boolean {
    if (holder === undefined || this.world.gone.has(holder)) return true;
    return this.world.nowMs >= renewedAtMs + LEASE_MS;
  }

  held({ runId, fence }: Hold): ModelRun | undefined {
    return this.runs.find(
      (run) => run.record.id === runId && run.fence === fence && run.holder !== undefined,
    );
  }
}

type Command = fc.AsyncCommand<Model, Journal>;

class Claim implements Command {
  constructor(automation: string, pid: number) {
    this.automation = automation;
    this.pid = pid;
  }
  readonly automation: string;
  readonly pid: number;

  check = () => true;

  async run(model: Model, journal: Journal): Promise<void> {
    const { automation, pid } = this;
    const record = runRecord({
      id: `run-${model.runs.length}`,
      automation,
      startedAtMs: model.world.nowMs,
    });
    const known = model.unfinished(automation);
    const claiming = journal.claim(record, owner(pid));
    if (known !== undefined && !model.isFree(known)) {
      strictEqual(await refusal(claiming), "LEASE_HELD");
      return;
    }
    const run = known ?? {
      record,
      steps: new Map<string, string>(),
      fence: 0,
      holder: undefined,
      renewedAtMs: 0,
    };
    if (known === undefined) model.runs.push(run);
    Object.assign(run, { fence: run.fence + 1, holder: pid, renewedAtMs: model.world.nowMs });
    const { hold, steps, isNew } = await claiming;
    model.holds.push(hold);
    deepStrictEqual(
      { hold, isNew, steps: steps.map(({ name, key }) => [name, key]) },
      {
        hold: { runId: run.record.id, fence: run.fence },
        isNew: known === undefined,
        steps: [...run.steps],
      },
    );
  }

  toString = () => `${this.pid} claims ${this.automation}`;
}

type Deed = "renew" | "release" | "write a step" | "finish";

class UseHold implements Command {
  constructor(deed: Deed, index: number, name: string) {
    this.deed = deed;
    this.index = index;
    this.name = name;
  }
  readonly deed: Deed;
  readonly index: number;
  readonly name: string;

  check = (model: Readonly<Model>) => model.holds.length > 0;

  async run(model: Model, journal: Journal): Promise<void> {
    const hold = model.holds[this.index % model.holds.length] as Hold;
    const run = model.held(hold);
    const key = `${hold.fence}-${model.world.nowMs}`;
    const answer = await refusal(this.#do(journal, hold, key));
    const isLost = run === undefined && this.deed !== "release";
    strictEqual(answer, isLost ? "LEASE_LOST" : undefined);
    if (run === undefined) return;
    if (this.deed === "renew") run.renewedAtMs = model.world.nowMs;
    if (this.deed === "release") run.holder = undefined;
    if (this.deed === "write a step") run.steps.set(this.name, key);
    if (this.deed === "finish") Object.assign(run.record, { status: "succeeded" });
  }

  #do(journal: Journal, hold: Hold, key: string): Promise<void> {
    const { runId } = hold;
    switch (this.deed) {
      case "renew":
        return journal.renew(hold);
      case "release":
        return journal.release(hold);
      case "write a step":
        return journal.writeStep(hold, stepRecord({ runId, name: this.name, key }));
      case "finish":
        return this.#finish(journal, hold);
    }
  }

  async #finish(journal: Journal, hold: Hold): Promise<void> {
    const record = (await journal.findRun(hold.runId)) as RunRecord;
    await journal.writeRun(hold, { ...record, status: "succeeded" });
  }

  toString = () => `hold ${this.index}: ${this.deed} ${this.name}`;
}

class Pass implements Command {
  constructor(ms: number) {
    this.ms = ms;
  }
  readonly ms: number;
  check = () => true;
  run = async (model: Model) => void (model.world.nowMs += this.ms);
  toString = () => `${this.ms} ms pass`;
}

class Die implements Command {
  constructor(pid: number) {
    this.pid = pid;
  }
  readonly pid: number;
  check = () => true;
  run = async (model: Model) => void model.world.gone.add(this.pid);
  toString = () => `${this.pid} dies`;
}

class Look implements Command {
  check = () => true;

  async run(model: Model, journal: Journal): Promise<void> {
    const runs = await journal.findRuns({ limit: Infinity });
    deepStrictEqual(runs, model.runs.map(({ record }) => record).toReversed());
    for (const { record, steps } of model.runs) {
      const found = await journal.readSteps(record.id);
      deepStrictEqual(
        found.map(({ name, key }) => [name, key]),
        [...steps],
      );
    }
  }

  toString = () => "look";
}

const pid = fc.integer({ min: 1, max: 4 });
const COMMANDS = fc.commands(
  [
    fc.tuple(fc.constantFrom("nightly", "weekly"), pid).map((args) => new Claim(...args)),
    fc
      .tuple(
        fc.constantFrom<Deed>("renew", "release", "write a step", "finish"),
        fc.nat({ max: 20 }),
        fc.constantFrom("a", "b", "c"),
      )
      .map((args) => new UseHold(...args)),
    fc.constantFrom(1, LEASE_MS / 2, LEASE_MS).map((ms) => new Pass(ms)),
    pid.map((dead) => new Die(dead)),
    fc.constant(new Look()),
  ],
  { maxCommands: 60, size: "max" },
);

/** Runs the model test for one kind of journal. */
export function journalModel(kind: string, open: OpenJournal): void {
  test(`${kind}: whatever is asked for in whatever order, it behaves as the model`, async () => {
    const property = fc.asyncProperty(COMMANDS, async (commands) => {
      const model = new Model();
      const journal = open(model.world.options);
      try {
        await fc.asyncModelRun(() => ({ model, real: journal }), [...commands, new Look()]);
      } finally {
        await journal.close();
      }
    });

    await expect(fc.assert(property, { numRuns: 50 })).resolves.toBeUndefined();
  });
}

/**
 * A journal for the process of one automation, which is not trusted with those of others: it claims and
 * writes its own runs and their children, and of other runs it learns how they ended and no more.
 */

import { JournalError } from "../core/errors.ts";
import { lockOf, type Claim, type Hold, type Journal, type RunRecord } from "../core/journal.ts";

/** Deeper than runs nest. */
const MAX_DEPTH = 32;

/** `journal`, kept to the runs of `automation`; whatever else is asked for rejects with `JournalError`. */
export function keptTo(journal: Journal, automation: string): Journal {
  const own = new OwnRuns(journal, automation);
  return {
    claim: async (run, owner, steps) => {
      await own.check(run);
      if (!own.mayLock(run)) throw refusal(`claim the lock ${lockOf(run)}`);
      return own.took(await journal.claim(run, owner, steps));
    },
    claimRun: async (runId, owner) => {
      await own.checkById(runId);
      const claim = await journal.claimRun(runId, owner);
      return claim && own.took(claim);
    },
    renew: async (hold) => journal.renew(own.held(hold)),
    release: async (hold) => journal.release(own.held(hold)),
    writeRun: async (hold, run) => journal.writeRun(own.held(hold, run.id), run),
    writeStep: async (hold, step) => journal.writeStep(own.held(hold, step.runId), step),
    findRun: async (runId) => {
      const run = await journal.findRun(runId);
      return run && own.shown(run);
    },
    findHolder: (runId) => journal.findHolder(runId),
    findRuns: async (filter) => Promise.all((await journal.findRuns(filter)).map(own.shown)),
    readSteps: async (runId, filter) => {
      await own.checkById(runId);
      return journal.readSteps(runId, filter);
    },
    readState: async (key) => journal.readState(own.key(key)),
    readStates: async (filter) => {
      own.key(filter.prefix);
      return journal.readStates(filter);
    },
    writeState: async (change) => {
      own.key(change.key);
      return journal.writeState(change);
    },
    prune: () => Promise.reject(refusal("prune")),
    renewEveryMs: journal.renewEveryMs,
    close: () => Promise.resolve(),
  };
}

class OwnRuns {
  readonly #journal: Journal;
  readonly #automation: string;
  /** The lock of each run that was claimed, by its id. */
  readonly #claimed = new Map<string, string>();

  constructor(journal: Journal, automation: string) {
    this.#journal = journal;
    this.#automation = automation;
  }

  took(claim: Claim): Claim {
    this.#claimed.set(claim.run.id, lockOf(claim.run));
    return claim;
  }

  /** The lock tells which unfinished run is claimed. */
  mayLock(run: RunRecord): boolean {
    const lock = lockOf(run);
    return [this.#automation, run.id, ...this.#claimed.values()].includes(lock);
  }

  held(hold: Hold, runId = hold.runId): Hold {
    if (hold.runId === runId && this.#claimed.has(runId)) return hold;
    throw refusal(`write to run ${runId}`);
  }

  readonly shown = async (run: RunRecord): Promise<RunRecord> =>
    (await this.#isOwn(run)) ? run : { ...run, input: "{}" };

  async check(run: RunRecord): Promise<void> {
    if (!(await this.#isOwn(run))) throw refusal(`use run ${run.id} of "${run.automation}"`);
  }

  async checkById(runId: string): Promise<void> {
    const run = this.#claimed.has(runId) ? undefined : await this.#journal.findRun(runId);
    if (run !== undefined) await this.check(run);
  }

  /** What is shared by all is every automation's; what is a run's or a server's is not. */
  key(key: string): string {
    const [kind, runId = ""] = key.split("/");
    if (kind === "run" ? this.#claimed.has(runId) : SHARED.includes(kind ?? "")) return key;
    throw refusal(`use the shared value ${key}`);
  }

  /** A child is its parent's, whatever it is called. */
  async #isOwn(run: RunRecord): Promise<boolean> {
    let each: RunRecord | undefined = run;
    for (let depth = 0; each !== undefined && depth < MAX_DEPTH; depth++) {
      if (each.parentId === undefined) return each.automation === this.#automation;
      each = await this.#journal.findRun(each.parentId);
    }
    return false;
  }
}

/** The first parts of the keys of what every automation shares. */
const SHARED: readonly string[] = ["lock", "breaker", "heal"];

function refusal(what: string): JournalError {
  return new JournalError(`An automation with permissions may not ${what}`);
}
